"""The pictures of an evaluation of policies."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import IO, Any

from tactful.evaluation.plots import BASELINE, FRONT, LEARNED, SWEEP, bar, new_axes, new_figure, style, svg
from tactful.evaluation.policies.pareto import Point
from tactful.evaluation.policies.results import Evaluation, PolicyResult


def pareto_svg(evaluation: Evaluation, place: str) -> str:
    """Task success against interruption cost; the upper left is better. The front is drawn as a line.

    `place` goes into the ids of the drawing: each drawing of a page has its own.
    """
    with style():
        figure, axes = new_figure(6.4, 4.2)
        _draw_pareto(axes, evaluation)
        return svg(figure, f"pareto{place}", f"Task success against interruption cost, {evaluation.domain}")


def pareto_figure(evaluations: Sequence[Evaluation], file: IO[bytes], form: str) -> None:
    """The same for papers and slides, a panel for each evaluation, as `svg`, `pdf` or `png`."""
    from matplotlib.figure import Figure

    with style():
        figure = Figure(figsize=(6.4 * len(evaluations), 4.2), layout="constrained", dpi=200)
        for place, found in enumerate(evaluations, start=1):
            axes = new_axes(figure, 1, len(evaluations), place)
            if len(evaluations) > 1:
                axes.set_title(found.domain)
            _draw_pareto(axes, found)
        dates: dict[str, Any] = {"svg": {"Date": None}, "pdf": {"CreationDate": None}}
        figure.savefig(file, format=form, metadata=dates.get(form))


def _draw_pareto(axes: Any, evaluation: Evaluation) -> None:
    points = evaluation.pareto
    front = sorted((p for p in points if p.on_front), key=lambda point: point.interruption_cost)
    axes.plot(*_places(front), color=FRONT, lw=1.2, zorder=1, label="front")
    sweep = _places([p for p in points if p.kind == "sweep"])
    axes.scatter(*sweep, s=22, color=SWEEP, zorder=2, label="learned under other reward constants")
    labels = Counter[tuple[float, float]]()
    for result in evaluation.policies:
        point = next((p for p in points if p.name == result.name and p.kind == "policy"), None)
        if point is None:
            continue
        colour = BASELINE if result.kind == "baseline" else LEARNED
        axes.scatter([point.interruption_cost], [point.task_score], s=46, color=colour, zorder=3)
        place = (round(point.interruption_cost, 2), round(point.task_score, 2))
        above = 5 + 10 * labels[place]
        labels[place] += 1
        axes.annotate(
            result.name,
            (point.interruption_cost, point.task_score),
            xytext=(
                6,
                -11 if result.name == "learned-ridge" else above,
            ),  # the two heads often lie side by side
            textcoords="offset points",
            fontsize=8.5,
            color=colour,
        )
    axes.set_xlabel("interruption cost (lower is better)")
    axes.set_ylabel("task success (higher is better)")
    axes.legend(frameon=False, fontsize=8, loc="lower right")


def _places(points: Sequence[Point]) -> tuple[list[float], list[float]]:
    return [point.interruption_cost for point in points], [point.task_score for point in points]


def reward_svg(evaluation: Evaluation, place: str) -> str:
    """Mean reward of every policy with its 95% interval, best on top; `place` as in `pareto_svg`."""
    shown = [item for item in evaluation.policies if item.measures["reward"].value is not None]
    order = sorted(shown, key=lambda item: item.mean_reward)
    with style():
        figure, axes = new_figure(6.4, 0.42 * len(order) + 0.9)
        _draw_rewards(axes, order)
        return svg(
            figure, f"reward{place}", f"Mean reward of each policy with its interval, {evaluation.domain}"
        )


def _draw_rewards(axes: Any, order: Sequence[PolicyResult]) -> None:
    for place, item in enumerate(order):
        colour = BASELINE if item.kind == "baseline" else LEARNED
        bar(axes, item.measures["reward"], place, colour=colour, size=34)
    axes.set_yticks(range(len(order)), [item.name for item in order])
    known = any(item.measures["reward"].low is not None for item in order)
    axes.set_xlabel("mean reward, 95% interval by base task" if known else "mean reward")
