"""`tactful data`: files in and out. One file a verb."""
