"""The revisions of the tables. A released one is never edited: the next change is the next file."""
