"""The same job over HTTP: faults, kill -9 and resume, caches, and a language model that plays the user."""

from __future__ import annotations

import signal
import subprocess
import time
from collections import Counter
from pathlib import Path

import pytest
from tests.assistant_script import assistant_script
from tests.chat_server import Ask, ChatServer, serving
from tests.e2e.chain import PERSONAS, Shell, lines_of, mbpp_file, states_of

from tactful.calibration.tasks.states import synthetic_states
from tactful.data.io import write_jsonl
from tactful.evaluation.policies.report import read_evaluation

FAULTS = {"503": 0.06, "429_bare": 0.05, "reset": 0.04, "html": 0.03, "truncated": 0.02}
"""Twenty in a hundred requests fail, all in ways that a second try may cure."""


def a_dozen_tasks(folder: Path) -> Path:
    """12 tasks of MBPP as states."""
    head = mbpp_file().read_text(encoding="utf-8").splitlines()[:12]
    (folder / "mbpp.jsonl").write_text("\n".join(head) + "\n", encoding="utf-8")
    found = Shell(folder).json("data", "import", "mbpp", "mbpp.jsonl", "--out", "states.jsonl")
    assert found["read"] == 12 == found["imported"] + found["quarantined"]
    return folder / "states.jsonl"


def sent_twice(server: ChatServer) -> int:
    """Requests that were sent again although an equal one had been answered."""
    answered = Counter(str(ask.body["messages"]) + str(ask.body.get("seed", "")) for ask in server.asks)
    return sum(count - 1 for count in answered.values())


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_the_chain_over_http_with_faults_and_a_kill_loses_and_doubles_nothing(tmp_path: Path) -> None:
    states = states_of(a_dozen_tasks(tmp_path))
    with serving(assistant_script(states), faults=FAULTS, seed=1, latency_s=0.1) as server:
        shell = Shell(tmp_path, server.base_url)
        words = (
            "calibrate", "rollout", "states.jsonl", "--model", "m", "--personas", PERSONAS, "--concurrency", "8",
            "--out", "rollout",
        )  # fmt: skip
        started = subprocess.Popen(
            shell.command(*words), cwd=tmp_path, env=shell.environment, stderr=subprocess.DEVNULL
        )
        deadline = time.monotonic() + 90
        while server.jobs < 60:
            assert time.monotonic() < deadline, "the rollout did not get going"
            assert started.poll() is None, "the rollout ended before it could be killed"
            time.sleep(0.02)
        started.send_signal(signal.SIGKILL)
        started.wait()
        time.sleep(0.5)  # what the server was answering is counted by now
        good = server.statuses["ok"]
        rolled = shell.json(*words, "--resume")
        total = server.statuses["ok"]
        # Every good answer is used once; only calls in flight at the kill (8 sessions, one call each) come again.
        distinct = len({str(ask.body["messages"]) for ask in server.asks})
        assert good > 20
        assert total <= distinct + 8

        sessions = rolled["sessions"]
        assert sessions["read"] == sessions["done"] + sessions["failed"] == len(states) * 3
        assert sessions["failed"] == 0
        played = lines_of(tmp_path / "rollout" / "records.jsonl")
        ids = [row["id"] for row in played]
        assert len(ids) == len(set(ids)) == rolled["trajectories"]
        assert {row["provenance"]["generator"] for row in played} == {"endpoint"}

        rewarded = shell.json("calibrate", "reward", "rollout", "--out", "reward")
        assert rewarded["trajectories"]["done"] == len(ids)
        pairs = shell.json("calibrate", "pairs", "reward", "--select", "all", "--out", "pairs")
        assert pairs["pairs"] > 20
        shell.json("policy", "train", "pairs", "--out", "policy.json")

        evaluate = (
            "calibrate", "evaluate", "--states", "states.jsonl", "--rewarded", "reward", "--model", "m",
            "--personas", PERSONAS, "--unseen-personas", "none", "--passes", "1", "--users-per-task", "1",
            "--no-sweep", "--cache", "calls.sqlite",
        )  # fmt: skip
        shell.json(*evaluate, "--out", "evaluate")
        found = read_evaluation(tmp_path / "evaluate")
        assert (found.trees, found.failed, found.unscored) == (len(states), 0, 0)
        assert not found.rehearsal

        sent = server.jobs + server.probes
        before = (tmp_path / "evaluate" / "evaluation.json").read_bytes()
        shell.json(*evaluate, "--out", "evaluate", "--resume")
        assert server.jobs + server.probes == sent, "measuring again sends nothing"
        assert (tmp_path / "evaluate" / "evaluation.json").read_bytes() == before
        shell.json(*evaluate, "--out", "again")
        assert server.jobs + server.probes == sent, "a shared cache answers everything"
        assert read_evaluation(tmp_path / "again").policies == found.policies
    for path in tmp_path.rglob("*"):
        assert not path.is_file() or b"sk-e2e-secret" not in path.read_bytes(), path
    assert not any("sk-e2e-secret" in said for said in shell.said)


PLAN = "1. Meet on Tuesday.\n2. Book a table for eight.\n3. Be home by ten."


def plays_both(ask: Ask) -> str | dict | None:
    """The assistant asks or plans as its prompt says; the user answers and tells what a schema wants."""
    if ask.schema is not None:
        return {
            "reply": "Vegetarian, please.", "answered_clarification": True, "reject_signal": False,
            "silence": False, "off_topic_flag": False, "satisfaction": 0.5,
        }  # fmt: skip
    return "Does anyone have dietary needs?" if "ends with a question mark" in ask.prompt else PLAN


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_a_language_model_plays_the_user_in_rollouts_and_in_the_evaluation(tmp_path: Path) -> None:
    write_jsonl(tmp_path / "states.jsonl", synthetic_states("planning", 8, 0))
    with serving(plays_both) as server:
        shell = Shell(tmp_path, server.base_url)
        people = ("--model", "m", "--user-model", "people", "--personas", "retired-teacher,working-parent")
        rolled = shell.json("calibrate", "rollout", "states.jsonl", *people, "--out", "rollout")
        assert rolled["sessions"]["done"] == 16
        assert rolled["sessions"]["failed"] == 0
        played = lines_of(tmp_path / "rollout" / "records.jsonl")
        assert {row["user_model"] for row in played} == {"people"}
        replies = {step["reaction"]["reply"] for row in played for step in row["steps"]}
        assert "Vegetarian, please." in replies
        shell.json("calibrate", "reward", "rollout", "--out", "reward")
        evaluate = (
            "calibrate", "evaluate", "--states", "states.jsonl", *people, "--unseen-personas", "none",
            "--policies", "rule", "--passes", "1", "--users-per-task", "2", "--out", "evaluate",
        )  # fmt: skip
        shell.json(*evaluate)
        found = read_evaluation(tmp_path / "evaluate")
        assert (found.trees, found.failed) == (16, 0)
        assert "calibration/llm_user" in found.provenance.prompt_hashes
        asked_as = {ask.body["model"] for ask in server.asks}
        assert asked_as == {"m", "people"}
        sent = server.jobs
        shell.json(*evaluate, "--resume")
        assert server.jobs == sent
