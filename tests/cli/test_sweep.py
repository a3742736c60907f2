"""`tactful sweep`: every combination once, resumable, one table."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from tests.chat_server import serving
from tests.commands import Command
from tests.policy.test_embedded import situational_pairs

from tactful.data.io import write_jsonl
from tactful.runs import RunFolder
from tactful.runs.store.lock import is_locked

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    write_jsonl(tmp_path / "pairs.jsonl", situational_pairs())
    (tmp_path / "sweep.toml").write_text(
        'command = ["policy", "train", "pairs.jsonl"]\nout = "runs/sweep"\nshow = ["l2", "groups"]\n'
        '[set]\nfolds = 3\n[grid]\nhead = ["dpo", "ridge"]\nl2 = [0.1, 1.0]\n'
    )
    return tmp_path / "sweep.toml"


@pytest.mark.slow
def test_every_combination_is_run_once_and_shown(tactful: Command, config: Path) -> None:
    done = tactful("sweep", config, "--json")
    assert done.returncode == 0, done.stderr
    rows = json.loads(done.stdout)
    assert [(row["head"], row["l2"], row["groups"]) for row in rows] == [
        ("dpo", 0.1, 20), ("dpo", 1.0, 20), ("ridge", 0.1, 20), ("ridge", 1.0, 20),
    ]  # fmt: skip
    assert done.stderr.count("$ tactful policy train") == 4
    again = tactful("sweep", config)
    assert again.stderr == ""
    assert again.stdout.splitlines()[0].split() == ["head", "l2", "groups"]


@pytest.mark.slow
def test_what_failed_is_told_and_taken_again(tactful: Command, config: Path) -> None:
    (config.parent / "pairs.jsonl").rename(config.parent / "away")
    done = tactful("sweep", config)
    assert done.returncode == 1
    assert "4 of 4 combinations failed" in done.stderr
    assert "pairs.jsonl" in done.stderr
    (config.parent / "away").rename(config.parent / "pairs.jsonl")
    assert tactful("sweep", config).returncode == 0


def test_a_file_that_says_something_else_is_refused(tactful: Command, tmp_path: Path) -> None:
    (tmp_path / "s.toml").write_text('command = ["policy"]\nout = "x"\n')
    done = tactful("sweep", tmp_path / "s.toml")
    assert done.returncode != 0
    assert "needs 'grid', for example" in done.stderr


@pytest.mark.slow
@pytest.mark.timeout(120)
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL])
def test_a_sweep_that_is_stopped_stops_its_cell_which_keeps_what_is_finished(
    tactful: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: signal.Signals
) -> None:
    monkeypatch.chdir(tmp_path)
    tactful(
        "calibrate",
        "states",
        "--mode",
        "synthetic",
        "--domain",
        "planning",
        "--n",
        2,
        "--out",
        "states.jsonl",
    )
    with serving(latency_s=0.5) as server:
        (tmp_path / "sweep.toml").write_text(
            'command = ["calibrate", "rollout", "states.jsonl"]\nout = "sweep"\n'
            f'[set]\nmodel = "m"\nbase-url = "{server.base_url}"\nconcurrency = 1\n[grid]\nmainline = ["random", "rule"]\n'
        )
        sweep = subprocess.Popen(
            [sys.executable, "-m", "tactful", "sweep", "sweep.toml"],
            stderr=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": str(ROOT / "src")},
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
        )  # fmt: skip
        run = RunFolder(tmp_path / "sweep/mainline=random/run")
        while server.jobs < 3:
            assert sweep.poll() is None
            time.sleep(0.1)
        sweep.send_signal(number)
        told = sweep.communicate()[1].splitlines()[-1]
        if number == signal.SIGKILL:
            while is_locked(run.path):
                time.sleep(0.1)
        else:
            assert sweep.returncode == 130
            why = {signal.SIGTERM: "stopped by SIGTERM", signal.SIGINT: "interrupted by Ctrl-C"}[number]
            assert told == f"tactful: {why}; the same command goes on"
        asked = server.jobs
        assert not is_locked(run.path)
        assert (run.info().state, run.info().why_stopped) == ("interrupted", "stopped by SIGTERM")
        time.sleep(1)
        assert server.jobs == asked
