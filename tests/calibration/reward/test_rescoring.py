import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.calibration.reward_fixtures import (
    FAILED,
    SOLVED,
    UNKNOWN,
    make_rewarded,
    make_step,
    make_trajectory,
)

from tactful.calibration.reward.rescoring import RewardColumns, rescore
from tactful.calibration.reward.rewards import RewardConfig, recompute, return_to_go
from tactful.calibration.reward.task_score import TaskScores
from tactful.errors import DataError

PLAN = TaskScores({"r1": 0.25, "r2": 1.0}, {"r1": 0.7, "r2": 0.3}, None)

steps = st.builds(
    make_step,
    action=st.sampled_from(["LOW", "MID", "HIGH"]),
    questions=st.integers(0, 4),
    rejected=st.booleans(),
    answered=st.booleans(),
    revealed=st.sampled_from([(), ("r1",)]),
    tokens=st.integers(0, 500),
    off_topic=st.booleans(),
)
shares = st.floats(0, 1)
scores = st.one_of(
    st.sampled_from([SOLVED, FAILED, UNKNOWN, PLAN]),
    st.builds(
        lambda a, b, w, whole: TaskScores({"r1": a, "r2": b}, {"r1": w, "r2": 1 - w}, whole),
        shares,
        shares,
        st.floats(0.01, 0.99),
        st.sampled_from([True, False, None]),
    ),
)
constants = st.floats(0, 5)
configs = st.builds(
    RewardConfig,
    form=st.sampled_from(["clarification", "weighted"]),
    delta=constants,
    gamma=constants,
    gamma_cap=constants,
    lam=constants,
    alpha=constants,
    too_long_tokens=st.integers(0, 500),
    task_score=st.sampled_from(["all-or-nothing", "share"]),
)


@st.composite
def rewarded(draw):
    made = draw(st.lists(steps, min_size=1, max_size=5))
    point = draw(st.integers(0, len(made) - 1))
    trajectory = make_trajectory(*made, mode="multi", decision_point=point, parent="main" if point else "")
    return make_rewarded(trajectory, draw(scores))


def same(one, other):
    return math.isnan(other) if one is None else abs(one - other) <= 1e-12


@pytest.mark.slow
@settings(max_examples=150, deadline=None)
@given(st.lists(rewarded(), max_size=8), configs)
def test_columns_give_what_the_scalar_functions_give(records, config):
    columns = RewardColumns.from_rewarded(records)
    whole = rescore(columns, config)
    to_go = rescore(columns, config, start=columns.decision_points)
    for row, record in enumerate(records):
        again = recompute(record, config)
        assert same(again.task_score, whole.task_score[row])
        assert same(again.interruption_cost, whole.interruption_cost[row])
        assert same(again.reward, whole.reward[row])
        branch = return_to_go(again, record.trajectory.decision_point, config)
        assert same(branch and branch.reward, to_go.reward[row])


def test_file_gives_the_same_columns_as_records(tmp_path: Path):
    records = [
        make_rewarded(make_trajectory(make_step("MID", questions=2), make_step(solves=True)), SOLVED),
        make_rewarded(make_trajectory(make_step("HIGH", rejected=True)), UNKNOWN),
        make_rewarded(make_trajectory(), PLAN),
    ]
    path = tmp_path / "records.jsonl"
    path.write_text("".join(record.model_dump_json() + "\n" for record in records))
    read, made = RewardColumns.from_jsonl(path), RewardColumns.from_rewarded(records)
    assert (read.ids, read.actions, read.groups) == (made.ids, made.actions, made.groups)
    for name in ("share", "all_or_nothing", "row", "position", "questions", "rejected", "passes"):
        np.testing.assert_array_equal(getattr(read, name), getattr(made, name))


def test_nothing_re_scores_to_nothing():
    scores = rescore(RewardColumns.from_rewarded([]), RewardConfig())
    assert [len(column) for column in scores] == [0, 0, 0]


def test_file_that_holds_no_rewarded_trajectories_is_refused_with_its_line(tmp_path: Path):
    path = tmp_path / "pairs.jsonl"
    path.write_text(make_rewarded(make_trajectory()).model_dump_json() + '\n{"id": 1}\n')
    with pytest.raises(DataError, match=r"pairs\.jsonl:2: .*calibrate reward"):
        RewardColumns.from_jsonl(path)
