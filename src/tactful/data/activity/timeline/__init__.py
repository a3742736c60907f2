"""From events that overlap to stretches of work, one after the other."""
