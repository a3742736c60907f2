"""The bundled tasks and moments."""
