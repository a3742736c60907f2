"""Suggestions in an editor: features and model."""
