"""Where a simulator is unlike people, and how much: a card of checks, each with figure, interval and limit."""
