"""The embedded reward model: heads, training, card."""
