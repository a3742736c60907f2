"""What a moment tells, as numbers."""
