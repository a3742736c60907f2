"""What a run folder stores: rows, files, the lock, the identity."""
