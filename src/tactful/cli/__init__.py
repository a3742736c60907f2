"""The command line: `tactful <noun> <verb>`. One file per noun; it parses, calls, prints.

Each noun module has `register(app)`. Nothing heavier than typer and pydantic is imported at its top: aiohttp,
numpy, scipy, scikit-learn and matplotlib wait inside the command that needs them.
"""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Callable

import typer

_MODULES = ("calibrate", "feedback", "utterance", "reward", "policy", "bench", "data", "runs", "doctor")


def _loader(module: str) -> Callable[[typer.Typer], None]:
    def register(app: typer.Typer) -> None:
        importlib.import_module(f"tactful.cli.{module}").register(app)

    return register


NOUNS = tuple(_loader(module) for module in _MODULES if importlib.util.find_spec(f"tactful.cli.{module}"))
