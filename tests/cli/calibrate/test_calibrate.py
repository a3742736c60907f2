"""`tactful calibrate states` and `rollout` as a user types them."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from tests.chat_server import serving

from tactful.cli.main import main
from tactful.runs import RunFolder
from tactful.types import State, Trajectory

CLEAN = {key: value for key, value in os.environ.items() if not key.startswith(("OPENAI_", "TACTFUL_"))}


def tactful(
    *words: str, cwd: Path, stdin: str | None = None, **environment: str
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "tactful", "calibrate", *words],
        cwd=cwd,
        input=stdin,
        capture_output=True,
        text=True,
        timeout=100,
        env=CLEAN | environment,
        check=False,
    )


@dataclass
class Done:
    """How a command ended that ran in this process: as in one of its own, but without two seconds of imports."""

    returncode: int
    stdout: str
    stderr: str


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Callable[..., Done]:
    def run(*words: str, cwd: Path, **environment: str) -> Done:
        for name in ("OPENAI_API_KEY", "OPENAI_BASE_URL"):
            monkeypatch.delenv(name, raising=False)
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setattr(sys, "argv", ["tactful", "calibrate", *words])
        monkeypatch.chdir(cwd)
        capfd.readouterr()
        try:
            main()
            code = 0
        except SystemExit as end:
            code = int(end.code or 0)
        printed = capfd.readouterr()
        return Done(code, printed.out, printed.err)

    return run


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with `states.jsonl` (6 planning states) and `run/`, a rollout of it."""
    folder = tmp_path_factory.mktemp("made")
    done = tactful(
        "states",
        "--mode",
        "synthetic",
        "--domain",
        "planning",
        "--n",
        "6",
        "--out",
        "states.jsonl",
        cwd=folder,
    )
    assert done.returncode == 0, done.stderr
    assert "next: tactful calibrate rollout states.jsonl" in done.stderr
    done = tactful("rollout", "states.jsonl", "--model", "offline", "--out", "run", "--json", cwd=folder)
    assert done.returncode == 0, done.stderr
    assert "next: tactful calibrate reward run" in done.stderr
    (folder / "summary.json").write_text(done.stdout)
    return folder


def test_synthetic_states_are_complete_records(made: Path) -> None:
    states = [State.model_validate_json(line) for line in (made / "states.jsonl").read_text().splitlines()]
    assert len(states) == 6
    assert all(state.query_clarity is not None and state.task_complexity is not None for state in states)


def test_a_rollout_writes_a_run_folder_and_tells_about_it(made: Path) -> None:
    summary = json.loads((made / "summary.json").read_text())
    found = list(RunFolder.open(made / "run").records(Trajectory))
    assert summary["sessions"] == {"read": 48, "done": 48, "failed": 0, "skipped": 0}
    assert summary["trajectories"] == len(found)
    assert {one.provenance.generator for one in found} == {"offline"}
    config = (made / "run" / "config.toml").read_text()
    assert 'mainline = "random"' in config


@pytest.mark.slow
def test_a_finished_rollout_resumes_to_the_same_bytes(made: Path) -> None:
    before = (made / "run" / "records.jsonl").read_bytes()
    done = tactful("rollout", "states.jsonl", "--model", "offline", "--out", "run", "--resume", cwd=made)
    assert done.returncode == 0, done.stderr
    assert (made / "run" / "records.jsonl").read_bytes() == before


def test_a_folder_is_not_overwritten_and_another_configuration_is_refused(
    here: Callable[..., Done], made: Path
) -> None:
    words = ("rollout", "states.jsonl", "--model", "offline", "--out", "run")
    taken = here(*words, cwd=made)
    assert taken.returncode == 2
    assert "--resume" in taken.stderr
    other = here(*words, "--resume", "--max-turns", "2", cwd=made)
    assert other.returncode == 1
    assert "config.max_turns: 4 → 2" in other.stderr


