"""From a log to a finding: how often an assistant asks, which questions were needless, where it guessed.

`pipeline.py` shows the order: turns → what the reader says → verdicts (`judging/`) → tallies (`figures/`) → one page.
"""

import sys
from importlib import import_module
from types import ModuleType
from typing import Any


class _Room(ModuleType):
    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """The room bears the name of a public function, and importing it hides that: so it is called as the function."""
        return import_module("tactful.api.audit").audit(*args, **kwargs)


sys.modules[__name__].__class__ = _Room
