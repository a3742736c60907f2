"""`tactful data export --to traces` as a user types it."""

import json

import pytest
from tests.gym.made import day

from tactful.data.io import write_jsonl
from tactful.errors import UsageError


def test_episodes_are_exported_as_traces(invoke, tmp_path):
    write_jsonl(tmp_path / "e.jsonl", [day("a"), day("b")])
    found = invoke("export", "e.jsonl", "--to", "traces", "--times", "text", "--out", "t", "--json")
    assert json.loads(found.stdout) == {
        "traces": 2,
        "events": 20,
        "offers": 6,
        "empty": 0,
        "to": "traces",
        "out": "t",
    }
    assert "Day 1, 9:00:00 AM" in (tmp_path / "t" / "traces" / "a_p0.json").read_text()


def test_what_is_exported_passes_the_check(invoke, tmp_path):
    write_jsonl(tmp_path / "e.jsonl", [day("a"), day("b")])
    invoke("export", "e.jsonl", "--to", "traces", "--out", "t")
    assert invoke("check", "t").stdout == "t: traces: 2 read = 2 good + 0 bad\n"
    assert invoke("check", "t/traces/a_p0.json").stdout.endswith("traces: 1 read = 1 good + 0 bad\n")
    invoke("export", "e.jsonl", "--to", "moments", "--out", "m")
    assert "m/moments.jsonl: labelled-moments: " in invoke("check", "m").stdout
    (tmp_path / "t" / "traces" / "b_p0.json").write_text('[{"observation": 7}]')
    assert "t: traces: 1 read = 0 good + 1 bad" in invoke("check", "t").stdout


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
