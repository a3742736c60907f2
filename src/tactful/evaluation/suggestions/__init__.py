"""Hiding suggestions, measured."""
