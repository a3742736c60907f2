"""From judged turns to training rows."""
