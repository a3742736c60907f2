"""`tactful bench`: reports of what was measured. One file a verb."""
