"""Will the user accept this, now? Moments, reward models, gates, and their measures."""
