"""One call on the wire: who sends it, what comes back, and what it means."""
