"""Following a conversation: which one a request goes on with, where it stands, and what came of the turn before."""
