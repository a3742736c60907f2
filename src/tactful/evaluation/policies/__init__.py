"""Policies on held-out tasks."""
