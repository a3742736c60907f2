"""`tactful data export --to traces` as a user types it."""

import json

import pytest
from tests.gym.made import day

from tactful.data.io import write_jsonl
from tactful.errors import UsageError


def test_episodes_are_exported_as_traces(invoke, tmp_path):
    write_jsonl(tmp_path / "e.jsonl", [day("a"), day("b")])
    found = invoke("export", "e.jsonl", "--to", "traces", "--times", "text", "--out", "t", "--json")
    assert json.loads(found.stdout) == {"traces": 2, "events": 20, "offers": 6, "to": "traces", "out": "t"}
    assert "Day 1, 9:00:00 AM" in (tmp_path / "t" / "traces" / "a_p0.json").read_text()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--to", "trl", "--times", "text"), "--times text belongs to --to traces"),
        (("--to", "traces", "--skip-bad"), "a bad episode is nothing else"),
    ],
)
def test_options_that_do_not_fit_are_refused(invoke, tmp_path, words, said):
    write_jsonl(tmp_path / "e.jsonl", [day("a")])
    with pytest.raises(UsageError, match=said):
        invoke("export", "e.jsonl", "--out", "t", *words)
