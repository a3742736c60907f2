"""People at work by rules: surroundings, a worker and a proposer that need no model, from one table of parameters."""
