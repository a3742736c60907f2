"""Where logs come from: an export's file, or a server; buckets of either form as events of a kind."""
