"""Sweeps without their processes: a fake answers for each command, and keeps the words that it was called with."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

import tactful as tf
from tactful.api import cells
from tactful.errors import ConfigError, DataError


class Commands:
    """Answers every command with `result` and leaves a file in its --out; `words` are those of each call."""

    def __init__(self) -> None:
        self.words: list[list[str]] = []
        self.result: dict[str, Any] = {"done": 4}
        self.fails = False
        self.told = "no such file"
        self.leaves = "run.json"

    def __call__(self, words: Sequence[str], _: int, place: Path) -> subprocess.CompletedProcess[str]:
        self.words.append(list(words))
        out = place / words[words.index("--out") + 1]
        if self.leaves:
            out.mkdir(exist_ok=True)
            (out / self.leaves).touch()
        if self.fails:
            return subprocess.CompletedProcess([], 1, "", self.told)
        return subprocess.CompletedProcess([], 0, json.dumps(self.result), "")


@pytest.fixture
def commands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Commands:
    monkeypatch.chdir(tmp_path)
    fake = Commands()
    monkeypatch.setattr(cells, "_ran", fake)
    return fake


def plan(*command: str, **more: Any) -> dict[str, Any]:
    return {"command": list(command) or ["calibrate", "rollout", "states.jsonl"], "out": "sweep", **more}


def outs(commands: Commands) -> list[str]:
    """The folder of each call, and whether it was to go on there."""
    return [
        words[words.index("--out") + 1].rpartition("/")[2] + " --resume" * ("--resume" in words)
        for words in commands.words
    ]


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
    commands.result = {"seed": 1, "states": 7}
    rows = tf.sweep(plan(grid={"seed": [1], "states": ["a", "b"]})).rows()
    assert rows == [
        {"seed": 1, "states": "a", "result.states": 7}, {"seed": 1, "states": "b", "result.states": 7},
    ]  # fmt: skip


def test_a_larger_limit_goes_on_and_a_smaller_one_begins_anew(commands: Commands) -> None:
    for limit in (3, 5, 1, 2, 2):
        tf.sweep(plan(set={"limit": limit}, grid={"seed": [1]}))
    assert outs(commands) == ["run", "run --resume", "run-2", "run-2 --resume"]


def test_a_smaller_limit_stays_anew_where_it_failed_before_it_began(commands: Commands) -> None:
    tf.sweep(plan(grid={"seed": [1]}))
    commands.fails, commands.leaves = True, ""
    for _ in range(2):
        with pytest.raises(DataError):
            tf.sweep(plan(set={"limit": 1}, grid={"seed": [1]}))
    assert outs(commands) == ["run", "run-2", "run-2"]


def test_a_changed_input_is_done_again_and_said(commands: Commands) -> None:
    source, own = Path("states.jsonl"), Path("own.toml")
    source.write_text("a")
    own.write_text("a")
    said: list[str] = []
    grid = {"personas": ["own.toml", "fast"]}
    tf.sweep(plan(grid=grid))
    source.write_text("b")
    tf.sweep(plan(grid=grid), say=said.append)
    assert said[0] == "states.jsonl: changed since 'personas=own.toml' was done, which is done again"
    assert outs(commands)[2:] == ["run --resume", "run --resume"]
    tf.sweep(plan(grid=grid))
    own.write_text("b")  # a run does not match its records against this one
    tf.sweep(plan(grid=grid), say=said.append)
    assert "--personas own.toml: changed since 'personas=own.toml' was done, which is done again" in said
    assert outs(commands)[4:] == ["run-2"]


def test_a_run_that_was_read_counts_as_the_same_input(commands: Commands) -> None:
    folder = Path("rollout")
    folder.mkdir()
    (folder / "records.jsonl").write_text("a")
    one = plan("calibrate", "reward", "rollout", grid={"seed": [1]})
    tf.sweep(one)
    (folder / "run.sqlite-wal").touch()
    tf.sweep(one)
    assert len(commands.words) == 1
    (folder / "records.jsonl").write_text("b")
    tf.sweep(one)
    assert len(commands.words) == 2


def test_the_sweep_s_own_folder_is_no_input_of_it(commands: Commands) -> None:
    for _ in range(2):
        tf.sweep(plan("calibrate", "reward", ".", grid={"seed": [1]}))
    assert len(commands.words) == 1


def test_a_command_that_cannot_go_on_begins_anew(commands: Commands) -> None:
    for margin in (0.3, 0.5):
        tf.sweep(plan("calibrate", "pairs", "rewards", set={"min-margin": margin}, grid={"select": ["all"]}))
    assert outs(commands) == ["run", "run-2"]


def test_what_was_done_before_inputs_were_kept_stays_done(commands: Commands) -> None:
    Path("states.jsonl").write_text("a")
    tf.sweep(plan(grid={"seed": [1]}))
    stored = Path("sweep/seed=1/result.json")
    content = json.loads(stored.read_text())
    stored.write_text(json.dumps({key: content[key] for key in ("command", "result")}))
    Path("sweep/seed=1/run.words.json").unlink()
    tf.sweep(plan(grid={"seed": [1]}))
    assert len(commands.words) == 1


def test_a_training_that_was_interrupted_goes_on_and_one_of_other_data_begins_anew(
    commands: Commands,
) -> None:
    data = Path("pairs.jsonl")
    data.write_text("a")
    one = plan("train", "dpo", "pairs.jsonl", grid={"beta": [0.1]})
    commands.leaves, commands.fails = "begun.json", True
    with pytest.raises(DataError):
        tf.sweep(one)
    commands.fails = False
    tf.sweep(one)
    data.write_text("b")
    tf.sweep(one)
    assert outs(commands) == ["run", "run --resume", "run-2"]


def test_a_cell_runs_in_its_folder_also_where_the_worker_stands_elsewhere(
    commands: Commands, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cell = cells.Cell(
        Path("sweep/a"), ("tactful", "audit", "log", "--out", "sweep/a/run", "--json"), {}, resumes=False
    )
    cell.place.mkdir(parents=True)
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    commands.leaves = ""
    assert cells.Running({}).run(cell) == (commands.result, "")
    assert cell.done() == commands.result
    assert (tmp_path / "sweep/a/result.json").is_file()
    assert not list((tmp_path / "elsewhere").iterdir())


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"set": "x"}, "set is 'x', expected flags with their values"),
        ({"show": "done"}, "show is 'done', expected a list of keys"),
    ],
)
def test_a_plan_of_the_wrong_kinds_is_refused(wrong: dict[str, Any], told: str) -> None:
    with pytest.raises(ConfigError, match=told):
        tf.sweep(plan(grid={"seed": [1]}, **wrong))


def test_a_key_to_show_that_no_result_has_is_said(commands: Commands) -> None:
    said: list[str] = []
    tf.sweep(plan(grid={"seed": [1]}, show=["done", "seed", "doen"]), say=said.append)
    assert said[1:] == ["show: no result has a value at 'doen'"]


def test_an_option_that_the_command_refuses_is_said_in_its_words(commands: Commands) -> None:
    commands.fails, commands.leaves = True, ""
    commands.told = (
        "Usage: tactful calibrate rollout [OPTIONS] {STATES}\n"
        "╭─ Error ─────────────────────────────────╮\n"
        "│ Invalid value for '--seed': Input should │\n"
        "│ be a valid integer                       │\n"
        "╰─────────────────────────────────────────╯\n"
    )
    with pytest.raises(DataError, match=r"Invalid value for '--seed': Input should be a valid integer$"):
        tf.sweep(plan(grid={"seed": ["x"]}))
