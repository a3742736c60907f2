"""`tactful annotate agreement` as typed."""

from __future__ import annotations

import json

from tests.annotation.test_reading import export, moment

from tactful.data.io import write_jsonl


def test_tables_files_and_json(tactful, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    export(tmp_path / "votes")
    done = tactful("annotate", "agreement", "votes", "--out", "a")
    assert done.returncode == 0, done.stderr
    assert "proposals: help_wanted" in done.stdout
    assert "7 votes on 2 items of 1 session, 2 annotators" in done.stderr
    assert (tmp_path / "a" / "agreement.txt").read_text() == done.stdout
    saved = json.loads((tmp_path / "a" / "agreement.json").read_bytes())
    assert json.loads(tactful("annotate", "agreement", "votes", "--json").stdout) == saved
    taken = tactful("annotate", "agreement", "votes", "--out", "a")
    assert taken.returncode == 2
    assert "exists already; give --out a new folder" in taken.stderr


def test_bad_rows_stop_it_or_are_told(tactful, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    write_jsonl("m.jsonl", [moment("Sort it.", [True, False]), moment("Sort it.", ["yes"])])
    done = tactful("annotate", "agreement", "m.jsonl")
    assert done.returncode == 1
    assert "m.jsonl:2: moment has annotation" in done.stderr
    told = tactful("annotate", "agreement", "m.jsonl", "--skip-bad")
    assert told.returncode == 0
    assert "1 unusable lines left out, the first: m.jsonl:2" in told.stderr
    assert "Left out: 1 unusable rows." in told.stdout
