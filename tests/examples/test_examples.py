"""Every example runs, offline, and does what it says."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from importlib.util import find_spec
from pathlib import Path

import pytest

from tactful.calibration.play.actions import load_action_spaces

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = ROOT / "examples"


def run(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        [sys.executable, *arguments], cwd=cwd, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    return done


def test_every_example_has_a_test_here() -> None:
    names = {path.name for path in EXAMPLES.iterdir() if not path.name.startswith((".", "__"))}
    assert names - {"activity"} == {  # `activity`: what docs/activity.md imports, tested there
        "policy_in_a_chat_loop.py",
        "own_action_space",
        "ask_less_after_complaints.py",
        "ask_the_reward_server.py",
        "offers_through_proactive_gate.py",
        "helper",
        "calibrate_your_tasks.ipynb",
        "log_to_policy.ipynb",
        "claude-code-plugin",
        "codex-plugin",
        "middleware",  # tested in test_middleware.py
        "live_trial.py",  # tested in test_live_trial.py
        "langchain_decision_model.py",  # tested in tests/live/serve/test_frameworks.py
    }


@pytest.mark.slow
def test_the_helper_offers_three_of_eight_proposals_of_a_day_and_says_why_not_the_others(
    tmp_path: Path,
) -> None:
    helper = EXAMPLES / "helper"
    files = ("--rules", str(helper / "rules.toml"), "--delivery", str(helper / "delivery.toml"))
    words = ("live", "watch", str(helper / "day.jsonl"), *files, "--least", "0.3", "--dry-run", "--json")
    told = json.loads(run("-m", "tactful", *words, cwd=tmp_path).stdout)
    assert [one["kind"] for one in told["offers"]] == ["fix", "find", "organise"]
    assert {one["check"] for one in told["withheld"]} == {"acceptance", "gap", "new"}
    assert len(told["withheld"]) == 5


@pytest.mark.skipif(
    find_spec("proactive_gate") is None, reason="proactive-gate is not installed: pip install proactive-gate"
)
def test_our_probability_decides_in_proactive_gate(tmp_path: Path) -> None:
    done = run(str(EXAMPLES / "offers_through_proactive_gate.py"), cwd=tmp_path)
    lines = done.stdout.splitlines()
    assert [line.split()[0] for line in lines] == ["offered", "silent", "silent", "silent"]
    for line, check in zip(lines[1:], ("utilityFloor", "dailyBudget", "quietHours"), strict=True):
        assert f"({check}: " in line


@pytest.mark.slow
def test_the_rule_in_a_chat_loop_becomes_quieter(tmp_path: Path) -> None:
    done = run(str(EXAMPLES / "policy_in_a_chat_loop.py"), cwd=tmp_path)
    actions = [line.split(": ")[1] for line in done.stdout.splitlines() if line.startswith("policy")]
    assert len(actions) == 3
    assert actions[0] != "LOW"
    assert actions[-1] == "LOW"


def test_the_concierges_actions_go_from_quiet_to_asking() -> None:
    space = load_action_spaces(EXAMPLES / "own_action_space")["planning"]
    assert [action.budget for action in space.actions] == [0, 1, 3]
    assert space.solver.name == "Do"


@pytest.mark.slow
def test_the_concierge_plays_its_own_actions_up_to_pairs_and_a_policy(tmp_path: Path) -> None:
    space = str(EXAMPLES / "own_action_space")
    assert load_action_spaces(space)["planning"].names == ("Do", "Check", "Interview")
    tactful = ("-m", "tactful")
    states = ("--mode", "synthetic", "--domain", "planning", "--n", "6", "--out", "states.jsonl")
    run(*tactful, "calibrate", "states", *states, cwd=tmp_path)
    options = ("--actions", space, "--model", "offline", "--personas", "retired-teacher,working-parent")
    run(*tactful, "calibrate", "rollout", "states.jsonl", *options, "--out", "rollout", cwd=tmp_path)
    rows = [
        json.loads(line) for line in (tmp_path / "rollout" / "records.jsonl").read_text("utf-8").splitlines()
    ]
    assert Counter(row["steps"][0]["action"] for row in rows).keys() == {"Do", "Check", "Interview"}
    assert max(sum(step["questions"] for step in row["steps"]) for row in rows) <= 3
    run(*tactful, "calibrate", "reward", "rollout", "--out", "reward", cwd=tmp_path)
    run(
        *tactful,
        "calibrate",
        "pairs",
        "reward",
        "--select",
        "all",
        "--actions",
        space,
        "--out",
        "pairs",
        cwd=tmp_path,
    )
    run(*tactful, "policy", "train", "pairs", "--actions", space, "--out", "policy.json", cwd=tmp_path)
    policy = json.loads((tmp_path / "policy.json").read_text("utf-8"))
    assert policy["actions"] == ["Do", "Check", "Interview"]


@pytest.mark.slow
def test_notebooks_run_and_print_what_they_show() -> None:
    run("tools/notebooks.py", "--check", cwd=ROOT)
