"""A log's decisions for off-policy estimates. The reward is 1 where asking, or answering, was right, 0 where it was not."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tactful.mend.situations import need_of
from tactful.mend.types import LoggedTurn
from tactful.stats.offpolicy import LoggedDecisions, cross_fitted


def logged_decisions(turns: Sequence[LoggedTurn], asks: Sequence[float]) -> LoggedDecisions:
    """Those of `turns` with a propensity and a known outcome; `asks`: probability that the policy asks at each."""
    rows = [
        (turn, chance)
        for turn, chance in zip(turns, asks, strict=True)
        if turn.propensity is not None and turn.right is not None
    ]
    groups = [turn.state.group for turn, _ in rows]
    asked = np.array([turn.asked for turn, _ in rows], dtype=bool)
    chance = np.array([chance for _, chance in rows], dtype=float)
    reward = np.array([turn.right for turn, _ in rows], dtype=float)
    if_asked, if_answered = cross_fitted([need_of(turn) for turn, _ in rows], asked, reward, groups)
    return LoggedDecisions(
        propensity=np.array([turn.propensity for turn, _ in rows], dtype=float),
        target=np.where(asked, chance, 1 - chance),
        reward=reward,
        model_taken=np.where(asked, if_asked, if_answered),
        model_target=chance * if_asked + (1 - chance) * if_answered,
        groups=groups,
    )
