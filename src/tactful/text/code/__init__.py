"""Code in what a model wrote: of a whole answer, and read loosely."""
