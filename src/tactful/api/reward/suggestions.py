"""Suggestions in an editor: a model of who takes them, its judgements, and how many could stay hidden."""

from __future__ import annotations

import os
from collections.abc import Sequence
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from tactful.api.options import at_least_one
from tactful.api.reward.judge import Judgements
from tactful.api.runs import outside_loop
from tactful.errors import DataError

if TYPE_CHECKING:
    from tactful.data.formats.labelled import Labelled
    from tactful.evaluation.suggestions.report import SuggestionBench
    from tactful.evaluation.suggestions.training import TrainedSuggestions
    from tactful.reward.suggestions.model import SuggestionModel

Decisions = Path | str | Sequence[Path | str]
"""A file of programmers' decisions, or several: `user`, `shown_time`, `decided_time`, `accepted` in each row."""


def train_suggestions(
    decisions: Decisions, *, evaluate: bool = True, seed: int = 0, skip_bad: bool = False
) -> TrainedSuggestions:
    """A model of which suggestions are accepted; `.save(folder)` writes it, `.figures` say what it is worth out of user.

    Raises DataError for too few users, or one verdict alone.
    """
    from tactful.evaluation.suggestions.training import train_on_decisions

    given = _read(decisions, skip_bad)
    return outside_loop(lambda: train_on_decisions(given, evaluate=evaluate, seed=seed))


def judge_suggestions(
    decisions: Path | str,
    model: SuggestionModel | TrainedSuggestions | Path | str,
    *,
    explain: bool = False,
    limit: int | None = None,
    skip_bad: bool = False,
) -> Judgements:
    """What the model says of each suggestion at its showing; verdicts in the file count for later suggestions alone.

    Raises DataError for a file without a usable row.
    """
    from tactful.data.formats.suggestions import shown_in_order, suggestion_rows

    at_least_one("limit", limit)
    rows = suggestion_rows(decisions, skip_bad=skip_bad)
    shown = shown_in_order(list(islice(rows, limit)))
    if not shown:
        fix = "give rows with 'user', 'shown_time', 'decided_time' and 'accepted'"
        raise DataError.at(rows.name, None, "holds no suggestion", fix=fix)
    found = _model(model)
    said = Judgements(found.judge_now(shown, explain=explain))
    said.bad = rows.bad
    said.seen = frozenset(item.suggestion.user for item in shown) & set(found.users)
    return said


def bench_suggestions(
    decisions: Decisions, *, bar: float = 0.05, ablations: bool = False, seed: int = 0, skip_bad: bool = False
) -> SuggestionBench:
    """How many suggestions could be hidden while at most `bar`, in (0, 1), of the hidden ones would have been accepted.

    Each user is judged by a model that was not trained on the user, with a threshold chosen on yet other users. Print
    it; `.save(folder)` writes results and page. `ablations` measures with fewer and more features too.
    """
    from tactful.evaluation.suggestions.measure import measure_suggestions

    given = _read(decisions, skip_bad)
    return outside_loop(
        lambda: measure_suggestions(
            given.decisions, data=given.name, bar=bar, ablations=ablations, bad_rows=given.bad, seed=seed
        )
    )


def _read(decisions: Decisions, skip_bad: bool) -> Labelled:
    from tactful.data.formats.labelled import read_decisions

    paths = [decisions] if isinstance(decisions, str | os.PathLike) else decisions
    return read_decisions(paths, skip_bad=skip_bad)


def _model(given: SuggestionModel | TrainedSuggestions | Path | str) -> SuggestionModel:
    from tactful.reward.suggestions.model import SuggestionModel, load_suggestion_model

    if isinstance(given, str | os.PathLike):
        return load_suggestion_model(Path(given))
    return given if isinstance(given, SuggestionModel) else given.model
