"""Needless and missed questions, grouped by what they are about."""
