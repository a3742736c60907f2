"""Assistants that may speak up, measured: ProactiveBench."""
