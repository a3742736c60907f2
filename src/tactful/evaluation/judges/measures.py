"""Figures of a judge of moments over resampled sessions: every statistic is recomputed in every draw, all at once.

All but AUROC are functions of sums over items, so a draw of sessions is a weighted sum of each session's own sums.
AUROC is computed in each draw from the items' weights over one common order of the probabilities.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tactful.evaluation.judges.results import (
    CATEGORIES,
    FIGURES,
    Agreement,
    Bin,
    Calibration,
    Floor,
    Kind,
)
from tactful.reward.types import Acceptance
from tactful.stats.bootstrap import Estimate, grouped_mean
from tactful.types import LabelledMoment

Array = NDArray[Any]
BINS = 10
"""Bins of equal mass for the calibration error."""
SIMULATIONS = 1000
"""Simulated sets of verdicts behind a floor."""
_CELLS = 2_000_000  # numbers held at a time by one step of the AUROC
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


def session_draws(sessions: int, resamples: int, seed: int) -> Array:
    """(resamples, sessions): how often each session is drawn."""
    if not sessions:
        return np.zeros((resamples, 0))
    rng = np.random.default_rng(seed)
    return rng.multinomial(sessions, np.full(sessions, 1 / sessions), resamples).astype(float)


def estimate(value: float, draws: Array, *, items: int, groups: int, unscored: int = 0) -> Estimate:
    """A value with the 2.5% and 97.5% quantiles of its draws.

    `value` None where it is undefined; the interval is not estimable from one session, when a tenth of the draws is
    undefined, or when all draws are equal.
    """
    sizes = {"items": items, "groups": groups, "unscored": unscored}
    if not np.isfinite(value):
        return Estimate(value=None, low=None, high=None, **sizes)
    known = draws[np.isfinite(draws)]
    if groups < 2 or len(known) < 0.9 * len(draws) or np.ptp(known) < 1e-12:
        return Estimate(value=float(value), low=None, high=None, **sizes)
    low, high = np.quantile(known, [0.025, 0.975])
    return Estimate(value=float(value), low=float(low), high=float(high), **sizes)


# ---------------------------------------------------------------- verdicts and probabilities


def figure_draws(columns: Columns, draws: Array, *, equal: bool) -> dict[str, Array]:
    """`FIGURES` and `category:NAME` in every draw, (draws,) each; NaN where undefined.

    `equal` gives the categories that occur equal weight and takes the probabilities `even`; a draw without one of
    these categories is undefined.
    """
    if equal:
        columns = replace(columns, p=columns.even)
    sums = _by_session(columns, columns.sessions, _sum_columns(columns))
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
    """AUROC in every draw; ties count one half; NaN where a draw holds one class only.

    `weight` (draws, categories): weight of one moment of the category, default 1.
    """
    order = np.argsort(columns.p, kind="stable")
    starts = np.flatnonzero(np.diff(columns.p[order], prepend=-1.0))
    accepted = columns.accepted[order] > 0
    session, category = columns.session[order], columns.category[order]
    found = np.full(len(draws), np.nan)
    if not accepted.any() or accepted.all():
        return found
    step = max(1, _CELLS // len(order))
    for at in range(0, len(draws), step):
        part = slice(at, at + step)
        mass = draws[part][:, session]
        if weight is not None:
            mass = np.where(mass > 0, mass * weight[part][:, category], 0.0)
        above = np.add.reduceat(np.where(accepted, mass, 0.0), starts, axis=1)
        below = np.add.reduceat(np.where(accepted, 0.0, mass), starts, axis=1)
        wins = (above * (np.cumsum(below, axis=1) - below / 2)).sum(axis=1)
        with np.errstate(invalid="ignore", divide="ignore"):
            found[part] = wins / (above.sum(axis=1) * below.sum(axis=1))
    if weight is not None:
        found[np.isnan(weight).any(axis=1)] = np.nan
    return found


def _sum_columns(columns: Columns) -> Array:
    here = np.eye(len(CATEGORIES))[columns.category]
    squared = (columns.p - columns.accepted) ** 2
    return np.hstack([here, here * columns.said[:, None], here * squared[:, None]])


def _by_session(columns: Columns, sessions: int, values: Array) -> Array:
    sums = np.zeros((sessions, values.shape[1]))
    np.add.at(sums, columns.session, values)
    return sums


def estimates(columns: Columns, draws: Array, *, equal: bool, unscored: int = 0) -> dict[str, Estimate]:
    """`FIGURES` and `category:NAME` with their intervals. Empty for no moment."""
    if not len(columns.p):
        return {}
    whole = figure_draws(columns, np.ones((1, columns.sessions)), equal=equal)
    drawn = figure_draws(columns, draws, equal=equal)
    sizes = {"items": len(columns.p), "groups": columns.sessions, "unscored": unscored}
    return {name: estimate(float(value[0]), drawn[name], **sizes) for name, value in whole.items()}


def difference(one: Columns, other: Columns, draws: Array) -> dict[str, Estimate]:
    """`FIGURES` of `one` minus those of `other`, the same moments and draws, categories weighted equally."""
    if not len(one.p):
        return {}
    whole = np.ones((1, one.sessions))
    first, second = (figure_draws(item, whole, equal=True) for item in (one, other))
    left, right = (figure_draws(item, draws, equal=True) for item in (one, other))
    sizes = {"items": len(one.p), "groups": one.sessions}
    return {
        name: estimate(float(first[name][0] - second[name][0]), left[name] - right[name], **sizes)
        for name in FIGURES
    }


# ---------------------------------------------------------------- calibration


def bin_places(p: Array) -> Array:
    """The bin of each probability: ten of equal mass, equal probabilities in one bin, so there may be fewer."""
    edges = np.unique(np.quantile(p, np.arange(1, BINS) / BINS))
    return np.asarray(np.unique(np.searchsorted(edges, p, side="left"), return_inverse=True)[1])


def calibration(columns: Columns, kind: Kind, *, resamples: int, seed: int) -> Calibration | None:
    """Calibration of one kind of moment; None when there is none. Bins are those of the whole set in every draw."""
    mine = columns.take(columns.of_kind(kind))
    if not len(mine.p):
        return None
    places = bin_places(mine.p)
    bins = np.eye(places.max() + 1)[places]
    values = np.hstack([bins * mine.p[:, None], bins * mine.accepted[:, None], np.ones((len(mine.p), 1))])
    sums = _by_session(mine, mine.sessions, values)
    draws = session_draws(mine.sessions, resamples, seed)
    rates = np.random.default_rng(seed).random((SIMULATIONS, len(mine.p))) < mine.p
    count, total, hits = bins.sum(axis=0), mine.p @ bins, mine.accepted @ bins
    gaps, simulated = _session_gaps(mine, rates)
    return Calibration(
        kind=kind,
        items=len(mine.p),
        mean_p=float(mine.p.mean()),
        rate=float(mine.accepted.mean()),
        ece=estimate(
            float(_ece(sums.sum(axis=0)[None, :])[0]),
            _ece(draws @ sums),
            items=len(mine.p),
            groups=mine.sessions,
        ),
        ece_floor=_floor(np.abs(rates @ bins - total).sum(axis=1) / len(mine.p)),
        session_gap=grouped_mean(gaps, np.arange(len(gaps)).astype(str), seed=seed),
        session_gap_floor=_floor(simulated),
        bins=tuple(
            Bin(
                p_accept=min(1.0, float(total[at] / count[at])),
                rate=float(hits[at] / count[at]),
                items=int(count[at]),
            )
            for at in range(len(count))
        ),
    )


def _ece(batch: Array) -> Array:
    width = (batch.shape[1] - 1) // 2
    gaps = np.abs(batch[:, :width] - batch[:, width : 2 * width]).sum(axis=1)
    return np.asarray(gaps / batch[:, -1])


def _session_gaps(columns: Columns, simulated: Array) -> tuple[Array, Array]:
    """(|mean p − rate| of each session, its mean over sessions in each simulation)."""
    member = np.eye(columns.sessions)[columns.session] / np.bincount(columns.session)
    mean_p = columns.p @ member
    return np.abs(mean_p - columns.accepted @ member), np.abs(simulated @ member - mean_p).mean(axis=1)


def _floor(errors: Array) -> Floor:
    return Floor(mean=float(errors.mean()), high=float(np.quantile(errors, 0.95)))


# ---------------------------------------------------------------- agreement


def alpha_of_sums(batch: Array) -> Array:
    """Krippendorff's alpha (nominal, two values) of sums (…, 3): disagreement, values for, values in all.

    A unit with m values of which k are 'for' adds k·(m − k)/(m − 1), k and m; NaN where only one value occurs.
    """
    disagreement, ones, total = batch[..., 0], batch[..., 1], batch[..., 2]
    with np.errstate(invalid="ignore", divide="ignore"):
        expected = ones * (total - ones) / (total - 1)
        return np.asarray(np.where(expected > 1e-12, 1 - disagreement / expected, np.nan))


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
    sums = _by_session(columns, columns.sessions, values)
    groups = len(np.unique(columns.session[used]))
    value = float(alpha_of_sums(sums.sum(axis=0))) if len(values) else np.nan
    return estimate(value, alpha_of_sums(draws @ sums), items=int(used.sum()), groups=groups)


def prefixed(found: Mapping[str, Estimate], prefix: str) -> dict[str, Estimate]:
    """The entries whose names begin with `prefix`, without it."""
    return {name.removeprefix(prefix): value for name, value in found.items() if name.startswith(prefix)}
