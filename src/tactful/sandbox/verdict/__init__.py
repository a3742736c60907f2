"""From tests and returned values to a verdict, outside the cage."""
