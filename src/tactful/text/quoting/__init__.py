"""Texts of others inside a prompt: fenced, a value a line, shortened; none of them can end where it stands or forge a neighbour."""
