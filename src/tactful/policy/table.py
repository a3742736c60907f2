"""Decisions and preference pairs as columns: what both heads of the embedded policy train on."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields, replace
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tactful.errors import UserError
from tactful.policy.features import feature_vector
from tactful.types import PreferencePair

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
_ROUNDING = 1e-9


@dataclass(frozen=True)
class PairTable:
    """n pairs over `actions`. Row i of `states` is the decision point at which `chosen[i]` beat `rejected[i]`."""

    actions: tuple[str, ...]
    states: Floats
    """(n, number of features)"""
    chosen: Ints
    rejected: Ints
    margin: Floats
    """chosen reward − rejected reward, > 0; the weight of the pair."""
    chosen_reward: Floats
    rejected_reward: Floats
    groups: NDArray[Any]
    """Base task of each pair: what folds go by."""

    def __len__(self) -> int:
        return len(self.margin)

    def take(self, rows: NDArray[Any]) -> PairTable:
        """The pairs at `rows` (indices or a mask)."""
        columns = [column.name for column in fields(self) if column.name != "actions"]
        return replace(self, **{name: getattr(self, name)[rows] for name in columns})

    @classmethod
    def from_pairs(cls, pairs: Iterable[PreferencePair], actions: Sequence[str] | None = None) -> PairTable:
        """Columns of `pairs`. `actions` fixes their order (least to most asking); default: order of name.

        Raises UserError when there is no pair or an action is not among `actions`.
        """
        rows = list(pairs)
        if not rows:
            raise UserError("there is no preference pair to train on; look at what 'calibrate pairs' dropped")
        seen = {pair.chosen_action for pair in rows} | {pair.rejected_action for pair in rows}
        order = tuple(actions) if actions else intensity_order(seen)
        if seen - set(order):
            raise UserError(f"the pairs name the actions {sorted(seen - set(order))}, expected {list(order)}")
        index = {action: position for position, action in enumerate(order)}
        return cls(
            actions=order,
            states=np.array([feature_vector(pair.state) for pair in rows], dtype=float),
            chosen=np.array([index[pair.chosen_action] for pair in rows]),
            rejected=np.array([index[pair.rejected_action] for pair in rows]),
            margin=np.array([pair.margin * pair.weight for pair in rows]),
            chosen_reward=np.array([pair.chosen_reward for pair in rows]),
            rejected_reward=np.array([pair.rejected_reward for pair in rows]),
            groups=np.array([pair.state.group or pair.state.id for pair in rows]),
        )

    @classmethod
    def from_returns(
        cls,
        actions: Sequence[str],
        states: Floats,
        decisions: NDArray[Any],
        action: Ints,
        reward: Floats,
        groups: NDArray[Any],
        *,
        min_margin: float = 0.0,
    ) -> PairTable:
        """All pairs of actions within each decision point.

        `decisions` (n,) names the decision point of each row (rows of one decision share their state);
        rows with a NaN reward are left out, and so are ties and pairs whose rewards differ by less than `min_margin`.
        """
        known = np.flatnonzero(~np.isnan(reward))
        order = known[np.argsort(decisions[known], kind="stable")]
        edges = np.flatnonzero(decisions[order][1:] != decisions[order][:-1]) + 1
        pairs = [
            pair
            for rows in np.split(order, edges)
            for pair in combinations(rows, 2)
            if action[pair[0]] != action[pair[1]]
        ]
        one, two = np.array(pairs, dtype=int).reshape(-1, 2).T
        better = reward[one] >= reward[two]
        chosen, rejected = np.where(better, one, two), np.where(better, two, one)
        wide = reward[chosen] - reward[rejected] >= max(min_margin - _ROUNDING, _ROUNDING)
        chosen, rejected = chosen[wide], rejected[wide]
        return cls(
            tuple(actions),
            states[chosen],
            action[chosen],
            action[rejected],
            reward[chosen] - reward[rejected],
            reward[chosen],
            reward[rejected],
            groups[chosen],
        )


def intensity_order(actions: Iterable[str]) -> tuple[str, ...]:
    """The built-in action names from least to most asking; other names after them, by name."""
    known = ("LOW", "Execute", "MID", "Clarify", "HIGH")
    return tuple(sorted(actions, key=lambda name: (known.index(name) if name in known else len(known), name)))
