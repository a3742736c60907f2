"""What an assistant should have said: at each event prefix offers are sampled until a judge accepts one, for its training."""
