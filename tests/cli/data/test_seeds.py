"""`tactful data seeds`: bundled moments into a file that the other commands read."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.commands import Command

from tactful.data.formats.moments import labelled_rows
from tactful.data.seeds.moments import load_seed_moments


def test_the_file_holds_the_bundled_moments_and_the_next_command_is_told(tactful: Command, tmp_path: Path):
    out = tmp_path / "my moments.jsonl"
    done = tactful("data", "seeds", "moments", "--out", out)
    assert (done.returncode, done.stdout) == (0, "")
    assert done.stderr.splitlines()[-1] == f"next: tactful reward train '{out}' --out model"
    assert tuple(labelled_rows(out)) == load_seed_moments()


def test_counts_are_told_as_json(tactful: Command, tmp_path: Path):
    done = tactful("data", "seeds", "moments", "--out", tmp_path / "m.jsonl", "--json")
    told = json.loads(done.stdout)
    assert told["moments"] == sum(told["categories"].values()) == len(load_seed_moments())
    assert told["sessions"] == 30
    assert set(told["categories"]) == {"hit", "false-alarm", "correct-silence", "missed-need"}
    assert told["file"] == str(tmp_path / "m.jsonl")


def test_what_exists_is_never_overwritten(tactful: Command, tmp_path: Path):
    out = tmp_path / "m.jsonl"
    out.write_text("mine")
    done = tactful("data", "seeds", "moments", "--out", out)
    assert done.returncode == 2
    assert done.stderr.startswith(f"tactful: {out}: exists already")
    assert out.read_text() == "mine"


def test_data_check_finds_nothing_to_complain_about(tactful: Command, tmp_path: Path):
    tactful("data", "seeds", "moments", "--out", tmp_path / "m.jsonl")
    done = tactful("data", "check", tmp_path / "m.jsonl")
    count = len(load_seed_moments())
    assert done.returncode == 0, done.stderr
    assert f"labelled-moments: {count} read = {count} good + 0 bad" in done.stdout


@pytest.mark.slow
def test_a_model_is_trained_on_the_file_and_judges_better_than_chance_out_of_session(
    tactful: Command, tmp_path: Path
):
    tactful("data", "seeds", "moments", "--out", tmp_path / "m.jsonl")
    done = tactful("reward", "train", tmp_path / "m.jsonl", "--out", tmp_path / "model", "--json")
    assert done.returncode == 0, done.stderr
    rows = json.loads(done.stdout)["leave_one_session_out"]["rows"]
    embedded = next(row for row in rows if row["name"] == "embedded")
    assert embedded["equal"]["auroc"]["low"] > 0.5
    assert (tmp_path / "model" / "MODEL_CARD.md").exists()
