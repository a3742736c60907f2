"""Look at any run, read-only: its records, turns, calls and failures. `look.py` is the door for pages."""
