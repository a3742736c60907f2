"""The action policy of a language model: which action now, by the probability of its name after the rendered state."""
