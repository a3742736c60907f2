"""`tactful reader`: what needs a question, what a reaction says, which offer is welcome. One file a verb."""
