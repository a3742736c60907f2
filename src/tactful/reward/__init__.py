"""Will the user accept this, now? Embedded model, LM judge, calibrated probabilities, and thresholds from costs."""

import sys
from importlib import import_module
from types import ModuleType
from typing import Any


class _Room(ModuleType):
    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """The room bears the name of a public function, and importing it hides that: so it is called as the function."""
        return import_module("tactful.api.calibrate.reward").reward(*args, **kwargs)


sys.modules[__name__].__class__ = _Room
