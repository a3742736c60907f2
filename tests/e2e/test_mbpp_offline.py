"""The main job on real input, offline: MBPP → states → rollouts → rewards → pairs → policy → evaluation."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.e2e.chain import PERSONAS, Shell, lines_of, mbpp_file, states_of

from tactful.evaluation.policies.report import read_evaluation


@pytest.mark.timeout(900)
@pytest.mark.parametrize(
    "tasks", [pytest.param(40, marks=pytest.mark.slow), pytest.param(474, marks=pytest.mark.soak)]
)
def test_all_tasks_are_accounted_for_at_every_step(tmp_path: Path, tasks: int) -> None:
    source, shell = tmp_path / "mbpp.jsonl", Shell(tmp_path)
    source.write_text(
        "".join(mbpp_file().read_text(encoding="utf-8").splitlines(keepends=True)[:tasks]), encoding="utf-8"
    )
    imported = shell.json("data", "import", "mbpp", source, "--out", "states.jsonl")
    assert imported["read"] == imported["imported"] + imported["quarantined"] + imported["bad"] == tasks
    states = states_of(tmp_path / "states.jsonl")
    assert len(states) == len({state.group for state in states}) == imported["imported"]
    assert imported["complete"] + imported["open"] == imported["imported"]
    assert (
        abs(imported["complete"] - imported["open"]) < 3 * imported["imported"] ** 0.5
    )  # a half, drawn by seed

    rolled = shell.json(
        "calibrate", "rollout", "states.jsonl", "--model", "offline", "--personas", PERSONAS,
        "--tasks-per-user", "12", "--out", "rollout",
    )  # fmt: skip
    sessions = rolled["sessions"]
    assert sessions["read"] == sessions["done"] > 0
    assert sessions["failed"] == sessions["skipped"] == 0
    played = lines_of(tmp_path / "rollout" / "records.jsonl")
    assert len(played) == rolled["trajectories"]
    mains = [(row["state_id"], row["persona"]) for row in played if not row["parent"]]
    assert len(mains) == len(set(mains)) == imported["imported"] * 3, "every task with every persona, once"
    assert {name for name, _ in mains} == {state.id for state in states}

    rewarded = shell.json("calibrate", "reward", "rollout", "--out", "reward")
    assert rewarded["trajectories"]["read"] == rewarded["trajectories"]["done"] == rolled["trajectories"]
    assert rewarded["trajectories"]["unscored"] == 0
    assert rewarded["value_of_information"][0]["value"]["value"] > 0.05

    pairs = shell.json("calibrate", "pairs", "reward", "--select", "all", "--out", "pairs")
    groups = pairs["groups"]
    assert groups["read"] == groups["done"] + sum(groups["dropped"].values())
    assert pairs["trajectories"] == {"read": rolled["trajectories"], "unscored": 0}
    rows = lines_of(tmp_path / "pairs" / "records.jsonl")
    assert len(rows) == pairs["pairs"]
    hidden = {line.strip() for state in states for line in state.hidden.tests}
    for row in rows[:200]:
        said = "\n".join(message["content"] for message in row["prompt"])
        told = [test for test in hidden if test in said]
        assert len(told) <= 1, "a wording shows one test at the most"

    trained = shell.json("policy", "train", "pairs", "--out", "policy.json")
    assert trained["pairs"] == pairs["pairs"]

    shell.json(
        "calibrate", "evaluate", "--states", "states.jsonl", "--rewarded", "reward", "--model", "offline",
        "--personas", PERSONAS, "--unseen-personas", "none", "--passes", "1", "--users-per-task", "1",
        "--no-sweep", "--out", "evaluate",
    )  # fmt: skip
    found = read_evaluation(tmp_path / "evaluate")
    assert found.states == found.base_tasks == found.trees + found.failed == imported["imported"]
    assert (found.failed, found.unscored) == (0, 0)
    reward = next(item for item in found.policies if item.name == "learned").measures["reward"]
    assert reward.groups == imported["imported"], "every task was acted on by a policy that never saw it"
    assert found.learned_wins, found.headline()
    shell.json("bench", "report", "evaluate", "--out", "report.html")
    assert "A rehearsal, not a language model" in (tmp_path / "report.html").read_text()
