"""`tactful gym users`: who works in the gym. One file a verb."""
