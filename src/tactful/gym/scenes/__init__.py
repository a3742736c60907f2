"""Scenes: read, written, and built from seeds, step by step."""
