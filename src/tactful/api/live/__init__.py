"""Decisions for a running assistant."""
