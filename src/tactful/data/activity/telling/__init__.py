"""Stretches of work as sentences."""
