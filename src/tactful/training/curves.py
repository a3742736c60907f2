"""Learning curves: `curves.jsonl` as it was logged, and one picture."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from tactful.data.io import write_jsonl

CURVES, PICTURE = "curves.jsonl", "curves.png"


def save_curves(history: Iterable[Mapping[str, Any]], out: Path, title: str) -> None:
    """Write both into the folder; loss of training and validation by update."""
    rows = [dict(row) for row in history]
    write_jsonl(out / CURVES, rows)
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6, 3.5), layout="constrained")
    axes = figure.add_subplot()
    for key, label, style in (("loss", "training", "-"), ("eval_loss", "validation", "o-")):
        found = [(row["step"], row[key]) for row in rows if key in row]
        if found:
            axes.plot(*zip(*found, strict=True), style, label=label, ms=4)
    axes.set_xlabel("updates")
    axes.set_ylabel("loss")
    axes.set_title(title, fontsize=9, parse_math=False)  # a path may hold $
    if axes.lines:
        axes.legend(frameon=False)
    figure.savefig(out / PICTURE, dpi=120, metadata={"Software": None})
