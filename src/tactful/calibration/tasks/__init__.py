"""From tasks to decision points."""
