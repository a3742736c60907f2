"""`tactful calibrate`: from tasks to preference pairs, a policy and its measure. One file a verb."""
