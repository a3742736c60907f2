"""`tactful feedback`: what a log's follow-ups say about its answers. One file a verb."""
