"""Readers, measured: requests, reactions and offers of writers that they never saw."""
