"""An evaluation of a feedback judge as one self-contained HTML page."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tactful.data.io import write_file
from tactful.data.page import render_template
from tactful.evaluation.feedback.results import FeedbackEvaluation, SourceResult
from tactful.evaluation.plots import BASELINE, LEARNED, diagonal_svg, new_figure, style, svg
from tactful.feedback.labels import LABELS

SHOWN = {
    "accuracy": "share of scored turns whose label is the people's",
    "tolerant_accuracy": "share whose label is among the tolerable ones",
    "macro_f1": "mean F1 over the labels that people gave",
    "negative_precision": "of the turns called negative, share that are",
    "negative_recall": "of the negative turns, share that were found",
    "negative_f1": "negative against the rest",
}
"""Measure → what it means."""


def cut_svg(result: SourceResult, name: str) -> str:
    """Coverage and precision as τ_c moves, with 95% bands."""
    with style():
        figure, axes = new_figure(5.6, 3.4)
        lines = (("precision", LEARNED), ("coverage", BASELINE))
        for attribute, colour in lines:
            points = [(p.tau_c, getattr(p, attribute)) for p in result.cuts]
            known = [(tau, e) for tau, e in points if e.value is not None]
            axes.plot(
                [tau for tau, _ in known], [e.value for _, e in known], color=colour, lw=1.8, label=attribute
            )
            band = [(tau, e) for tau, e in known if e.low is not None]
            axes.fill_between(
                [tau for tau, _ in band],
                [e.low for _, e in band],
                [e.high for _, e in band],
                color=colour,
                alpha=0.15,
                lw=0,
            )
        axes.set(xlim=(0, 1), ylim=(0, 1.02), ylabel="share of turns")
        axes.set_xlabel("τ_c: least confidence that counts")
        axes.legend(frameon=False, fontsize=8, loc="lower left")
        return svg(figure, f"cuts-{name}", "Precision and coverage against the least confidence that counts")


def reliability_svg(result: SourceResult, name: str) -> str:
    """Share of labels that are right against the confidence; larger points hold more turns."""
    most = max(item.items for item in result.reliability)
    sizes = [12 + 90 * item.items / most for item in result.reliability]
    bins = [(item.confidence, item.right) for item in result.reliability]
    title = "Share of labels that are right against the confidence"
    return diagonal_svg(f"reliability-{name}", title, ("confidence", "share right"), bins, sizes=sizes)


def render_page(evaluation: FeedbackEvaluation) -> str:
    """The whole page as text; every value is escaped."""
    plots: list[dict[str, Any]] = [
        {
            "cuts": cut_svg(result, str(at)) if result.cuts else "",
            "reliability": reliability_svg(result, str(at)) if result.reliability else "",
        }
        for at, result in enumerate(evaluation.results)
    ]
    return render_template(
        __file__,
        "feedback.html.j2",
        e=evaluation,
        shown=SHOWN,
        labels=[str(label) for label in LABELS],
        plots=plots,
    )


def write_page(evaluation: FeedbackEvaluation, path: Path) -> None:
    """Write the page; an old one stays whole until the new one is complete."""
    write_file(path, [render_page(evaluation).encode()])
