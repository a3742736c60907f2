"""Pictures of an evaluation as SVG text, drawn without a display."""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Any

from tactful.stats import Estimate

LEARNED, BASELINE, SWEEP, FRONT = "#0b6e4f", "#6b7280", "#7fc8a9", "#c2410c"
DIAGONAL, GRID = "#d1d5db", "#e5e7eb"
_ON_PAGES = {
    LEARNED: "good", BASELINE: "soft", SWEEP: "sweep", FRONT: "front", DIAGONAL: "line", GRID: "line", "#000000": "ink",
    "#ffffff": "paper",
}  # fmt: skip
"""Colour of a drawing → the page's own, which changes where the reader prefers the dark."""


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
    axes.grid(color=GRID, lw=0.6)
    axes.set_axisbelow(True)
    return axes


def bar(axes: Any, found: Estimate, at: int, *, colour: str, size: float) -> None:
    """A figure as a point on line `at`, over the bar of its 95% interval where it has one."""
    if found.low is not None and found.high is not None:
        axes.plot([found.low, found.high], [at, at], color=colour, lw=2.2, solid_capstyle="round")
    axes.scatter([found.value], [at], color=colour, s=size, zorder=3)


def diagonal_svg(
    name: str,
    title: str,
    labels: tuple[str, str],
    bins: Sequence[tuple[float, float]],
    *,
    sizes: float | Sequence[float] = 30,
    joined: bool = True,
) -> str:
    """A point for each of `bins`, (mean probability, share right); on the diagonal a probability means what it says."""
    p, right = zip(*bins, strict=True)
    with style():
        figure, axes = new_figure(3.6, 3.4)
        axes.plot([0, 1], [0, 1], color=DIAGONAL, lw=1)
        if joined:
            axes.plot(p, right, color=LEARNED, lw=1, alpha=0.6)
        axes.scatter(p, right, s=sizes, color=LEARNED)
        axes.set(xlim=(0, 1), ylim=(0, 1.02), xlabel=labels[0], ylabel=labels[1])
        return svg(figure, name, title)


def svg(figure: Any, name: str, title: str) -> str:
    """The drawing as an `<svg>` element for a page, in the page's colours, on no ground of its own.

    `title` says to whoever cannot see it what the picture shows. Ids carry `name`, so that several drawings share a page.
    """
    figure.patch.set_visible(False)
    for axes in figure.axes:
        axes.patch.set_visible(False)
    buffer = io.StringIO()
    figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None, "Title": title})
    text = buffer.getvalue()
    text = re.sub(r"<metadata>.*?</metadata>\s*", "", text[text.index("<svg") :], flags=re.DOTALL)
    text = re.sub(r'(\bid="|url\(#|href="#)', lambda match: f"{match[1]}{name}-", text)
    text = text.replace("<svg ", f'<svg role="img" aria-labelledby="{name}-title" ', 1)
    text = text.replace("<title>", f'<title id="{name}-title">', 1)
    return re.sub("|".join(_ON_PAGES), lambda match: f"var(--{_ON_PAGES[match[0]]}, {match[0]})", text)
