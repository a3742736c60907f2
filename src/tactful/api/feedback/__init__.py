"""Feedback in Python, a file a verb: what the user's next message says about the last answer."""
