"""One episode: the loop, and who plays in it."""
