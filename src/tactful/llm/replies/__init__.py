"""From a reply to a value of the wanted type."""
