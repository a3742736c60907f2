"""Assistants that played the same scenes, ranked by what they were worth to the users, and whether other users turn it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tactful.gym.card.limits import checked
from tactful.gym.card.types import Check, Ranked, Ranking
from tactful.gym.summary import utility
from tactful.gym.types import GymEpisode
from tactful.stats import FEWEST_GROUPS, Estimate
from tactful.stats.bootstrap import estimate, group_draws, grouped_mean
from tactful.stats.shares import GroupSums

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
    sums = GroupSums()
    for one in episodes:
        sums.add(one.group, utility(one, false_alarm=false_alarm, miss=miss), len(one.open_rounds))
    return {group: PER * total / rounds for group, (total, rounds) in sorted(sums.items()) if rounds}


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
    """Do assistants, two or more, stand in the same order under fitted users?

    By pairs of them whose order is clear under the default users: whose paired interval over scenes leaves out 0.
    """
    names = [name for name in default if name in fitted]
    first, other = (_table(played, names, false_alarm, miss) for played in (default, fitted))
    scenes = [str(at) for at in range(len(first))]
    gaps = {
        (a, b): grouped_mean(first[:, a] - first[:, b], scenes, seed=seed)
        for a, b in combinations(range(len(names)), 2)
    }
    pairs = [pair for pair, gap in gaps.items() if _is_clear(gap)]
    sizes = {"items": sum(map(len, (*default.values(), *fitted.values()))), "groups": len(first)}
    if pairs:
        draws = group_draws(len(first), _RESAMPLES, seed)
        whole = _alike(first.sum(axis=0)[None], other.sum(axis=0)[None], pairs)
        drawn = _alike(draws @ first, draws @ other, pairs).mean(axis=1)
        figure = estimate(float(whole.mean()), drawn, **sizes)
        turned = [
            f"{names[a]} and {names[b]}" for (a, b), same in zip(pairs, whole[0], strict=True) if not same
        ]
    else:
        figure, turned = Estimate(value=None, **sizes), []
    told = f"{len(pairs)} of {len(gaps)} pairs are clear under the default users"
    return checked(
        "ranking",
        f"pairs of the assistants {', '.join(names)}, clearly ordered by utility under the default users, that stand "
        "in the same order under fitted ones",
        figure,
        side="users",
        note=f"{told}; turned: {'; '.join(turned)}" if turned else told,
    )


def _is_clear(gap: Estimate) -> bool:
    """Whether the interval leaves out 0; without one, for all scenes alike, whether the value does."""
    if gap.low is None or gap.high is None:
        return bool(gap.value) and gap.groups >= FEWEST_GROUPS
    return gap.low > 0 or gap.high < 0


def _table(played: Played, names: Sequence[str], false_alarm: float, miss: float) -> Array:
    """(scenes that all of them played, assistants): utility."""
    each = [worth_by_scene(played[name], false_alarm=false_alarm, miss=miss) for name in names]
    both = sorted(set.intersection(*(set(one) for one in each))) if each else []
    return np.array([[one[group] for one in each] for group in both]).reshape(len(both), len(names))


def _alike(one: Array, other: Array, pairs: Sequence[tuple[int, int]]) -> Array:
    """(rows, pairs): whether each pair stands in the same order in both."""
    left, right = np.array(pairs).T
    return np.asarray(np.sign(one[:, left] - one[:, right]) == np.sign(other[:, left] - other[:, right]))
