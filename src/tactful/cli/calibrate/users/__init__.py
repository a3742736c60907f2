"""`tactful calibrate users`: simulated users. One file a verb."""
