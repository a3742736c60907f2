"""The gym in Python, a file a verb."""
