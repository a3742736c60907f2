"""The command line for the tests of this folder."""

from tests.commands import tactful

__all__ = ["tactful"]
