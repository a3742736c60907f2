"""The examples in the docstrings of the Python interface hold."""

import doctest
import importlib
import pkgutil
from pathlib import Path

import pytest

import tactful.api

MODULES = sorted(module.name for module in pkgutil.walk_packages(tactful.api.__path__, "tactful.api."))
LONG = {"tactful.api.feedback.labelled"}
"""Their examples train and measure judges."""


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=[pytest.mark.slow] if name in LONG else []) for name in MODULES]
)
def test_examples_in_docstrings_hold(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    failed, _ = doctest.testmod(importlib.import_module(name), optionflags=doctest.ELLIPSIS)
    assert failed == 0
