"""`tactful gym users fit` as a user types it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.gym.card.simulators import Simulator

from tactful.data.io import write_jsonl
from tactful.gym.rules.parameters import load_parameters


@pytest.fixture
def fit(tactful, monkeypatch, tmp_path: Path):
    monkeypatch.chdir(tmp_path)
    write_jsonl("episodes.jsonl", Simulator().episodes(scenes=9, passes=2))

    def call(*words):
        done = tactful("gym", "users", "fit", *words)
        assert "Traceback" not in done.stderr
        return done

    return call


@pytest.mark.slow
def test_a_log_becomes_parameters_and_what_it_does_not_show_is_named(fit):
    done = fit("episodes.jsonl", "--out", "users.toml")
    assert done.returncode == 0, done.stderr
    assert "gaps.quick_share" in done.stdout
    assert "left at the default:" in done.stderr
    assert "patience, course: what offers do to the work afterwards" in done.stderr
    assert "next: tactful gym run SCENES --model offline --parameters users.toml" in done.stderr
    assert load_parameters(Path("users.toml")) != load_parameters()


@pytest.mark.slow
def test_json_holds_each_value_with_its_interval(fit):
    found = json.loads(fit("episodes.jsonl", "--out", "users.toml", "--setting", "coding", "--json").stdout)
    [share] = [one for one in found["fitted"] if one["key"] == "gaps.quick_share"]
    assert share["estimate"]["low"] < share["value"] < share["estimate"]["high"]
    assert "work.writing.trouble" not in {one["key"] for one in found["fitted"]}


def test_a_file_that_is_there_is_not_overwritten_and_another_kind_is_refused(fit):
    Path("old.toml").write_text("")
    assert "old.toml: exists already" in fit("episodes.jsonl", "--out", "old.toml").stderr
    write_jsonl("states.jsonl", [{"query": "Sort a list"}])
    assert (
        "states.jsonl: holds 'states', expected people at work"
        in fit("states.jsonl", "--out", "u.toml").stderr
    )
