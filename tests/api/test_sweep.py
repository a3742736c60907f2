"""Sweeps without their processes: a fake answers for each command, and keeps the words that it was called with."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

import tactful as tf
from tactful.api import cells


class Commands:
    """Answers every command with `result` and makes the folder of a run; `words` are those of each call."""

    def __init__(self) -> None:
        self.words: list[list[str]] = []
        self.result: dict[str, Any] = {"done": 4}

    def __call__(self, command: list[str], **_: Any) -> subprocess.CompletedProcess[str]:
        words = command[command.index("tactful") + 1 :]
        self.words.append(words)
        out = Path(words[words.index("--out") + 1])
        out.mkdir(exist_ok=True)
        (out / "run.json").touch()
        return subprocess.CompletedProcess(command, 0, json.dumps(self.result), "")


@pytest.fixture
def commands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Commands:
    monkeypatch.chdir(tmp_path)
    fake = Commands()
    monkeypatch.setattr(cells.subprocess, "run", fake)
    return fake


def plan(*command: str, **more: Any) -> dict[str, Any]:
    return {"command": command or ["calibrate", "rollout", "states.jsonl"], "out": "sweep", **more}


def test_values_that_differ_only_in_what_a_name_of_a_file_cannot_hold_have_folders_of_their_own(
    commands: Commands,
) -> None:
    tf.sweep(plan(grid={"mainline": ["policy:polä", "policy:polö", "rule"], "seed": [1]}))
    outs = {words[words.index("--out") + 1] for words in commands.words}
    assert len(outs) == 3
    assert "sweep/mainline=rule-seed=1/run" in outs
    tf.sweep(plan(grid={"mainline": ["policy:polä", "policy:polö", "rule"], "seed": [1]}))
    assert len(commands.words) == 3


def test_a_long_value_is_cut_in_the_name_of_its_folder(commands: Commands) -> None:
    tf.sweep(plan(grid={"personas": ["x" * 300 + ".toml", "x" * 300 + ".json"]}))
    assert len({words[words.index("--out") + 1] for words in commands.words}) == 2


def test_a_number_of_the_result_does_not_take_the_place_of_the_value_in_the_grid(commands: Commands) -> None:
    commands.result = {"seed": 7, "done": 4}
    rows = tf.sweep(plan(grid={"seed": [0, 1]})).rows()
    assert rows == [
        {"seed": 0, "result.seed": 7, "done": 4}, {"seed": 1, "result.seed": 7, "done": 4},
    ]  # fmt: skip
