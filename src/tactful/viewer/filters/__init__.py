"""Filters as expressions: read, turned into SQL, and written as Python."""
