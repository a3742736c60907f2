"""Parameters of the rules from a log of people at work; what the log does not show stays as it was, and is named."""
