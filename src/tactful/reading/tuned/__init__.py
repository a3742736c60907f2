"""A small language model as a reader: adapters on its upper layers and heads on its last state, tuned on our corpora."""
