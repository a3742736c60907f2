"""What a gate does on labelled moments, and what that is worth at every ratio of the costs.

`measure_gate` is the one way in; it adds always-speak, never-speak, the look-up and the best fixed thresholds itself.
Intervals are 95%, over draws of sessions.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from tactful.errors import UserError
from tactful.evaluation.gates.tally import (
    Floats,
    Moments,
    Tally,
    Weighing,
    moments_of,
    tally,
    threshold_tally,
)
from tactful.evaluation.judges.baselines import looked_up
from tactful.evaluation.shown import Line
from tactful.reward.gate.rule import SILENT, SPEAK, Costs, GateConfig
from tactful.reward.types import Acceptance
from tactful.stats import Estimate
from tactful.stats.bootstrap import group_draws, ratio
from tactful.types import LabelledMoment, Record

GATE, HINDSIGHT, ELSEWHERE = "gate", "best fixed, hindsight", "best fixed, other sessions"
LOOK_UP = "look-up"
BASELINES = ("always-speak", "never-speak", LOOK_UP)
SHARES = tuple(round(0.05 * step, 2) for step in range(1, 20))
"""The cost grid: the cost of a false alarm as a share of both costs, 0.05 to 0.95. Only the share counts for `prism`."""
FIGURES: Mapping[str, str] = {
    "speaks_per_session": "times that it speaks in a session",
    "false_alarm_rate": "FP/(FP+TN): of the moments whose proposal is unwanted, share at which it speaks",
    "false_alarm_ratio": "FP/(TP+FP): of what it says, share that is unwanted",
    "recall": "TP/(TP+FN): of the proposals that would be accepted, share that it makes",
    "abstained": "share of all moments at which it does not decide, unscored ones among them; in no other figure",
    "utility": "at the given costs, per moment decided, divided by the sum of the costs (form `utility`: and 1); higher is better",
}
RESAMPLES = 2000
MOST_LEVELS = 1000
"""Thresholds tried for the best fixed one."""


class GateRow(Line):
    """A gate, or a baseline, and its figures; keys as in `FIGURES`."""

    figures: Mapping[str, Estimate]


class UtilityRow(Line):
    """Utility per moment at each share of `SHARES`."""

    utilities: tuple[float, ...]
    mean: Estimate
    """Over the grid."""


class MeasuredGate(Record):
    """All figures of a gate on a set of sessions."""

    moments: int
    sessions: int
    unscored: int
    silences: int
    rows: tuple[GateRow, ...]
    thresholds: tuple[float, ...]
    """Of the gate, at each share of `SHARES`; the median over moments where p_need goes into it."""
    shares: tuple[float, ...] = SHARES
    utilities: tuple[UtilityRow, ...]
    regret: Estimate
    """Mean over the grid of best fixed threshold in hindsight − gate: the former was chosen on these very moments."""
    regret_elsewhere: Estimate
    """The same against the threshold that was best on the other sessions, which anybody could have chosen."""
    seed: int
    resamples: int


def measure_gate(
    items: Sequence[LabelledMoment],
    said: Sequence[Acceptance],
    config: GateConfig,
    *,
    others: Mapping[str, GateConfig] | None = None,
    seed: int = 0,
    resamples: int = RESAMPLES,
) -> MeasuredGate:
    """The figures of the gate at its own costs, and of its rule at every cost of the grid.

    `said` are the judgements in the order of `items`; `others` are gates to show beside it, by name, weighed as this
    one. A gate of the form `fixed` is weighed as `prism`, with its costs, and keeps its threshold over the whole grid.
    Raises: UserError when there is no scored proposal, or no costs to weigh by.
    """
    moments = moments_of(items, said)
    if not len(moments.p):
        raise UserError(
            f"none of these {len(items)} moments has a proposal with a scored judgement; a gate needs proposals to decide on"
        )
    if config.costs is None:
        raise UserError("a gate is weighed by its costs; give the cost of a false alarm and of a miss")
    weighing = Weighing(
        costs=config.costs,
        form="utility" if config.form == "utility" else "prism",
        judged_need=config.need == "judged",
    )
    gates, lookup = {GATE: config, **(others or {})}, _lookup_p(items, said)
    draws = group_draws(len(moments.names), resamples, seed)
    fixed = threshold_tally(moments, _levels(moments.p))
    best = fixed.take(int(np.argmax(weighing.sums(fixed).sum(axis=0))))
    own = {name: tally(moments, gate.actions(moments.p, moments.p_need)) for name, gate in gates.items()}
    flat = _flat(moments)
    known = tally(moments, _speaks(lookup, gates[GATE]))
    rows = {**own, HINDSIGHT: best, **flat, LOOK_UP: known}
    sums, thresholds = _over_the_grid(moments, lookup, gates, weighing, fixed)
    decided = np.zeros(len(moments.names)), draws
    unscored = moments.undecided, group_draws(len(moments.undecided), len(draws), seed)
    return MeasuredGate(
        moments=len(moments.p),
        sessions=len(moments.names),
        unscored=moments.unscored,
        silences=moments.silences,
        rows=tuple(
            GateRow(
                name=name,
                baseline=name in BASELINES,
                figures=_figures(
                    one, weighing.sums(one), draws, *(decided if name in BASELINES else unscored)
                ),
            )
            for name, one in rows.items()
        ),
        thresholds=thresholds,
        utilities=tuple(_utility_row(name, one, fixed.moments, draws) for name, one in sums.items()),
        regret=_per_moment(sums[HINDSIGHT] - sums[GATE], fixed.moments, draws),
        regret_elsewhere=_per_moment(sums[ELSEWHERE] - sums[GATE], fixed.moments, draws),
        seed=seed,
        resamples=len(draws),
    )


def _over_the_grid(
    moments: Moments, lookup: Floats, gates: Mapping[str, GateConfig], weighing: Weighing, fixed: Tally
) -> tuple[dict[str, Floats], tuple[float, ...]]:
    """(policy → utility summed over each session at every share, (sessions, shares); thresholds of the gate)."""
    columns: dict[str, list[Floats]] = {name: [] for name in (*gates, HINDSIGHT, ELSEWHERE, *BASELINES)}
    flat, thresholds = _flat(moments), []
    for share in SHARES:
        here = weighing.at(share)
        level = {name: _at_costs(gate, here.costs) for name, gate in gates.items()}
        thresholds.append(float(np.median(level[GATE].thresholds(moments.p_need))))
        policies = {
            name: tally(moments, one.actions(moments.p, moments.p_need)) for name, one in level.items()
        }
        policies |= {**flat, LOOK_UP: tally(moments, _speaks(lookup, level[GATE]))}
        for name, one in policies.items():
            columns[name].append(here.sums(one)[:, 0])
        sums = here.sums(fixed)
        columns[HINDSIGHT].append(sums[:, np.argmax(sums.sum(axis=0))])
        elsewhere = np.argmax(sums.sum(axis=0) - sums, axis=1)
        columns[ELSEWHERE].append(sums[np.arange(len(sums)), elsewhere])
    return {name: np.column_stack(column) for name, column in columns.items()}, tuple(thresholds)


def _at_costs(gate: GateConfig, costs: Costs) -> GateConfig:
    """The gate's rule at other costs, deciding everywhere; a `fixed` one keeps its threshold."""
    changes = {"abstain_low": None, "abstain_high": None}
    return gate.model_copy(update=changes if gate.form == "fixed" else {**changes, "costs": costs})


