"""What is written: items, assignments, answers, accounts. Each function is one transaction."""
