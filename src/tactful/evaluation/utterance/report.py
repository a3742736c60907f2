"""The page of an utterance evaluation: tables with intervals, a picture, messages to read."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tactful.data.io import write_file
from tactful.data.page import render_template
from tactful.data.sealed import load_document
from tactful.evaluation.plots import BASELINE, LEARNED, bar, new_figure, style, svg
from tactful.evaluation.utterance.results import Slice, SystemScores, UtteranceEvaluation

FILE_NAME = "evaluation.json"
FORMAT = "tactful-utterance-evaluation-1"


def is_utterance_evaluation(path: Path) -> bool:
    """The run folder or file holds an evaluation of next-message predictions."""
    file = path / FILE_NAME if path.is_dir() else path
    try:
        return FORMAT.encode() in file.read_bytes()[:200]
    except OSError:
        return False


def read_utterance_evaluation(path: Path) -> UtteranceEvaluation:
    """The evaluation in a run folder or file. Raises DataError when there is none."""
    file = path / FILE_NAME if path.is_dir() else path
    again = "make it with 'tactful utterance evaluate'"
    return load_document(file, UtteranceEvaluation, what="evaluation", again=again)


def shown_measures(evaluation: UtteranceEvaluation, slice_: Slice | None = None) -> list[str]:
    """The measures in which something was scored, in order."""
    slices = evaluation.slices if slice_ is None else (slice_,)
    return [
        name
        for name in evaluation.measures
        if any(system.measures[name].value is not None for part in slices for system in part.systems)
    ]


def utterance_svg(evaluation: UtteranceEvaluation, place: str = "0") -> str:
    """The headline measure of every system with its 95% interval, in every part of the data that differs."""
    parts = _different(evaluation.slices)
    with style():
        figure, axes = new_figure(6.4, 0.34 * sum(len(part.systems) for part in parts) + 0.9)
        _draw(axes, parts, evaluation.headline_measure)
        return svg(
            figure, f"utterance-{place}", f"{evaluation.headline_measure} of every system with its interval"
        )


def _draw(axes: Any, parts: Sequence[Slice], name: str) -> None:
    labels: list[str] = []
    for part in reversed(parts):
        for system in reversed(part.systems):
            estimate = system.measures[name]
            if estimate.value is None:
                continue
            colour = LEARNED if system.kind == "model" else BASELINE
            bar(axes, estimate, len(labels), colour=colour, size=30)
            labels.append(f"{part.name} · {system.name}")
    axes.set_yticks(range(len(labels)), labels)
    axes.set_xlabel(f"{name} with its 95% interval by dialogue (right is better)")


def _different(slices: Sequence[Slice]) -> list[Slice]:
    """The slices without those that hold the same items as an earlier one."""
    found: list[Slice] = []
    for part in slices:
        if not any((part.items, part.systems) == (other.items, other.systems) for other in found):
            found.append(part)
    return found


def render_utterance_report(evaluations: Sequence[UtteranceEvaluation]) -> str:
    """The whole page as text. All values are escaped: messages of models and users are shown, never run."""
    return render_template(
        __file__,
        "utterance.html.j2",
        evaluations=evaluations,
        pictures=[utterance_svg(item, str(place)) for place, item in enumerate(evaluations)],
        shown=[shown_measures(item) for item in evaluations],
        rehearsed=[item.source for item in evaluations if item.rehearsal],
    )


def write_utterance_report(evaluations: Sequence[UtteranceEvaluation], path: Path) -> None:
    """Write the page; an old page stays whole until the new one is complete. Raises UserError when the disk refuses."""
    write_file(path, [render_utterance_report(evaluations).encode()])


def table_lines(evaluation: UtteranceEvaluation) -> list[str]:
    """The figures for a terminal: one block for each part of the data, one line for each system."""
    lines: list[str] = []
    for part in evaluation.slices:
        measures = [
            name
            for name in shown_measures(evaluation, part)
            if name.endswith(("_best", "_hit")) or "_" not in name
        ]
        width = max(len(name) for name in [*measures, "0.123 [0.123, 0.123]"])
        lines += ["", f"{part.name}: {part.items} messages of {part.dialogues} dialogues"]
        lines.append("  ".join(["system".ljust(8), *(name.ljust(width) for name in measures)]).rstrip())
        for system in part.systems:
            cells = [cell(system, name).ljust(width) for name in measures]
            lines.append("  ".join([system.name.ljust(8), *cells]).rstrip())
    return lines[1:]


def cell(system: SystemScores, name: str) -> str:
    """A measure of a system with its interval."""
    estimate = system.measures[name]
    return "-" if estimate.value is None else estimate.short()
