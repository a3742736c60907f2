"""Assistants that played the same scenes, ranked by what they were worth to the users, and whether other users turn it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tactful.gym.card.limits import LIMITS
from tactful.gym.card.types import Check, Ranked, Ranking
from tactful.gym.summary import utility
from tactful.gym.types import GymEpisode
from tactful.stats import Estimate
from tactful.stats.bootstrap import estimate, group_draws, grouped_mean

Array = NDArray[Any]
PER = 100
"""Rounds that a utility is told for: whoever drives users away earns nothing by that."""
_RESAMPLES = 1000

Played = Mapping[str, Sequence[GymEpisode]]
"""Assistant → its episodes."""


def worth_by_scene(
    episodes: Sequence[GymEpisode], *, false_alarm: float, miss: float = 0.0
) -> dict[str, float]:
    """Group of scenes → utility per 100 rounds: 1 for an accepted offer, the costs for what was not, or not offered."""
    sums: dict[str, list[float]] = defaultdict(lambda: [0.0, 0.0])
    for one in episodes:
        sums[one.group][0] += utility(one, false_alarm=false_alarm, miss=miss)
        sums[one.group][1] += len(one.steps)
    return {group: PER * total / rounds for group, (total, rounds) in sorted(sums.items())}


def ranking(users: str, played: Played, *, false_alarm: float, miss: float = 0.0) -> Ranking:
    """The assistants, best first."""
    rows = []
    for assistant, episodes in played.items():
        worth = worth_by_scene(episodes, false_alarm=false_alarm, miss=miss)
        shown = [(one.group, step) for one in episodes for step in one.steps if step.shown]
        accepted = [float(step.outcome.verdict == "accepted") for _, step in shown]
        rows.append(
            Ranked(
                assistant=assistant,
                utility=grouped_mean(list(worth.values()), list(worth)),
                offers=len(shown),
                accepted=grouped_mean(accepted, [group for group, _ in shown]),
            )
        )
    return Ranking(users=users, rows=tuple(sorted(rows, key=lambda row: -(row.utility.value or 0.0))))


def advantage(
    mine: Sequence[GymEpisode], other: Sequence[GymEpisode], *, false_alarm: float, miss: float = 0.0
) -> Estimate:
    """Utility of one assistant less that of another, per 100 rounds, paired by scene."""
    ours = worth_by_scene(mine, false_alarm=false_alarm, miss=miss)
    theirs = worth_by_scene(other, false_alarm=false_alarm, miss=miss)
    both = sorted(ours.keys() & theirs.keys())
    return grouped_mean([ours[group] - theirs[group] for group in both], both)


def ranking_check(
    default: Played, fitted: Played, *, false_alarm: float, miss: float = 0.0, seed: int = 0
) -> Check:
    """Do the same assistants, two or more, stand in the same order under fitted users? By pairs of them."""
    names = [name for name in default if name in fitted]
    tables = [_table(played, names, false_alarm, miss) for played in (default, fitted)]
    pairs = list(combinations(range(len(names)), 2))
    draws = group_draws(len(tables[0]), _RESAMPLES, seed) / max(1, len(tables[0]))
    drawn = _alike(draws @ tables[0], draws @ tables[1], pairs)
    whole = {
        pair: float(_alike(tables[0].mean(axis=0)[None], tables[1].mean(axis=0)[None], [pair])[0])
        for pair in pairs
    }
    sizes = {"items": sum(map(len, (*default.values(), *fitted.values()))), "groups": len(tables[0])}
    figure = estimate(float(np.mean(list(whole.values()))), drawn, **sizes)
    turned = [f"{names[a]} and {names[b]}" for (a, b), same in whole.items() if not same]
    return Check(
        name="ranking",
        asks=f"pairs of the assistants {', '.join(names)} that stand in the same order of utility under fitted users",
        side="users",
        figure=figure,
        limit=LIMITS["ranking"],
        note=f"turned: {'; '.join(turned)}" if turned else "",
    )


def _table(played: Played, names: Sequence[str], false_alarm: float, miss: float) -> Array:
    """(scenes that all of them played, assistants): utility."""
    each = [worth_by_scene(played[name], false_alarm=false_alarm, miss=miss) for name in names]
    both = sorted(set.intersection(*(set(one) for one in each))) if each else []
    return np.array([[one[group] for one in each] for group in both]).reshape(len(both), len(names))


def _alike(one: Array, other: Array, pairs: Sequence[tuple[int, int]]) -> Array:
    """Share of the pairs that stand in the same order in both, for each row."""
    same = [np.sign(one[:, a] - one[:, b]) == np.sign(other[:, a] - other[:, b]) for a, b in pairs]
    return np.asarray(np.mean(same, axis=0))
