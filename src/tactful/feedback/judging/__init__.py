"""Who says what a follow-up means: prompted, a panel, and how far to trust it."""
