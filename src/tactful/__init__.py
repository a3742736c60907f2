"""Tactful teaches assistants when to speak up, when to ask, and when to stay quiet."""

__version__ = "0.1.0"
