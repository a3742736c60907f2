"""Gates, measured: what is let through, and what that is worth."""
