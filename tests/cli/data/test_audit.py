"""`tactful data audit proactivebench` as typed."""

from __future__ import annotations

import json

from tests.annotation.published.test_audit import leaking

from tactful.data.io import write_jsonl


def test_a_table_and_json_of_two_files(tactful, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    write_jsonl("train.jsonl", leaking())
    write_jsonl("test.jsonl", [*leaking()[:2], {"obs": []}])
    done = tactful("data", "audit", "proactivebench", "train.jsonl", "test.jsonl")
    assert done.returncode == 0, done.stderr
    assert "train.jsonl and test.jsonl share 1 observation" in done.stdout
    assert "look-up" in done.stdout
    assert "test.jsonl:3: moment has no 'pred_task'" in done.stdout
    assert "82 items in 2 files" in done.stderr
    told = tactful("data", "audit", "proactivebench", "train.jsonl", "--json")
    assert json.loads(told.stdout)["files"][0]["observations"] == 40


def test_nothing_usable_fails_with_what_is_wrong(tactful, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    write_jsonl("bad.jsonl", [{"obs": []}])
    done = tactful("data", "audit", "proactivebench", "bad.jsonl")
    assert done.returncode == 1
    assert "bad.jsonl:1: moment has no 'pred_task'" in done.stdout
