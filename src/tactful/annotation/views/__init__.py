"""The pages: who asks, what they get, what they send. Each view is thin: queries read, services write, templates show."""
