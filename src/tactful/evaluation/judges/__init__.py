"""Judges of moments, measured."""
