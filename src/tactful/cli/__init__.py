"""The command line: `tactful <noun> <verb>`. One folder a noun; it parses, calls, prints.

Each noun has `register(app)` in its `root.py`. Nothing heavier than typer and pydantic is imported at its top: aiohttp,
numpy, scipy, scikit-learn and matplotlib wait inside the command that needs them.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable

import typer

_HOME = {"doctor": "tactful.cli.doctor"}
_MODULES = ("calibrate", "feedback", "utterance", "reward", "policy", "bench", "data", "runs", "doctor")


def _loader(module: str) -> Callable[[typer.Typer], None]:
    def register(app: typer.Typer) -> None:
        importlib.import_module(_HOME.get(module, f"tactful.cli.{module}.root")).register(app)

    return register


NOUNS = tuple(_loader(module) for module in _MODULES)
