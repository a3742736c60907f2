"""A helper that offers unasked: events in, windows, candidates, whether they are welcome, and a reason for every silence."""
