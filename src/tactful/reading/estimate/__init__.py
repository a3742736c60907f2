"""The estimate that readers took the place of: counts of words, two small readable models. Still right for bundled tasks."""
