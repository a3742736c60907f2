"""Pictures of an evaluation as SVG text, drawn without a display."""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import IO, Any

from tactful.evaluation.policies.results import Evaluation, PolicyResult

LEARNED, BASELINE, SWEEP, FRONT = "#0b6e4f", "#6b7280", "#7fc8a9", "#c2410c"


def pareto_svg(evaluation: Evaluation, place: str) -> str:
    """Task success against interruption cost; the upper left is better. The front is drawn as a line.

    `place` goes into the ids of the drawing: each drawing of a page has its own.
    """
    with _style():
        figure, axes = _figure(6.4, 4.2)
        _draw_pareto(axes, evaluation)
        return _svg(figure, f"pareto{place}")


def pareto_figure(evaluations: Sequence[Evaluation], file: IO[bytes], form: str) -> None:
    """The same for papers and slides, a panel for each evaluation, as `svg`, `pdf` or `png`."""
    from matplotlib.figure import Figure

    with _style():
        figure = Figure(figsize=(6.4 * len(evaluations), 4.2), layout="constrained", dpi=200)
        for place, found in enumerate(evaluations, start=1):
            axes = figure.add_subplot(1, len(evaluations), place)
            axes.spines[["top", "right"]].set_visible(False)
            axes.grid(color="#e5e7eb", lw=0.6)
            axes.set_axisbelow(True)
            if len(evaluations) > 1:
                axes.set_title(found.domain)
            _draw_pareto(axes, found)
        dates: dict[str, Any] = {"svg": {"Date": None}, "pdf": {"CreationDate": None}}
        figure.savefig(file, format=form, metadata=dates.get(form))


def _draw_pareto(axes: Any, evaluation: Evaluation) -> None:
    points = evaluation.pareto
    front = sorted((p for p in points if p.on_front), key=lambda point: point.interruption_cost)
    axes.plot(
        [p.interruption_cost for p in front],
        [p.task_score for p in front],
        color=FRONT,
        lw=1.2,
        zorder=1,
        label="front",
    )
    sweep = [p for p in points if p.kind == "sweep"]
    axes.scatter(
        [p.interruption_cost for p in sweep],
        [p.task_score for p in sweep],
        s=22,
        color=SWEEP,
        zorder=2,
        label="learned under other reward constants",
    )
    for result in evaluation.policies:
        point = next((p for p in points if p.name == result.name and p.kind == "policy"), None)
        if point is None:
            continue
        colour = BASELINE if result.kind == "baseline" else LEARNED
        axes.scatter([point.interruption_cost], [point.task_score], s=46, color=colour, zorder=3)
        axes.annotate(
            result.name,
            (point.interruption_cost, point.task_score),
            xytext=(6, -11 if result.name == "learned-ridge" else 5),  # the two heads often lie side by side
            textcoords="offset points",
            fontsize=8.5,
            color=colour,
        )
    axes.set_xlabel("interruption cost (lower is better)")
    axes.set_ylabel("task success (higher is better)")
    axes.legend(frameon=False, fontsize=8, loc="lower right")


def reward_svg(evaluation: Evaluation, place: str) -> str:
    """Mean reward of every policy with its 95% interval, best on top; `place` as in `pareto_svg`."""
    shown = [item for item in evaluation.policies if item.measures["reward"].value is not None]
    order = sorted(shown, key=_mean_reward)
    with _style():
        figure, axes = _figure(6.4, 0.42 * len(order) + 0.9)
        _draw_rewards(axes, order)
        return _svg(figure, f"reward{place}")


def _draw_rewards(axes: Any, order: Sequence[PolicyResult]) -> None:
    for place, item in enumerate(order):
        estimate = item.measures["reward"]
        colour = BASELINE if item.kind == "baseline" else LEARNED
        if estimate.low is not None and estimate.high is not None:
            axes.plot(
                [estimate.low, estimate.high], [place, place], color=colour, lw=2.2, solid_capstyle="round"
            )
        axes.scatter([estimate.value], [place], color=colour, s=34, zorder=3)
    axes.set_yticks(range(len(order)), [item.name for item in order])
    axes.set_xlabel("mean reward, 95% interval by base task")


def _mean_reward(item: PolicyResult) -> float:
    value = item.measures["reward"].value
    assert value is not None
    return value


def _style() -> AbstractContextManager[None]:
    """Text stays text, names hold no formulas, and equal drawings get equal ids."""
    import matplotlib

    style: AbstractContextManager[None] = matplotlib.rc_context(
        {
            "svg.fonttype": "none",
            "svg.hashsalt": "tactful",
            "text.parse_math": False,
            "font.family": "sans-serif",
            "font.size": 9,
        }
    )
    return style


def _figure(width: float, height: float) -> tuple[Any, Any]:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), layout="constrained")
    axes = figure.add_subplot()
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(color="#e5e7eb", lw=0.6)
    axes.set_axisbelow(True)
    return figure, axes


def _svg(figure: Any, name: str) -> str:
    """The drawing as an `<svg>` element without metadata; ids carry `name`, so that several drawings share a page."""
    buffer = io.StringIO()
    figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None})
    text = buffer.getvalue()
    text = re.sub(r"<metadata>.*?</metadata>\s*", "", text[text.index("<svg") :], flags=re.DOTALL)
    return re.sub(r'(\bid="|url\(#|href="#)', lambda match: f"{match[1]}{name}-", text)
