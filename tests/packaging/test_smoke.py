"""`make smoke`: whoever has a fresh clone learns in a minute whether it works, and which layer does not."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest
from tests.packaging.bootstrap import ROOT

FILE = ROOT / "tools" / "smoke.py"


@pytest.fixture
def smoke() -> ModuleType:
    """A fresh copy of the module, so that a test may change its steps."""
    spec = importlib.util.spec_from_file_location("tactful_smoke", FILE)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.slow
def test_every_layer_of_this_clone_works(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, str(FILE)], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    *steps, last = done.stdout.splitlines()
    assert [line.split()[0] for line in steps] == ["ok"] * 6
    assert last.startswith("smoke: this clone works (")
    assert not list(tmp_path.iterdir())


def test_a_broken_layer_is_named_and_the_others_are_tried(
    smoke: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken(folder: Path) -> str:
        raise ImportError("no module named 'aiohttp'")

    def whole(folder: Path) -> str:
        return f"writes into {folder.is_dir()}"

    monkeypatch.setattr(smoke, "STEPS", (broken, whole))
    assert smoke.main() == 1
    first, second, last = capsys.readouterr().out.splitlines()
    assert first == "FAILED  broken        ImportError: no module named 'aiohttp'"
    assert second == "ok      whole         writes into True"
    assert last.startswith("smoke: 1 of 2 failed")
