"""What the user's next message says about the last answer: seven labels, a reward, and whether to trust it."""
