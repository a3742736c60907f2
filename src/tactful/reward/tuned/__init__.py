"""A fine-tuned language model with a number for a head, as a judge of moments."""
