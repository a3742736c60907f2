"""`tactful gym`: people at work, offers of help, and what came of them. One file a verb."""
