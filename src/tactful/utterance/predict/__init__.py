"""Predicting the next message, and how near a prediction comes."""
