"""A chat model as reader: one structured question a text, asked several times, its answers taken as a distribution."""