def _flat(moments: Moments) -> dict[str, Tally]:
    everywhere = np.ones(len(moments.p), dtype=np.int8)
    return {
        "always-speak": tally(moments, everywhere * SPEAK),
        "never-speak": tally(moments, everywhere * SILENT),
    }


def _levels(p: Floats) -> Floats:
    """Every threshold that makes a difference (of more than 1,000, as many of equal mass), and one that is never met."""
    levels = np.unique(p)
    if len(levels) > MOST_LEVELS:
        levels = np.unique(np.quantile(levels, np.linspace(0, 1, MOST_LEVELS), method="lower"))
    return np.append(levels, 2.0)


def _lookup_p(items: Sequence[LabelledMoment], said: Sequence[Acceptance]) -> Floats:
    """What the look-up says of the moments that the gate decides, from the other sessions; 0 where it knows nothing."""
    kept = [
        found.p_accept or 0.0
        for item, one, found in zip(items, said, looked_up(items), strict=True)
        if item.moment.proposal is not None and one.p_accept is not None
    ]
    return np.array(kept, dtype=float)


def _speaks(p: Floats, level: GateConfig) -> NDArray[np.int8]:
    """Speak or stay silent, without an abstain band."""
    return np.where(p >= level.model_copy(update={"need": "certain"}).thresholds(), SPEAK, SILENT).astype(
        np.int8
    )


# ---------------------------------------------------------------- figures with intervals


def _figures(
    found: Tally, utility: Floats, draws: Floats, undecided: Floats, all_draws: Floats
) -> dict[str, Estimate]:
    """`undecided` (sessions, then those of which nothing is scored,): further moments at which it abstains, for their
    judgement is unscored; no other figure knows them. `all_draws` are of these sessions.
    """
    said = found.hits + found.false_alarms
    sessions, moments = np.ones((len(found.moments), 1)), found.moments[:, None]
    parts = {
        "speaks_per_session": (said, sessions),
        "false_alarm_rate": (found.false_alarms, found.false_alarms + found.correct_silences),
        "false_alarm_ratio": (found.false_alarms, said),
        "recall": (found.hits, found.hits + found.withheld),
        "utility": (utility, moments - found.abstained),
    }
    items = int(moments.sum())
    figures = {
        name: ratio(top[:, 0], bottom[:, 0], draws, items=items) for name, (top, bottom) in parts.items()
    }
    further = (0, len(undecided) - len(found.moments))
    every = np.pad(found.moments, further) + undecided
    figures["abstained"] = ratio(
        np.pad(found.abstained[:, 0], further) + undecided,
        every,
        all_draws,
        items=int(every.sum()),
    )
    return {name: figures[name] for name in FIGURES}


def _per_moment(sums: Floats, moments: Floats, draws: Floats) -> Estimate:
    """Mean over the grid of (sessions, shares) sums per moment."""
    return ratio(sums.mean(axis=1), moments, draws, items=int(moments.sum()))


def _utility_row(name: str, sums: Floats, moments: Floats, draws: Floats) -> UtilityRow:
    return UtilityRow(
        name=name,
        baseline=name in BASELINES,
        utilities=tuple((sums.sum(axis=0) / moments.sum()).tolist()),
        mean=_per_moment(sums, moments, draws),
    )
