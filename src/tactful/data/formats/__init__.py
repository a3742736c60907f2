"""Importers: foreign files as our records."""
