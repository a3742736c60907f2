"""The viewer's own colours."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import tactful.data.page
import tactful.viewer.app

OWN = Path(tactful.viewer.app.HERE) / "assets" / "view.css"
TEXT = [("blue", "paper"), ("blue", "raised"), ("blue", "blue-paper"), ("ink", "hit"), ("warn", "paper"), ("warn", "raised"),
        ("ink", "warn-paper"), ("good", "raised"), ("bad", "raised"), ("soft", "raised")]  # fmt: skip
EDGES = [
    ("blue", "raised"),
    ("warn", "warn-paper"),
    ("warn", "raised"),
    ("bad", "good-paper"),
    ("ink", "line"),
]


def luminance(colour: str) -> float:
    digits = colour[1:] if len(colour) == 7 else "".join(2 * digit for digit in colour[1:])
    parts = [int(digits[at : at + 2], 16) / 255 for at in (0, 2, 4)]
    red, green, blue = [x / 12.92 if x <= 0.04045 else ((x + 0.055) / 1.055) ** 2.4 for x in parts]
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_texts_and_edges_have_the_contrast_that_wcag_asks_for(scheme: str) -> None:
    palette: dict[str, str] = {}
    for style in (tactful.data.page.TEMPLATES / "page.css", OWN):
        light, dark = style.read_text().split("@media (prefers-color-scheme: dark)")[:2]
        palette |= dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{3,6})", light))
        if scheme == "dark":
            palette |= dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{3,6})", dark.split("}\n")[0]))
    for ink, paper in TEXT:
        assert contrast(palette[ink], palette[paper]) >= 4.5, (ink, paper)
    for edge, paper in EDGES:
        assert contrast(palette[edge], palette[paper]) >= 3, (edge, paper)
