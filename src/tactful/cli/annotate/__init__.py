"""`tactful annotate`: people judge, and what they said is weighed. One file a verb."""
