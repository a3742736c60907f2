"""`tactful runs`: look at runs and take failures again. One file a verb."""
