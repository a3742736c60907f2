"""A language model as judge of moments."""
