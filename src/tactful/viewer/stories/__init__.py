"""What a row tells, in the order in which a person reads it: messages, events, turns, comparisons. No HTML."""
