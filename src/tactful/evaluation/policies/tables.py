"""An evaluation as a table and as a picture, in the format that a file's ending names."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from tactful.data.io import write_file
from tactful.errors import UsageError
from tactful.evaluation.policies.plots import pareto_figure
from tactful.evaluation.policies.report import write_report
from tactful.evaluation.policies.results import Evaluation, PolicyResult
from tactful.stats.asking import MEANINGS

SHOWN = ("reward", "task_score", "interruption_cost", "questions", "regret")
"""The measures of the short table; those after the third without interval."""


def policy_table(found: Evaluation) -> tuple[list[str], list[list[str]]]:
    """Heads and cells of the policies, best reward first."""
    heads = [found.domain, *(name.replace("_", " ") for name in SHOWN)]
    order = sorted(found.policies, key=lambda item: item.mean_reward, reverse=True)
    return heads, [[item.name, *(_cell(item, place) for place in range(len(SHOWN)))] for item in order]


def asking_table(found: Evaluation) -> tuple[list[str], list[list[str]]]:
    """Heads and cells of how well each policy asks, in the order of `policy_table`; – where undefined."""
    heads = [found.domain, *(name.replace("_", " ") for name in MEANINGS)]
    order = sorted(found.policies, key=lambda item: item.mean_reward, reverse=True)
    return heads, [
        [item.name, *(item.asking[name].short(2) if item.asking else "–" for name in MEANINGS)]
        for item in order
    ]


def _cell(item: PolicyResult, place: int) -> str:
    estimate = item.measures[SHOWN[place]]
    if estimate.value is None:
        return "unscored"
    return estimate.short() if place < 3 else f"{estimate.value:.3f}"


def policy_rows(found: Evaluation) -> list[dict[str, Any]]:
    """One dictionary for each policy, group of users (training, unseen) and measure."""
    return [
        {
            "domain": found.domain,
            "policy": item.name,
            "kind": item.kind,
            "users": users,
            "measure": measure,
            **estimate.model_dump(mode="json"),
        }
        for item in found.policies
        for users, measures in (
            ("training", {**item.measures, **item.asking}),
            ("unseen", {**item.unseen_personas, **item.asking_unseen}),
        )
        for measure, estimate in measures.items()
    ]


# ---------------------------------------------------------------- files


def write_result(evaluations: Sequence[Evaluation], path: Path) -> None:
    """What the ending of `path` says: a page (.html), a picture (.svg, .pdf, .png) or a table (.csv, .md, .tex).

    Raises UsageError for another ending.
    """
    ending = path.suffix.lower()
    if ending in (".html", ".htm"):
        write_report(evaluations, path)
    elif ending in _PICTURES:
        write_figure(evaluations, path)
    elif ending in _TABLES:
        write_file(path, [_TABLES[ending](evaluations).encode()])
    else:
        endings = ", ".join((".html", *_PICTURES, *_TABLES))
        raise UsageError(f"{path}: what is to be written is told by the ending, expected one of {endings}")


def write_figure(evaluations: Sequence[Evaluation], path: Path) -> None:
    """Task success against interruption cost, an evaluation a panel; the upper left is better. Raises UsageError."""
    ending = path.suffix.lower()
    if ending not in _PICTURES:
        raise UsageError(f"{path}: a picture ends in {', '.join(_PICTURES)}")
    buffer = io.BytesIO()
    pareto_figure(evaluations, buffer, ending.removeprefix("."))
    write_file(path, [buffer.getvalue()])


def _csv(evaluations: Sequence[Evaluation]) -> str:
    rows = [row for found in evaluations for row in policy_rows(found)]
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def _markdown(evaluations: Sequence[Evaluation]) -> str:
    parts = []
    for heads, cells in _tables(evaluations):
        lines = [heads, ["---"] * len(heads), *cells]
        parts.append("\n".join("| " + " | ".join(line) + " |" for line in lines))
    return "\n\n".join(parts) + "\n"


def _tables(evaluations: Sequence[Evaluation]) -> Iterator[tuple[list[str], list[list[str]]]]:
    for found in evaluations:
        yield policy_table(found)
        yield asking_table(found)


def _latex(evaluations: Sequence[Evaluation]) -> str:
    """Two `tabular` for each evaluation; needs the package booktabs."""
    parts = []
    for heads, cells in _tables(evaluations):
        rows = [" & ".join(map(_escaped, line)) + r" \\" for line in (heads, *cells)]
        body = [rf"\begin{{tabular}}{{l{'r' * (len(heads) - 1)}}}", r"\toprule", rows[0], r"\midrule"]
        parts.append("\n".join([*body, *rows[1:], r"\bottomrule", r"\end{tabular}"]))
    return "\n\n".join(parts) + "\n"


def _escaped(text: str) -> str:
    return "".join(f"\\{sign}" if sign in "&%$#_{}" else sign for sign in text)


_PICTURES = (".svg", ".pdf", ".png")
_TABLES = {".csv": _csv, ".md": _markdown, ".tex": _latex}
