"""The command line for the tests beside this file."""

from tests.commands import tactful

__all__ = ["tactful"]
