"""Each user's patience: what is believed of it, how it is updated, and how a choice is drawn from it."""
