"""Thoughts that lead to a verdict, and their exports."""
