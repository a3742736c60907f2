"""Every sequence of actions rolled out once, as a tree; and what each policy meets in it."""
