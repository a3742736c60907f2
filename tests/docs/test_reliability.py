"""Every test that the page on faults and attacks names stands in the suite."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "measured" / "reliability.md").read_text(encoding="utf-8")
ROWS = [f"X{n}" for n in range(1, 19)] + [f"L{n}" for n in range(1, 15)] + [f"C{n}" for n in range(1, 10)]
ROWS += ["V2", "V3", "V4", "S1", "S2", "S3", "S4"]


def test_every_test_that_the_page_names_exists():
    written = {
        name
        for path in (ROOT / "tests").rglob("test_*.py")
        for name in re.findall(r"def (test_\w+)\(", path.read_text(encoding="utf-8"))
    }
    named = set(re.findall(r"`(test_\w+)`", PAGE))
    assert len(named) > 50
    assert not named - written


def test_every_row_of_the_matrix_is_on_the_page():
    shown = set(re.findall(r"\| ([XLCVS]\d+)", PAGE))
    for first, last in re.findall(r"\| X(\d+)–X(\d+)", PAGE):
        shown |= {f"X{n}" for n in range(int(first), int(last) + 1)}
    assert not set(ROWS) - shown
