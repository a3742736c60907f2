"""Judges of feedback, measured."""
