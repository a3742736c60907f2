"""`tactful sweep`: every combination once, resumable, one table."""

import json
from pathlib import Path

import pytest
from tests.commands import Command
from tests.policy.test_embedded import situational_pairs

from tactful.data.io import write_jsonl


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
