"""How good is an assistant that may speak up or stay silent? One decision per event, honestly counted.

- What counts is the first proposal of an event: a user is interrupted once, and a second guess must not be free.
- A proposal is right when people accepted these very words at this very point, else when the judge accepts it. Silence
  is right when no help was wanted: by what people said at this very point, else by the judge's p_need, else by its
  verdict on silence.
- A rejected proposal where help was wanted is a false alarm **and** a miss (`wrong-help`): it counts in both.
- Failed calls, events without a response and unscored judgements are left out, each counted. A point at which nobody
  knows whether help was wanted is left out whatever was done there: all assistants stand on the same ones.
- `served` is the share of moments with help wanted that got accepted help; `undisturbed` the share of the others
  without a rejected proposal. `balanced_accuracy` is their mean: never-propose has 0.5, and a coin between two
  assistants lies halfway between them, which no figure does whose denominator depends on what was proposed.
- `false_alarm_rate` is FP/(FP + TN), `false_alarm_ratio` FP/(TP + FP), with FP every rejected proposal and TN every
  silence where no help was wanted.
- Intervals resample sessions; traces that are several users' plays of one, as the gym has them, stay together.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Literal

import numpy as np
from pydantic import Field

from tactful.evaluation.proactive.points import Judgements, Scene
from tactful.evaluation.shown import Line
from tactful.stats import Estimate
from tactful.stats.bootstrap import Array, resampled
from tactful.types import Record

RESAMPLES = 2000
FIGURES = (
    "balanced_accuracy",
    "served",
    "undisturbed",
    "recall",
    "precision",
    "f1",
    "accuracy",
    "false_alarm_rate",
    "false_alarm_ratio",
    "mean_p_accept",
    "speaks",
)
"""Shares in [0, 1]; higher is better but for the two of false alarms. `mean_p_accept` is the judge's mean probability
for what was proposed, `speaks` the share of decisions to speak."""
By = Literal["people", "judge", ""]
Outcome = Literal[
    "hit", "false-alarm", "wrong-help", "miss", "correct-silence", "unscored", "failed", "absent"
]
_COUNTED = ("hit", "extra-hit", "false-alarm", "wrong-help", "miss", "correct-silence")
"""Columns of the sums; an `extra-hit` is a hit where no help was wanted: welcome all the same."""
_LEFT_OUT = ("unscored", "failed", "absent")


class PointDecision(Record):
    """What an assistant did at one event, and what came of it."""

    trace: str
    group: str
    """What intervals resample: the trace, or the first one of those that are plays of one session."""
    at: int = Field(ge=0)
    """Position of the event in its trace, from 0."""
    proposal: str | None
    """None = silence, or no decision (see `outcome`)."""
    p_accept: float | None = None
    outcome: Outcome
    """`wrong-help`: a proposal was rejected where help was wanted, so it is a false alarm and a miss."""
    accepted: bool | None = None
    """Whether the proposal was accepted; None for silence and where that is unscored."""
    accepted_by: By = ""
    need: bool | None = None
    need_by: By = ""
    proposals: int = 0
    """Proposals made at this event; the first one was judged."""
    weight: float = Field(default=1.0, gt=0, le=1)
    """0.5 for a coin's two sides."""


class Row(Line):
    """The corrected figures of one assistant on one split."""

    counts: dict[str, float]
    """Outcome → events; a coin's are expected counts."""
    several: int
    """Events with more than one proposal."""
    figures: dict[str, Estimate]
    against: Mapping[str, Estimate] = {}
    """Baseline → this row's balanced accuracy minus the baseline's, on the same draws of sessions."""


def decide(scene: Scene, at: int, proposals: Sequence[str], judgements: Judgements) -> PointDecision:
    """The decision at one event: its first proposal, or silence for none, and how it turned out."""
    proposal = proposals[0] if proposals else None
    said = judgements.of(scene.moment(at, proposal))
    need, need_by = _need(scene, at, judgements)
    accepted, accepted_by = _verdict(scene, at, proposal, said.accepted)
    outcome: Outcome
    if need is None or (proposal is not None and accepted is None):
        outcome = "unscored"
    elif proposal is None:
        outcome = "miss" if need else "correct-silence"
    else:
        outcome = "hit" if accepted else "wrong-help" if need else "false-alarm"
    return PointDecision(
        trace=scene.trace.id,
        group=scene.group,
        at=at,
        proposal=proposal,
        p_accept=said.p_accept,
        outcome=outcome,
        accepted=accepted,
        accepted_by=accepted_by,
        need=need,
        need_by=need_by,
        proposals=len(proposals),
    )


def undecided(scene: Scene, at: int, outcome: Literal["failed", "absent"]) -> PointDecision:
    """An event at which the assistant gave nothing that could be judged."""
    return PointDecision(trace=scene.trace.id, group=scene.group, at=at, proposal=None, outcome=outcome)


