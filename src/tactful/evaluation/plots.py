"""Pictures of an evaluation as SVG text, drawn without a display."""

from __future__ import annotations

import io
import re
from contextlib import AbstractContextManager
from typing import Any

LEARNED, BASELINE, SWEEP, FRONT = "#0b6e4f", "#6b7280", "#7fc8a9", "#c2410c"


def style() -> AbstractContextManager[None]:
    """Text stays text, names hold no formulas, and equal drawings get equal ids."""
    import matplotlib

    quiet: AbstractContextManager[None] = matplotlib.rc_context(
        {
            "svg.fonttype": "none",
            "svg.hashsalt": "tactful",
            "text.parse_math": False,
            "font.family": "sans-serif",
            "font.size": 9,
        }
    )
    return quiet


def new_figure(width: float, height: float) -> tuple[Any, Any]:
    """(the figure, its axes) of this size in inches."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), layout="constrained")
    return figure, new_axes(figure, 1, 1, 1)


def new_axes(figure: Any, *place: int) -> Any:
    """Axes at a place (rows, columns, number) of the figure, with the grid behind."""
    axes = figure.add_subplot(*place)
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(color="#e5e7eb", lw=0.6)
    axes.set_axisbelow(True)
    return axes


def svg(figure: Any, name: str) -> str:
    """The drawing as an `<svg>` element without metadata; ids carry `name`, so that several drawings share a page."""
    buffer = io.StringIO()
    figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None})
    text = buffer.getvalue()
    text = re.sub(r"<metadata>.*?</metadata>\s*", "", text[text.index("<svg") :], flags=re.DOTALL)
    return re.sub(r'(\bid="|url\(#|href="#)', lambda match: f"{match[1]}{name}-", text)
