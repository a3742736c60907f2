"""Calibration in Python, a file a verb: from tasks to preference pairs, a policy and its measure."""
