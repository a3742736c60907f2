"""What cross-fitting trains on is what `calibrate pairs --select all` writes."""

import asyncio
from collections import Counter

import numpy as np
import pytest
from tests.calibration.playing import context, stage
from tests.calibration.reward_fixtures import make_pairs, make_state, one_step
from tests.evaluation.worlds import ACTIONS

from tactful.calibration.pairs import PairConfig
from tactful.calibration.pipeline import sessions
from tactful.calibration.play.personas import choose_personas
from tactful.calibration.reward.rewards import RewardConfig, reward
from tactful.calibration.reward.task_score import TaskScorer
from tactful.calibration.tasks.states import synthetic_states
from tactful.errors import UserError
from tactful.evaluation.policies.training_data import Decisions
from tactful.policy.table import PairTable

LEVELS = ("LOW", "MID", "HIGH")


@pytest.fixture(scope="module")
def rewarded():
    """Planning rollouts: mainlines and branches, three users, several tasks each."""
    people = choose_personas((), "planning")[:3]

    async def play():
        found = []
        for session in sessions(
            synthetic_states("planning", 12, 1), personas=lambda domain: people, tasks_per_user=4
        ):
            found += await stage()(session, context())
        return found

    trajectories = asyncio.run(play())
    with TaskScorer() as scorer:
        scores = scorer.score_all(trajectories)
    return [reward(*both, RewardConfig()) for both in zip(trajectories, scores, strict=True)]


def rows_of(table: PairTable) -> Counter:
    return Counter(
        zip(
            map(str, table.groups),
            (table.actions[i] for i in table.chosen),
            (table.actions[i] for i in table.rejected),
            np.round(table.margin, 6).tolist(),
            np.round(table.chosen_reward, 6).tolist(),
            (tuple(np.round(row, 9)) for row in table.states),
            strict=True,
        )
    )


@pytest.mark.parametrize("min_margin", [0.0, 0.05, 0.1, 0.3])
@pytest.mark.parametrize(
    "config", [RewardConfig(), RewardConfig(form="weighted"), RewardConfig(lam=0.3, delta=0.2)]
)
def test_pairs_are_those_of_the_command_with_their_margins(rewarded, min_margin, config):
    from tactful.calibration.reward.rewards import recompute

    again = [recompute(row, config) for row in rewarded]
    pairs, _ = make_pairs(again, PairConfig(select="all", min_margin=min_margin), config)
    ours = Decisions.from_rewarded(rewarded, LEVELS).pairs(config, min_margin=min_margin)
    theirs = PairTable.from_pairs(pairs, LEVELS)
    assert len(ours) == len(theirs) > 20
    assert rows_of(ours) == rows_of(theirs)


def test_a_margin_of_exactly_the_least_is_kept():
    # 0.5 − 0.4 is a little less than 0.1 in floating point.
    rows = [one_step("LOW", 0.5), one_step("MID", 0.4)]
    config = RewardConfig(task_score="share")
    table = Decisions.from_rewarded(rows, ACTIONS).pairs(config, min_margin=0.1)
    pairs, _ = make_pairs(rows, PairConfig(select="all", min_margin=0.1), config)
    assert len(table) == len(pairs) == 1


def test_ties_and_unscored_futures_give_no_pair():
    rows = [
        one_step("LOW", 0.5, state=make_state("a-open")),
        one_step("MID", 0.5, state=make_state("a-open")),
        one_step("LOW", None, state=make_state("b-open")),
        one_step("MID", 0.5, state=make_state("b-open")),
    ]
    config = RewardConfig(task_score="share")
    assert len(Decisions.from_rewarded(rows, ACTIONS).pairs(config, min_margin=0.0)) == 0


def test_other_passes_and_users_are_never_compared():
    rows = [
        one_step("LOW", 0.9, persona="calm"),
        one_step("MID", 0.1, persona="hurried"),
        one_step("MID", 0.2, persona="calm", pass_index=1),
    ]
    table = Decisions.from_rewarded(rows, ACTIONS).pairs(RewardConfig(task_score="share"), min_margin=0.0)
    assert len(table) == 0


def test_nothing_and_unknown_actions_are_told():
    with pytest.raises(UserError, match="no rewarded trajectory of this domain"):
        Decisions.from_rewarded([], ACTIONS)
    with pytest.raises(UserError, match=r"actions \['HIGH'\], expected \['LOW', 'MID'\]"):
        Decisions.from_rewarded([one_step("HIGH", 1.0)], ACTIONS)
