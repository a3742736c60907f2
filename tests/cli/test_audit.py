"""`tactful audit`, as typed."""

import json
import re
from pathlib import Path

from tests.commands import tactful

__all__ = ["tactful"]
LOG = Path(__file__).parents[1] / "audit" / "rehearsal.jsonl"


def test_one_paragraph_and_a_page_come_of_one_command(tactful, tmp_path):
    done = tactful("audit", LOG, "--out", tmp_path / "audit", "--reader", "surface")
    assert done.returncode == 0
    assert "It asked in 29 of 120 turns" in done.stdout
    assert f"the page: {tmp_path / 'audit' / 'audit.html'}" in done.stderr
    assert {file.name for file in (tmp_path / "audit").iterdir()} == {
        "audit.html",
        "audit.md",
        "audit.json",
        "findings.jsonl",
    }


def test_json_is_for_programs(tactful, tmp_path):
    done = tactful(
        "audit", LOG, "--out", tmp_path / "audit", "--json", "--reader", "surface", "--limit", "10"
    )
    found = json.loads(done.stdout)
    assert found["conversations"] == 10
    assert found["figures"]["ask_f1"]["groups"] == 5  # so many of them asked


def test_what_a_model_that_judges_has_used_is_said(tactful, tmp_path):
    done = tactful(
        "audit", LOG, "--out", tmp_path / "audit", "--reader", "surface", "--model", "offline", "--limit", "5"
    )
    assert done.returncode == 0
    assert re.search(r"^[1-9]\d* calls, \d+ \+ \d+ tokens, \$0\.0000$", done.stderr, re.MULTILINE)


def test_an_audit_is_not_written_over(tactful, tmp_path):
    tactful("audit", LOG, "--out", tmp_path / "audit", "--reader", "surface", "--limit", "2")
    done = tactful("audit", LOG, "--out", tmp_path / "audit")
    assert done.returncode == 2
    assert "exists already" in done.stderr


def test_a_log_that_is_not_there_is_named_and_nothing_is_left_behind(tactful, tmp_path):
    done = tactful("audit", tmp_path / "nowhere.jsonl", "--out", tmp_path / "audit")
    assert done.returncode == 1
    assert "nowhere.jsonl" in done.stderr
    assert not list((tmp_path / "audit").glob("*"))
