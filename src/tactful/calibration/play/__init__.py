"""Who plays: behaviours, users, episodes."""
