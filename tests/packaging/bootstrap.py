"""`tools/bootstrap.py` as a module for the tests here; it is no part of the package."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

ROOT = Path(__file__).resolve().parents[2]
FILE = ROOT / "tools" / "bootstrap.py"


def load_bootstrap() -> ModuleType:
    """A fresh copy of the module, so that a test may change its constants."""
    spec = importlib.util.spec_from_file_location("tactful_bootstrap", FILE)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
