"""What of a log is kept, and what is cut before anything is written or sent."""