def _verdict(scene: Scene, at: int, proposal: str | None, judged: bool | None) -> tuple[bool | None, By]:
    if proposal is None:
        return None, ""
    told = scene.verdict(at, proposal)
    if told is not None:
        return told, "people"
    return judged, "" if judged is None else "judge"


def _need(scene: Scene, at: int, judgements: Judgements) -> tuple[bool | None, By]:
    told = scene.need(at)
    if told is not None:
        return told, "people"
    silence = judgements.of(scene.moment(at, None))
    if silence.p_need is not None:
        return silence.p_need >= 0.5, "judge"
    return (None, "") if silence.accepted is None else (not silence.accepted, "judge")


def score(
    name: str,
    decisions: Sequence[PointDecision],
    *,
    baseline: bool = False,
    seed: int = 0,
    resamples: int = RESAMPLES,
) -> Row:
    """All corrected figures of one assistant, with 95% intervals over sessions."""
    counts = Counter[str]()
    for one in decisions:
        counts[one.outcome] += one.weight  # type: ignore[assignment]  # expected counts may be halves
    scored = [one for one in decisions if one.outcome not in _LEFT_OUT]
    sums = _sums(decisions, sorted(_groups(scored)))
    return Row(
        name=name,
        baseline=baseline,
        counts={key: float(value) for key, value in counts.items()},
        several=sum(one.proposals > 1 for one in decisions),
        figures=resampled(
            sums,
            _figures,
            items=round(sum(one.weight for one in scored)),
            unscored=round(counts["unscored"]),
            seed=seed,
            resamples=resamples,
        ),
    )


def difference(
    mine: Sequence[PointDecision],
    theirs: Sequence[PointDecision],
    *,
    seed: int = 0,
    resamples: int = RESAMPLES,
) -> Estimate:
    """Balanced accuracy of one assistant minus another's, at the events that both decided, on the same draws of sessions."""
    there = _decided(mine) & _decided(theirs)
    scored = [[one for one in side if (one.trace, one.at) in there] for side in (mine, theirs)]
    groups = sorted(_groups(scored[0]))
    both_sides = np.hstack([_sums(decisions, groups) for decisions in scored])

    def gap(rows: Array) -> dict[str, Array]:
        one, other = np.hsplit(rows, 2)
        return {"gap": _figures(one)[FIGURES[0]] - _figures(other)[FIGURES[0]]}

    return resampled(both_sides, gap, items=len(there), seed=seed, resamples=resamples)["gap"]


def _decided(decisions: Sequence[PointDecision]) -> set[tuple[str, int]]:
    """(trace, event) of what is scored."""
    return {(one.trace, one.at) for one in decisions if one.outcome not in _LEFT_OUT}


def _groups(decisions: Sequence[PointDecision]) -> set[str]:
    return {one.group for one in decisions}


def _sums(decisions: Sequence[PointDecision], groups: Sequence[str]) -> Array:
    """(groups, columns): weights of the scored decisions by outcome, then the sum of p_accept and their number."""
    place = {group: at for at, group in enumerate(groups)}
    sums = np.zeros((len(groups), len(_COUNTED) + 2))
    for one in decisions:
        if one.outcome in _LEFT_OUT or one.group not in place:
            continue
        column = "extra-hit" if one.outcome == "hit" and one.need is False else one.outcome
        here = sums[place[one.group]]
        here[_COUNTED.index(column)] += one.weight
        if one.proposal is not None and one.p_accept is not None:
            here[-2:] += one.weight * one.p_accept, one.weight
    return sums


def _figures(sums: Array) -> dict[str, Array]:
    """FIGURES of each row of counts (rows, columns); NaN where a denominator is empty."""
    served, extra, alarm, wrong, miss, quiet, p_accept, offered = sums.T
    everything = sums[:, : len(_COUNTED)].sum(axis=1)
    hit, false_alarm, missed = served + extra, alarm + wrong, miss + wrong
    with np.errstate(invalid="ignore", divide="ignore"):
        sensitivity = served / (served + missed)
        specificity = (quiet + extra) / (quiet + extra + alarm)
        return {
            "balanced_accuracy": (sensitivity + specificity) / 2,
            "served": sensitivity,
            "undisturbed": specificity,
            "recall": hit / (hit + missed),
            "precision": hit / (hit + false_alarm),
            "f1": 2 * hit / (2 * hit + false_alarm + missed),
            "accuracy": (hit + quiet) / everything,
            "false_alarm_rate": false_alarm / (false_alarm + quiet),
            "false_alarm_ratio": false_alarm / (hit + false_alarm),
            "mean_p_accept": p_accept / offered,
            "speaks": (hit + false_alarm) / everything,
        }
