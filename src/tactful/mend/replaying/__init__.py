"""What a policy would have decided at every turn of a log."""
