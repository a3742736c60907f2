"""`tools/mutants.py`: a fault that no longer finds its place would be taken for one that the tests noticed."""

from __future__ import annotations

import runpy
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_every_fault_has_its_place_and_its_tests() -> None:
    for mutant in runpy.run_path(str(ROOT / "tools" / "mutants.py"))["MUTANTS"]:
        assert mutant.old in (ROOT / "src" / "tactful" / mutant.file).read_text(encoding="utf-8"), mutant
        assert mutant.old != mutant.new
        assert all((ROOT / place).exists() for place in mutant.tests.split()), mutant.tests
