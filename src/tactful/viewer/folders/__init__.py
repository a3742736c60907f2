"""Which runs lie here, and how each stands."""