def test_a_rollout_can_be_retried_by_its_folder_alone(made: Path) -> None:
    from tactful.jobs import job_of

    here = Path.cwd()
    job = job_of(RunFolder.open(made / "run"))
    assert job.verb == "rollout"
    assert len(list(job.source)) == 48
    assert Path.cwd() == here


@pytest.mark.parametrize(
    "words", [("--mainline", "rule"), ("--actions", "clarify-execute"), ("--turns", "single")]
)
def test_every_form_of_rollout_runs_offline(
    here: Callable[..., Done], made: Path, words: tuple[str, ...], tmp_path: Path
) -> None:
    done = here(
        "rollout",
        str(made / "states.jsonl"),
        "--model",
        "offline",
        "--limit",
        "6",
        *words,
        "--out",
        "run",
        cwd=tmp_path,
    )
    assert done.returncode == 0, done.stderr
    found = list(RunFolder.open(tmp_path / "run").records(Trajectory))
    assert found
    if "single" in words:
        assert {len(one.steps) for one in found} == {1}


def test_a_trained_policy_can_play_the_mainline(
    here: Callable[..., Done], made: Path, tmp_path: Path
) -> None:
    from tactful.policy.embedded import EmbeddedPolicy
    from tactful.policy.features import FEATURES

    size, actions = len(FEATURES), ("LOW", "MID", "HIGH")
    bias = np.array([0.0, 50.0, 0.0])  # always MID
    policy = EmbeddedPolicy(
        actions=actions, mean=np.zeros(size), scale=np.ones(size), weights=np.zeros((3, size)), bias=bias,
        l2=1.0, head="dpo", name="mid", training={},
    )  # fmt: skip
    policy.save(tmp_path / "policy.json")
    words = ("rollout", str(made / "states.jsonl"), "--model", "offline", "--mainline", "policy:policy.json")
    done = here(*words, "--limit", "5", "--out", "run", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    found = list(RunFolder.open(tmp_path / "run").records(Trajectory))
    assert {one.steps[0].action for one in found if not one.parent} == {"MID"}
    assert 'mainline_hash = "' in (tmp_path / "run" / "config.toml").read_text()
    refused = here(*words, "--actions", "clarify-execute", "--out", "other", cwd=tmp_path)
    assert refused.returncode == 1
    assert "policy 'mid' chooses LOW, MID, HIGH" in refused.stderr


@pytest.mark.slow
def test_states_come_from_a_pipe_and_go_to_one(made: Path, tmp_path: Path) -> None:
    done = tactful("states", "--mode", "synthetic", "--domain", "coding", "--n", "2", cwd=tmp_path)
    assert done.returncode == 0
    assert len(done.stdout.splitlines()) == 2
    run = tactful("rollout", "-", "--model", "offline", "--out", "run", cwd=tmp_path, stdin=done.stdout)
    assert run.returncode == 0, run.stderr


def test_a_dry_run_counts_calls_and_cost_and_sends_nothing(
    here: Callable[..., Done], made: Path, tmp_path: Path
) -> None:
    words = (
        "rollout",
        str(made / "states.jsonl"),
        "--model",
        "gpt-4.1-mini",
        "--user-model",
        "gpt-4.1-mini",
        "--dry-run",
    )
    done = here(*words, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "nothing was sent" in done.stderr
    assert "USD" in done.stderr
    as_json = json.loads(here(*words, "--json", cwd=tmp_path).stdout)
    assert [role["role"] for role in as_json["roles"]] == ["assistant", "user"]
    assert list(tmp_path.iterdir()) == []


def test_own_tasks_are_completed_and_bad_lines_named(here: Callable[..., Done], tmp_path: Path) -> None:
    rows = [
        {
            "query": "Write add(a, b).",
            "tests": ["assert add(1, 2) == 3"],
            "reference": "def add(a, b):\n    return a + b\n",
        },
        {"query": "Plan my week.", "query_clarity": 2.0},
        {"query": "Write sub(a, b).", "query_clarity": 0.9},
    ]
    (tmp_path / "mine.jsonl").write_text("\n".join(map(json.dumps, rows)))
    words = (
        "states",
        "--mode",
        "dataset",
        "--domain",
        "coding",
        "--input",
        "mine.jsonl",
        "--out",
        "out.jsonl",
    )
    refused = here(*words, cwd=tmp_path)
    assert refused.returncode == 1
    assert "mine.jsonl:2" in refused.stderr
    assert "2.0" in refused.stderr
    assert "Traceback" not in refused.stderr
    assert not (tmp_path / "out.jsonl").exists()
    done = here(*words, "--skip-bad", "--json", cwd=tmp_path)
    assert json.loads(done.stdout) == {"out": "out.jsonl", "states": 2, "bad": 1}
    assert "mine.jsonl:2" in done.stderr


def test_a_state_that_cannot_be_rehearsed_fails_alone(
    here: Callable[..., Done], made: Path, tmp_path: Path
) -> None:
    good = (made / "states.jsonl").read_text().splitlines()[0]
    bare = State(id="bare", domain="planning", query="Plan.", query_clarity=0.5, task_complexity=0.5)
    (tmp_path / "s.jsonl").write_text(f"{good}\n{bare.model_dump_json()}\n")
    words = ("rollout", "s.jsonl", "--model", "offline", "--personas", "retired-teacher", "--out", "run")
    done = here(*words, "--json", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["sessions"] == {"read": 2, "done": 1, "failed": 1, "skipped": 0}
    assert "tactful runs retry run" in done.stderr
    (failure,) = RunFolder.open(tmp_path / "run").failures()
    assert "nothing to rehearse" in failure.reason


@pytest.mark.parametrize(
    ("words", "complaint", "code"),
    [
        (("rollout", "gone.jsonl", "--model", "offline"), "gone.jsonl: no such file", 1),
        (("rollout", "STATES"), "--model", 2),
        (
            ("rollout", "STATES", "--model", "offline", "--mainline", "chance"),
            "random, rule or policy:PATH",
            2,
        ),
        (("rollout", "STATES", "--model", "offline", "--mainline", "policy:gone.json"), "gone.json", 1),
        (("rollout", "STATES", "--model", "offline", "--personas", "nobody"), "--personas nobody", 1),
        (("rollout", "STATES", "--model", "offline", "--actions", "nowhere"), "nowhere", 1),
        (
            ("rollout", "STATES", "--model", "offline", "--actions", "clarify-execute", "--turns", "single"),
            "single-turn",
            1,
        ),
        (("states", "--mode", "synthetic", "--domain", "cooking"), "cooking", 1),
        (("states", "--mode", "dataset", "--domain", "coding"), "--input", 2),
        (("states", "--mode", "synthetic", "--domain", "coding", "--json"), "--out", 2),
        (("states", "--mode", "synthetic", "--domain", "coding", "--reader", "surface"), "surface", 2),
        (("states", "--mode", "dataset", "--input", "STATES", "--n", "3"), "--n 3", 2),
    ],
)
def test_what_cannot_be_done_is_said_in_a_sentence(
    here: Callable[..., Done], made: Path, tmp_path: Path, words: tuple[str, ...], complaint: str, code: int
) -> None:
    words = tuple(str(made / "states.jsonl") if word == "STATES" else word for word in words)
    done = here(*words, cwd=tmp_path)
    assert done.returncode == code, done.stderr
    assert complaint in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


def test_an_endpoint_plays_assistant_and_user(here: Callable[..., Done], made: Path, tmp_path: Path) -> None:
    with serving(script={"play a person": {"reply": "Two thousand.", "answered_clarification": True,
                                            "reject_signal": False, "silence": False, "off_topic_flag": False,
                                            "satisfaction": 0.1}}) as server:  # fmt: skip
        done = here(
            "rollout", str(made / "states.jsonl"), "--model", "m", "--user-model", "m", "--limit", "3",
            "--base-url", server.base_url, "--api-key-env", "HOUSE_KEY", "--out", "run", "--json",
            cwd=tmp_path, HOUSE_KEY="sk-house-secret",
        )  # fmt: skip
    assert done.returncode == 0, done.stderr
    found = list(RunFolder.open(tmp_path / "run").records(Trajectory))
    assert {(one.provenance.generator, one.user_model) for one in found} == {("endpoint", "m")}
    assert not any(b"sk-house-secret" in path.read_bytes() for path in (tmp_path / "run").iterdir())


def test_help_opens_with_an_offline_example(here: Callable[..., Done], tmp_path: Path) -> None:
    done = here("rollout", "--help", cwd=tmp_path)
    assert done.returncode == 0
    assert "--model offline" in " ".join(done.stdout.split())


OWN = {
    "query": "Sort my words.",
    "requirements": [
        {"id": "case", "text": "Ignore case.", "weight": 1, "open": True, "question": "Does case matter?",
         "answer": "Ignore case.", "tests": ["assert order(['b', 'A']) == ['A', 'b']"]}
    ],
    "reference": "def order(words):\n    return sorted(words, key=str.lower)\n",
}  # fmt: skip


def completed(here: Callable[..., Done], folder: Path, *rows: object) -> Done:
    (folder / "own.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    words = ("--mode", "dataset", "--domain", "coding", "--input", "own.jsonl", "--out", "s.jsonl")
    return here("states", *words, cwd=folder)


def test_rows_of_ones_own_that_can_be_rehearsed_are_rehearsed(
    here: Callable[..., Done], tmp_path: Path
) -> None:
    done = completed(here, tmp_path, {**OWN, "uninformed": "def order(words):\n    return sorted(words)\n"})
    assert "next: tactful calibrate rollout s.jsonl --model offline" in done.stderr
    played = here("rollout", "s.jsonl", "--model", "offline", "--out", "run", "--json", cwd=tmp_path)
    assert played.returncode == 0, played.stderr
    assert json.loads(played.stdout)["sessions"]["failed"] == 0


def test_rows_that_cannot_be_rehearsed_are_sent_to_a_model_with_the_reason(
    here: Callable[..., Done], tmp_path: Path
) -> None:
    done = completed(here, tmp_path, OWN, {"query": "Hello?"})
    assert (
        "2 of 2 states cannot be rehearsed offline, since they bring no 'reference' or 'uninformed'"
        in done.stderr
    )
    assert "next: tactful calibrate rollout s.jsonl --model MODEL" in done.stderr


def test_a_domain_of_ones_own_is_sent_to_an_action_space_of_ones_own(
    here: Callable[..., Done], tmp_path: Path
) -> None:
    done = completed(here, tmp_path, {"query": "Feed the lions.", "domain": "zoo"})
    assert "next: tactful calibrate rollout s.jsonl --actions FOLDER --model MODEL" in done.stderr


def test_a_broken_check_is_named_before_anything_is_played(here: Callable[..., Done], tmp_path: Path) -> None:
    broken = {
        "query": "Plan.",
        "domain": "planning",
        "requirements": [{"id": "r9", "text": "t", "weight": 1, "open": True, "checks": ["("]}],
    }
    done = completed(here, tmp_path, broken)
    assert done.returncode == 1
    assert "own.jsonl:1: requirement 'r9': check '(' is not a regular expression" in done.stderr
    ready = {**broken, "id": "a", "query_clarity": 0.5, "task_complexity": 0.5}
    (tmp_path / "s.jsonl").write_text(json.dumps(ready) + "\n")
    done = here("rollout", "s.jsonl", "--model", "offline", "--out", "run", cwd=tmp_path)
    assert "s.jsonl:1: requirement 'r9': check '('" in done.stderr
    assert not (tmp_path / "run").exists()
