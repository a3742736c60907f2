"""Can simulated persons be told apart by what they do, and are they further apart than people?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tactful.gym.card.limits import checked
from tactful.gym.card.log import Reaction, Recorded, Session, by_person, users_of
from tactful.gym.card.telling import FOLDS, crossed
from tactful.gym.card.types import Check
from tactful.gym.card.words import KINDS, kind_of_event
from tactful.gym.types import GymEpisode
from tactful.stats import FEWEST_GROUPS, Estimate, group_folds
from tactful.stats.auroc import group_auroc
from tactful.stats.bootstrap import estimate, group_draws

Array = NDArray[Any]
TRAITS = ("openness", "patience", "skill", "focus", "pace")
NEEDS_OFFERS = frozenset({"openness", "patience"})
"""Traits that nobody can show to whom nothing is offered."""
_RESAMPLES = 500


def person_checks(
    episodes: Sequence[GymEpisode], simulated: Recorded, people: Recorded | None, *, seed: int = 0
) -> tuple[list[Check], Mapping[str, Estimate]]:
    """The checks, and for each trait how well its upper half is told from its lower."""
    traits, mean = told_apart(episodes, simulated, seed=seed)
    checks = [
        checked(
            "persons alike",
            "AUROC of telling the upper half of a trait from the lower by behaviour, the mean of the traits; "
            "other scenes were learnt from",
            mean,
            side="persons",
        )
    ]
    if people is not None:
        checks += _exaggerated(simulated, people, seed=seed)
    return checks, traits


# ---------------------------------------------------------------- told apart


def told_apart(
    episodes: Sequence[GymEpisode], simulated: Recorded, *, seed: int = 0
) -> tuple[dict[str, Estimate], Estimate]:
    """AUROC for each trait that differs among the persons, and their mean."""
    played = zip(episodes, users_of(episodes), strict=True)
    whose = [(one, user) for one, user in played if one.traits is not None and one.events]
    known = [one for one, _ in whose]
    names, index = np.unique([one.group for one in known], return_inverse=True)
    empty = Estimate(value=None, items=len(known), groups=len(names))
    if len(names) < max(FEWEST_GROUPS, FOLDS):
        return {}, empty
    features = _behaviours(whose, simulated.reactions)
    fold_of = group_folds([one.group for one in known], FOLDS, seed)
    folds = np.array([fold_of[one.group] for one in known])
    offers = len(simulated.reactions) / len(known)
    draws = group_draws(len(names), _RESAMPLES, seed)
    values, drawn = {}, {}
    for trait in TRAITS:
        level = np.array([getattr(one.traits, trait) for one in known], dtype=float)
        upper = level > np.median(level)
        if not upper.any() or (trait in NEEDS_OFFERS and offers < 1):
            continue
        p = crossed(features, upper, folds, 0.3)
        whole = group_auroc(p, upper, index, np.ones((1, len(names))))
        values[trait], drawn[trait] = float(whole[0]), group_auroc(p, upper, index, draws)
    if not values:
        return {}, empty
    sizes = {"items": len(known), "groups": len(names)}
    each = {trait: estimate(values[trait], drawn[trait], **sizes) for trait in values}
    mean = estimate(float(np.mean(list(values.values()))), np.mean(list(drawn.values()), axis=0), **sizes)
    return each, mean


def _behaviours(episodes: Sequence[tuple[GymEpisode, str]], reactions: Sequence[Reaction]) -> Array:
    """(episodes, features): gaps, kinds of events, reactions, length."""
    told = by_person(reactions)
    return np.array([_behaviour(one, told.get((one.group, user), ())) for one, user in episodes])


def _behaviour(episode: GymEpisode, reactions: Sequence[Reaction]) -> list[float]:
    events = tuple(event for step in episode.steps for event in step.events)
    gaps = np.array(Session(episode.id, episode.group, events).gaps or [0.0])
    logs = np.log1p(gaps)
    kinds = [kind_of_event(event.text) for event in events] or [""]
    changes = sum(a != b for a, b in pairwise(kinds)) / len(kinds)
    offers = len(reactions) or 1
    share = {
        verdict: sum(one.verdict == verdict for one in reactions) / offers
        for verdict in ("accepted", "rejected", "ignored")
    }
    early = [one.accepted for one in reactions if one.refused_before <= 1]
    late = [one.accepted for one in reactions if one.refused_before > 1]
    return [
        float(np.median(logs)),
        float(logs.mean()),
        float(logs.std()),
        float(np.log1p(np.max(gaps))),
        float(np.log1p(len(events))),
        float(np.log1p(len(episode.steps))),
        changes,
        *(kinds.count(kind) / len(kinds) for kind in KINDS),
        *share.values(),
        float(len(reactions) > 0),
        float(np.mean(early)) if early else share["accepted"],
        float(np.mean(late)) if late else share["accepted"],
        float(episode.end == "left"),
        float(episode.end == "goal"),
    ]


# ---------------------------------------------------------------- further apart than people?


def _exaggerated(simulated: Recorded, people: Recorded, *, seed: int) -> list[Check]:
    told = {
        "pace": (
            "how far the mean log gaps of simulated persons lie apart beyond chance, over how far people's do",
            [_pace(one) for one in simulated.sessions],
            [_pace(one) for one in people.sessions],
        ),
        "acceptance": (
            "how far the acceptance of simulated persons lies apart beyond chance, over how far people's does",
            _takers(simulated.reactions),
            _takers(people.reactions),
        ),
    }
    return [
        checked(f"persons exaggerated: {name}", asks, _spread_ratio(mine, real, seed), side="persons")
        for name, (asks, mine, real) in told.items()
        if name == "pace" or people.reactions
    ]


_Row = tuple[str, float, float]  # group, mean of a person, variance of that mean by chance


def _pace(session: Session) -> _Row:
    logs = np.log1p(np.array(session.gaps))
    if len(logs) < FEWEST_GROUPS:
        return session.group, np.nan, np.nan
    return session.group, float(logs.mean()), float(logs.var(ddof=1) / len(logs))


def _takers(reactions: Sequence[Reaction]) -> list[_Row]:
    rows = []
    for (group, _), told in by_person(reactions).items():
        p = float(np.mean([one.accepted for one in told]))
        rows.append((group, p, p * (1 - p) / (len(told) - 1)) if len(told) >= 3 else (group, np.nan, np.nan))
    return rows


def _spread_ratio(mine: Sequence[_Row], real: Sequence[_Row], seed: int) -> Estimate:
    """Ratio of the standard deviations between persons, chance taken out; undefined where people do not differ."""
    sides = [[row for row in rows if np.isfinite(row[1])] for rows in (mine, real)]
    groups = [sorted({row[0] for row in rows}) for rows in sides]
    sizes = {"items": sum(map(len, sides)), "groups": min(map(len, groups))}
    if sizes["groups"] < 2:
        return Estimate(value=None, **sizes)
    tables = [_moments(rows, names) for rows, names in zip(sides, groups, strict=True)]
    drawn = [group_draws(len(table), _RESAMPLES, seed + side) @ table for side, table in enumerate(tables)]
    whole = [table.sum(axis=0)[None, :] for table in tables]
    return estimate(
        float((_between(whole[0]) / _between(whole[1]))[0]), _between(drawn[0]) / _between(drawn[1]), **sizes
    )


def _moments(rows: Sequence[_Row], names: Sequence[str]) -> Array:
    """(groups, 4): persons, sum of their means, of the squares, of the variances by chance."""
    found = np.zeros((len(names), 4))
    for group, mean, noise in rows:
        found[names.index(group)] += (1.0, mean, mean * mean, noise)
    return found


def _between(sums: Array) -> Array:
    """Standard deviation between persons beyond chance, for each row of sums; NaN where none is left."""
    with np.errstate(invalid="ignore", divide="ignore"):
        count, total, squares, noise = sums.T
        variance = (squares - total**2 / count) / (count - 1) - noise / count
        return np.where(variance > 0, np.sqrt(np.maximum(variance, 0)), np.nan)
