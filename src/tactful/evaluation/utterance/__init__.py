"""Predictions of the next message, measured."""
