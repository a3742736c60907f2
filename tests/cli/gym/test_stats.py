"""`tactful gym stats` as typed."""

from __future__ import annotations

import json

from tests.gym.made import day

from tactful.data.io import write_jsonl


def test_tables_a_page_and_json(tactful, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    write_jsonl("e.jsonl", [day(f"scene-{at}") for at in range(9)])
    done = tactful("gym", "stats", "e.jsonl", "--out", "s")
    assert done.returncode == 0, done.stderr
    assert "boundary" in done.stdout
    assert "136 scenes, 6,790 events" in done.stdout
    assert "9 instances of 9 scenes, 90 events; 27 offers, 33%" in done.stderr
    assert (tmp_path / "s" / "stats.html").is_file()
    saved = json.loads((tmp_path / "s" / "stats.json").read_bytes())
    again = tactful("gym", "stats", "e.jsonl", "--json")
    assert json.loads(again.stdout) == saved
    assert "next: tactful gym stats e.jsonl --out stats" in again.stderr
    taken = tactful("gym", "stats", "e.jsonl", "--out", "s")
    assert taken.returncode == 2
    assert "exists already; give --out a new folder" in taken.stderr
