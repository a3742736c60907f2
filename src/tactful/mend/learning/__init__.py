"""What a judged log teaches: costs for a policy, a prompt patch, training rows."""
