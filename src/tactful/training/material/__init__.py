"""What is trained on: which files, their records as examples of one form, checked, split, and as trainers' rows."""
