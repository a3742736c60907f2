import tomllib
from pathlib import Path

import pytest
from tests.calibration.reward_fixtures import (
    FAILED,
    SOLVED,
    UNKNOWN,
    make_rewarded,
    make_step,
    make_trajectory,
)

from tactful.calibration.reward.rewards import (
    RewardConfig,
    alternatives,
    load_reward_config,
    recompute,
    return_to_go,
)
from tactful.calibration.types import Rewarded
from tactful.errors import ConfigError

GOOD = make_step("MID", questions=1, answered=True, revealed=["r1"])
BAD = make_step("MID", questions=1, rejected=True)
SOLVE = make_step("LOW", solves=True)


def test_reward_is_task_score_minus_interruption_cost():
    rewarded = make_rewarded(make_trajectory(BAD, SOLVE))
    assert rewarded.task_score == 1
    assert rewarded.interruption_cost == pytest.approx(0.8)
    assert rewarded.reward == pytest.approx(0.2)
    assert rewarded.reward_form == "clarification"


def test_failed_task_with_a_welcome_question_can_still_be_above_zero():
    assert make_rewarded(make_trajectory(GOOD, SOLVE), FAILED).reward == pytest.approx(0.2)


def test_unscored_task_leaves_the_reward_unscored_and_keeps_the_reason():
    rewarded = make_rewarded(make_trajectory(BAD, SOLVE), UNKNOWN)
    assert (rewarded.task_score, rewarded.reward) == (None, None)
    assert rewarded.interruption_cost == pytest.approx(0.8)
    assert rewarded.unscored_reason == "sandbox: broke"


def test_recompute_equals_a_fresh_reward_and_needs_only_the_record():
    other = RewardConfig(form="weighted", alpha=0.6, task_score="share")
    trajectory = make_trajectory(GOOD, BAD, SOLVE)
    stored = Rewarded.model_validate_json(make_rewarded(trajectory).model_dump_json())
    assert recompute(stored, other) == make_rewarded(trajectory, SOLVED, other)


def test_return_to_go_leaves_out_what_is_spent():
    rewarded = make_rewarded(make_trajectory(BAD, GOOD, SOLVE, mode="multi"))
    start, later, last = (return_to_go(rewarded, point, RewardConfig()) for point in range(3))
    # costs 0.8, −0.2, 0
    assert start.reward == pytest.approx(1 - 0.6)
    assert later.reward == pytest.approx(1 + 0.2)
    assert last.reward == 1
    assert [branch.action for branch in (start, later, last)] == ["MID", "MID", "LOW"]


def test_bonus_cap_holds_for_the_remaining_episode():
    rewarded = make_rewarded(make_trajectory(GOOD, GOOD, SOLVE))
    assert rewarded.interruption_cost == pytest.approx(0.2 - 0.3)
    assert return_to_go(rewarded, 1, RewardConfig()).interruption_cost == pytest.approx(0.1 - 0.3)


def test_return_to_go_of_an_unscored_trajectory_is_none():
    assert return_to_go(make_rewarded(make_trajectory(), UNKNOWN), 0, RewardConfig()) is None


def test_mainline_speaks_for_each_of_its_steps_and_a_branch_for_its_own():
    mainline = make_rewarded(make_trajectory(GOOD, SOLVE, mode="multi"))
    branch = make_rewarded(make_trajectory(GOOD, BAD, SOLVE, mode="multi", parent="main", decision_point=1))
    points = [(item.decision_point, item.step.action) for item in alternatives(mainline, RewardConfig())]
    assert points == [(0, "MID"), (1, "LOW")]
    points = [(item.decision_point, item.step.action) for item in alternatives(branch, RewardConfig())]
    assert points == [(1, "MID")]


def test_config_file_overrides_defaults(tmp_path: Path):
    (tmp_path / "R.toml").write_text('form = "weighted"\nalpha = 0.6\n')
    config = load_reward_config(tmp_path / "R.toml")
    assert (config.form, config.alpha, config.delta) == ("weighted", 0.6, 0.7)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("lamda = 0.2", ["R.toml", "unknown key 'lamda'", "lam"]),
        ("delta = -1", ["R.toml", "delta", "-1"]),
        ("delta = ", ["R.toml", "not valid TOML"]),
        ("alpha = nan", ["R.toml", "alpha"]),
        ("timeout_s = 0.0001", ["R.toml", "timeout_s", "0.0001"]),
        ("memory_mb = 100000000000000", ["R.toml", "memory_mb", "100000000000000"]),
        ('form = "other"', ["R.toml", "form", "other", "clarification"]),
    ],
)
def test_bad_config_names_file_key_and_value(tmp_path: Path, text: str, words: list[str]):
    path = tmp_path / "R.toml"
    path.write_text(text)
    with pytest.raises(ConfigError) as refused:
        load_reward_config(path)
    for word in words:
        assert word in str(refused.value)


def test_missing_config_file_is_one_sentence(tmp_path: Path):
    with pytest.raises(ConfigError, match="cannot read"):
        load_reward_config(tmp_path / "none.toml")


def test_documented_constants_are_the_defaults():
    text = (Path(__file__).parents[3] / "docs" / "concepts" / "rewards.md").read_text()
    block = text.split("```toml\n")[1].split("```")[0]
    assert tomllib.loads(block) == RewardConfig().model_dump()
