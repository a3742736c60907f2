"""Simulated users fitted to a log, and how real ours are."""
