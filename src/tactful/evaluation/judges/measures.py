"""Figures of a judge of moments over resampled sessions: every statistic is recomputed in every draw, all at once.

All but AUROC are functions of sums over items, so a draw of sessions is a weighted sum of each session's own sums.
AUROC is computed in each draw from the items' weights over one common order of the probabilities.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from tactful.evaluation.judges.results import (
    CATEGORIES,
    FIGURES,
    Agreement,
    Bin,
    Calibration,
    Kind,
)
from tactful.reward.types import Acceptance
from tactful.stats import Estimate
from tactful.stats.agreement import alpha_of_sums
from tactful.stats.auroc import group_auroc
from tactful.stats.bootstrap import Array, estimate, group_sums, grouped_mean
from tactful.stats.calibration import binned, calibration_error, error_floor, floor_of, full_bins, simulated
from tactful.stats.estimate import FEWEST_GROUPS, FEWEST_OF_SKEWED
from tactful.types import LabelledMoment

_ACCEPTED = np.array([name in ("hit", "correct-silence") for name in CATEGORIES])
_KIND: Mapping[Kind, tuple[str, str]] = {
    "proposals": ("hit", "false-alarm"),
    "silences": ("missed-need", "correct-silence"),
}


@dataclass(frozen=True)
class Columns:
    """Scored moments, one entry each."""

    accepted: Array
    """What people said: 1.0 or 0.0."""
    said: Array
    """The verdict: 1.0 accepted, 0.0 rejected; 0.5 is a coin, whose expected counts are taken."""
    p: Array
    """Probability of acceptance."""
    even: Array
    """The same where all categories weigh the same: moved to even base rates, or as it is."""
    category: Array
    """Index into CATEGORIES."""
    session: Array
    """Index of the session."""
    votes: Array
    """(n, 2): votes for and votes in all; 0 where nobody voted."""

    def take(self, chosen: Array) -> Columns:
        """The chosen moments (mask or positions); sessions are numbered anew."""
        parts = {name: getattr(self, name)[chosen] for name in self.__dataclass_fields__}
        parts["session"] = np.unique(parts["session"], return_inverse=True)[1]
        return Columns(**parts)

    def judged(self, p: Array, said: Array, even: Array | None = None) -> Columns:
        """The same moments with other probabilities and verdicts."""
        return replace(self, p=p, said=said, even=p if even is None else even)

    @property
    def sessions(self) -> int:
        """Number of sessions."""
        return int(self.session.max()) + 1 if len(self.session) else 0

    def of_kind(self, kind: Kind) -> Array:
        """Mask of the moments with a proposal, or of the silent ones."""
        return np.isin(self.category, [CATEGORIES.index(name) for name in _KIND[kind]])


def is_scored(acceptance: Acceptance) -> bool:
    """Both the probability and the verdict are there."""
    return acceptance.p_accept is not None and acceptance.accepted is not None


def columns_of(items: Sequence[LabelledMoment], acceptances: Sequence[Acceptance]) -> Columns:
    """The columns of the scored moments; others are left out. `even` is `p`."""
    pairs = [pair for pair in zip(items, acceptances, strict=True) if is_scored(pair[1])]
    names = [item.moment.session for item, _ in pairs]
    return Columns(
        accepted=np.array([item.label.accepted for item, _ in pairs], dtype=float),
        said=np.array([one.accepted for _, one in pairs], dtype=float),
        p=np.array([one.p_accept for _, one in pairs], dtype=float),
        even=np.array([one.p_accept for _, one in pairs], dtype=float),
        category=np.array([CATEGORIES.index(item.category) for item, _ in pairs], dtype=int),
        session=np.unique(names, return_inverse=True)[1] if names else np.zeros(0, dtype=int),
        votes=np.array(
            [[sum(item.label.votes), len(item.label.votes)] for item, _ in pairs], dtype=float
        ).reshape(-1, 2),
    )


# ---------------------------------------------------------------- verdicts and probabilities


def figure_draws(columns: Columns, draws: Array, *, equal: bool) -> dict[str, Array]:
    """`FIGURES` and `category:NAME` in every draw, (draws,) each; NaN where undefined.

    `equal` gives the categories that occur equal weight and takes the probabilities `even`; a draw without one of
    these categories is undefined.
    """
    if equal:
        columns = replace(columns, p=columns.even)
    sums = group_sums(columns.session, _sum_columns(columns), columns.sessions)
    count, said, squared = np.split(draws @ sums, 3, axis=1)
    present = np.isin(np.arange(len(CATEGORIES)), columns.category)
    with np.errstate(invalid="ignore", divide="ignore"):
        weight = np.where(present, 1 / count, 0.0) if equal else np.ones_like(count)
        weight[~np.isfinite(weight)] = np.nan
        mass, yes = weight * np.where(present, count, 0.0), weight * np.where(present, said, 0.0)
        tp, fp = yes[:, _ACCEPTED].sum(axis=1), yes[:, ~_ACCEPTED].sum(axis=1)
        positive, negative = mass[:, _ACCEPTED].sum(axis=1), mass[:, ~_ACCEPTED].sum(axis=1)
        tn = negative - fp
        found = {
            "accuracy": (tp + tn) / (positive + negative),
            "balanced_accuracy": (tp / positive + tn / negative) / 2,
            "precision": tp / (tp + fp),
            "recall": tp / positive,
            "f1": 2 * tp / (positive + tp + fp),
            "auroc": auroc_draws(columns, draws, weight),
            "brier": (weight * np.where(present, squared, 0.0)).sum(axis=1) / (positive + negative),
        }
        right = np.where(_ACCEPTED, said, count - said) / count
    for at in np.flatnonzero(present):
        found[f"category:{CATEGORIES[at]}"] = right[:, at]
    return found


def auroc_draws(columns: Columns, draws: Array, weight: Array | None = None) -> Array:
    """AUROC in every draw of sessions; `weight` (draws, categories): weight of one moment of the category."""
    return group_auroc(columns.p, columns.accepted, columns.session, draws, weight, columns.category)


def _sum_columns(columns: Columns) -> Array:
    here = np.eye(len(CATEGORIES))[columns.category]
    squared = (columns.p - columns.accepted) ** 2
    return np.hstack([here, here * columns.said[:, None], here * squared[:, None]])


def estimates(columns: Columns, draws: Array, *, equal: bool, unscored: int = 0) -> dict[str, Estimate]:
    """`FIGURES` and `category:NAME` with their intervals. Empty for no moment."""
    return _over(columns, draws, lambda rows: figure_draws(columns, rows, equal=equal), unscored)


def difference(one: Columns, other: Columns, draws: Array) -> dict[str, Estimate]:
    """`FIGURES` of `one` minus those of `other`, the same moments and draws, categories weighted equally."""

    def gap(rows: Array) -> dict[str, Array]:
        mine, theirs = (figure_draws(item, rows, equal=True) for item in (one, other))
        return {name: mine[name] - theirs[name] for name in FIGURES}

    return _over(one, draws, gap)


def _over(
    columns: Columns, draws: Array, figures: Callable[[Array], dict[str, Array]], unscored: int = 0
) -> dict[str, Estimate]:
    """What `figures` makes of every session once, with the quantiles of what it makes of `draws`."""
    if not len(columns.p):
        return {}
    whole, drawn = figures(np.ones((1, columns.sessions))), figures(draws)
    return {
        name: estimate(
            float(value[0]),
            drawn[name],
            items=len(columns.p),
            groups=columns.sessions,
            unscored=unscored,
            fewest=FEWEST_OF_SKEWED if name == "brier" else FEWEST_GROUPS,
        )
        for name, value in whole.items()
    }


# ---------------------------------------------------------------- calibration


def calibration(columns: Columns, kind: Kind, *, seed: int) -> Calibration | None:
    """Calibration of one kind of moment; None when there is none."""
    mine = columns.take(columns.of_kind(kind))
    if not len(mine.p):
        return None
    places, outcomes = full_bins(mine.p), simulated(mine.p, seed)
    gaps, by_chance = _session_gaps(mine, outcomes)
    return Calibration(
        kind=kind,
        items=len(mine.p),
        mean_p=float(mine.p.mean()),
        rate=float(mine.accepted.mean()),
        ece=Estimate(
            value=calibration_error(mine.p, mine.accepted, places), items=len(mine.p), groups=mine.sessions
        ),
        ece_floor=error_floor(mine.p, places, outcomes),
        session_gap=grouped_mean(gaps, np.arange(len(gaps)).astype(str), seed=seed),
        session_gap_floor=floor_of(by_chance),
        bins=tuple(
            Bin(p_accept=min(1.0, mean_p), rate=rate, items=items)
            for mean_p, rate, items in binned(mine.p, mine.accepted, places)
        ),
    )


def _session_gaps(columns: Columns, outcomes: Array) -> tuple[Array, Array]:
    """(|mean p − rate| of each session, its mean over sessions in each simulation)."""
    member = np.eye(columns.sessions)[columns.session] / np.bincount(columns.session)
    mean_p = columns.p @ member
    return np.abs(mean_p - columns.accepted @ member), np.abs(outcomes @ member - mean_p).mean(axis=1)


# ---------------------------------------------------------------- agreement


def agreement(columns: Columns, draws: Array) -> Agreement:
    """The verdicts' agreement with the people's verdict and with single annotators."""
    said, verdict, (ones, total) = columns.said, columns.accepted, columns.votes.T
    apart = said * (1 - verdict) + verdict * (1 - said)
    with_verdict = np.stack([apart, said + verdict, np.full(len(said), 2.0)], axis=1)
    votes_apart = said * (total - ones) + (1 - said) * ones
    with_vote = np.stack([votes_apart, said * total + ones, 2 * total], axis=1)
    return Agreement(
        with_verdict=_alpha(columns, with_verdict, draws), with_annotator=_alpha(columns, with_vote, draws)
    )


def people_alpha(columns: Columns, draws: Array) -> Estimate:
    """The annotators' agreement among themselves, over moments with two votes or more."""
    ones, total = columns.votes.T
    several = total >= 2
    with np.errstate(invalid="ignore", divide="ignore"):
        apart = np.where(several, ones * (total - ones) / (total - 1), 0.0)
    values = np.stack([apart, np.where(several, ones, 0.0), np.where(several, total, 0.0)], axis=1)
    return _alpha(columns, values, draws)


def _alpha(columns: Columns, values: Array, draws: Array) -> Estimate:
    used = values[:, 2] > 0
    sums = group_sums(columns.session, values, columns.sessions)
    groups = len(np.unique(columns.session[used]))
    value = float(alpha_of_sums(sums.sum(axis=0))) if len(values) else np.nan
    return estimate(value, alpha_of_sums(draws @ sums), items=int(used.sum()), groups=groups)
