"""How well something asks: question precision, blocker recall and their harmonic mean Ask-F1, turns to clarify, coverage.

One row of counts a group (conversation, user, base task), so that logs and simulated episodes are measured alike.
A **blocker** is something that had to be asked: whoever answers without it goes against what the person wanted.

Sources: Ask-F1 arXiv:2604.09408 (HiL-Bench); turns to clarify and coverage of key questions arXiv:2603.00187 (ClarEval).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import astuple, dataclass, fields

import numpy as np

from tactful.stats.bootstrap import Array, resampled
from tactful.stats.estimate import FEWEST_GROUPS, Estimate

CLARITIES = ("clear", "between", "open")
"""Of a request: need below 1/4, in between, from 3/4."""


@dataclass(slots=True)
class AskingCounts:
    """What was asked in one group; counts add up."""

    turns: float = 0
    """Turns in which a question could have been put."""
    asked: float = 0
    questions_judged: float = 0
    """Turns that asked and of which it is known whether they had to."""
    questions_needed: float = 0
    blockers: float = 0
    """Things that had to be asked: those that were, and those that were guessed."""
    blockers_asked: float = 0
    clarified: float = 0
    """Requests that were answered after one question or more."""
    turns_to_clarify: float = 0
    """Turns that asked before those answers."""
    covered: float = 0
    """Share of its blockers that was asked, summed over conversations …"""
    with_blockers: float = 0
    """… that have any."""
    clear: float = 0
    """First requests that are clear, …"""
    between: float = 0
    open: float = 0
    clear_asked: float = 0
    """… and those of them that were answered with a question."""
    between_asked: float = 0
    open_asked: float = 0

    def add(self, other: AskingCounts) -> None:
        """Add what another group asked."""
        for name in COLUMNS:
            setattr(self, name, getattr(self, name) + getattr(other, name))


COLUMNS = tuple(field.name for field in fields(AskingCounts))
MEANINGS: Mapping[str, str] = {
    "asking_rate": "share of the assistant's turns that ask",
    "question_precision": "share of its questions that were needed",
    "blocker_recall": "share of what had to be asked that was asked, not guessed",
    "ask_f1": "harmonic mean of the two; higher is better",
    "turns_to_clarify": "turns with questions before an answer, where any was asked; lower is better",
    "key_question_coverage": "share of what had to be asked that was asked, mean over conversations",
    "asked_when_clear": "share of clear first requests that were answered with a question; lower is better",
    "asked_between": "the same where the reader is unsure",
    "asked_when_open": "the same of open ones; higher is better",
}
_RATIOS: Mapping[str, tuple[str, str]] = {
    "asking_rate": ("asked", "turns"),
    "question_precision": ("questions_needed", "questions_judged"),
    "blocker_recall": ("blockers_asked", "blockers"),
    "turns_to_clarify": ("turns_to_clarify", "clarified"),
    "key_question_coverage": ("covered", "with_blockers"),
    "asked_when_clear": ("clear_asked", "clear"),
    "asked_between": ("between_asked", "between"),
    "asked_when_open": ("open_asked", "open"),
}
"""Measure → the counts above and below its line."""
_BELOW = {name: below for name, (_, below) in _RATIOS.items()} | {"ask_f1": "questions_judged"}


def clarity_of(need: float) -> str:
    """One of `CLARITIES`, from the probability that a question is needed."""
    return CLARITIES[0] if need < 0.25 else CLARITIES[2] if need >= 0.75 else CLARITIES[1]


def asking_figures(groups: Sequence[AskingCounts], *, seed: int = 0) -> dict[str, Estimate]:
    """The measures of `MEANINGS`, each with its 95% interval over the groups that have any of what is below its line.

    Undefined where nothing was judged; without an interval where fewer than `FEWEST_GROUPS` have any.
    """
    sums = np.array([astuple(group) for group in groups], dtype=float).reshape(len(groups), len(COLUMNS))
    total = dict(zip(COLUMNS, sums.sum(axis=0), strict=True))
    found = resampled(sums, _measures, items=0, seed=seed)
    unscored = {
        name: int(total["asked"] - total["questions_judged"]) for name in ("question_precision", "ask_f1")
    }
    with_any = dict(zip(COLUMNS, (sums > 0).sum(axis=0), strict=True))

    def over_those(name: str, value: Estimate) -> Estimate:
        sizes = {"items": int(total[_BELOW[name]]), "groups": int(with_any[_BELOW[name]])}
        few = {"low": None, "high": None} if sizes["groups"] < FEWEST_GROUPS else {}
        return value.model_copy(update={**sizes, **few, "unscored": unscored.get(name, 0)})

    return {name: over_those(name, value) for name, value in found.items()}


def _measures(rows: Array) -> dict[str, Array]:
    column = dict(zip(COLUMNS, rows.T, strict=True))
    with np.errstate(invalid="ignore", divide="ignore"):
        found = {name: column[above] / column[below] for name, (above, below) in _RATIOS.items()}
        precision, recall = found["question_precision"], found["blocker_recall"]
        both = precision + recall
        found["ask_f1"] = np.where(both == 0, 0.0, 2 * precision * recall / both)
    return {name: found[name] for name in MEANINGS}
