from __future__ import annotations

import re
import subprocess
import sys
from types import SimpleNamespace

import pytest
from tests.runs import parts
from tests.runs.parts import items, run

from tactful.llm.types import Usage
from tactful.runs.running.progress import (
    NotebookProgress,
    PlainProgress,
    RichProgress,
    Tally,
    duration,
    expected_total,
    open_progress,
)


def test_plain_line_tells_counts_cost_and_time_left(capsys):
    tally = Tally(behind=50, done=44, failed=3, skipped=2)
    tally.count(
        "done", Usage(calls=30, cached=20, prompt_tokens=1000, completion_tokens=234, cost_usd=0.0123)
    )
    PlainProgress("test double", total=100).show(tally)
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith("test double: 50 of 100: 45 done, 3 failed, 2 skipped, about ")
    assert " left, 20 cached, " in said.err
    assert "calls/s, 1,234 tokens, $0.0123\n" in said.err


def test_unknown_price_and_estimated_tokens_are_named(capsys):
    tally = Tally(behind=1)
    tally.count("done", Usage(calls=1, prompt_tokens=7, cost_usd=None, estimated=True))
    PlainProgress("t", total=None).show(tally)
    assert "about 7 tokens (estimated), price unknown" in capsys.readouterr().err


def test_last_line_adds_up_and_goes_to_stderr(tmp_path, capsys):
    run(tmp_path / "out", stage=parts.moody, count=20, progress="plain")
    said = capsys.readouterr()
    assert said.out == ""
    assert "read 20 = 14 done + 4 failed + 2 skipped" in said.err


def test_off_is_silent(tmp_path, capsys):
    run(tmp_path / "out", progress="off")
    assert capsys.readouterr() == ("", "")


def test_bar_on_a_terminal_ends_with_the_same_last_line(tmp_path, capsys):
    run(tmp_path / "out", source=list(items(10)), progress="rich")
    said = capsys.readouterr()
    assert said.out == ""
    assert "read 10 = 10 done + 0 failed + 0 skipped" in said.err


@pytest.mark.parametrize("total", [None, 3_000_000])
def test_live_lines_tell_everything_within_80_columns(monkeypatch, capsys, total):
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("FORCE_COLOR", "1")
    tally = Tally(behind=1_234_567, done=1_200_000, failed=34_567)
    cost = Usage(calls=3_000_000, cached=50_000, prompt_tokens=987_654_321, cost_usd=1234.5, estimated=True)
    tally.count("done", cost)
    progress = RichProgress("calibrate rollout", total)
    progress._began -= 3600
    with progress:
        progress.show(tally)
    shown = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", capsys.readouterr().err)
    lines = [line.rstrip() for line in re.split(r"[\r\n]+", shown) if line.strip()]
    assert max(map(len, lines)) <= 80
    assert "1200001 done, 34567 failed" in shown
    assert "50000 cached, 847.2 calls/s, about 987,654,321 tokens (estimated), $1234.5000" in shown
    assert ("calibrate rollout" in shown, "1234567" in shown) == (True, True)
    assert (" of 3000000, about 86 min left" in shown) == (total is not None)


def test_auto_looks_for_a_terminal(monkeypatch):
    assert type(open_progress("auto", "t", None)) is PlainProgress
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    assert type(open_progress("auto", "t", None)) is RichProgress


def test_in_a_notebook_a_bar_is_drawn_and_the_last_words_stay(monkeypatch):
    drawn = []
    shown = SimpleNamespace(update=lambda bundle, raw: drawn.append(bundle))
    monkeypatch.setattr("IPython.display.display", lambda bundle, raw, display_id: shown)
    with NotebookProgress("calibrate rollout", 20) as progress:
        progress.show(Tally(behind=5, done=4, failed=1))
        progress.say("read 20 < 21")
    assert 'max="20" value="5"' in drawn[0]["text/html"]
    assert drawn[0]["text/plain"].startswith("calibrate rollout: 5 of 20: 4 done, 1 failed, about ")
    assert drawn[1] == {
        "text/plain": "calibrate rollout: read 20 < 21",
        "text/html": "<small>calibrate rollout: read 20 &lt; 21</small>",
    }


def test_auto_knows_a_notebook_by_its_kernel(monkeypatch):
    shell = SimpleNamespace()
    monkeypatch.setitem(sys.modules, "IPython", SimpleNamespace(get_ipython=lambda: shell))
    assert type(open_progress("auto", "t", None)) is PlainProgress
    shell.kernel = object()
    assert type(open_progress("auto", "t", None)) is NotebookProgress


def test_total_is_known_only_from_sources_that_tell(tmp_path):
    assert expected_total(list(items(10)), None) == 10
    assert expected_total(list(items(10)), 4) == 4
    assert expected_total(items(10), 4) is None
    assert expected_total(items(10), None, 12) == 12
    assert expected_total(items(10), 4, 12) == 4


@pytest.mark.parametrize(
    ("seconds", "words"), [(-5, "0 s"), (42, "42 s"), (420, "7 min"), (11520, "3.2 h"), (864000, "10 d")]
)
def test_durations_in_words(seconds, words):
    assert duration(seconds) == words


@pytest.mark.slow
def test_importing_the_room_imports_nothing_heavy():
    program = (
        "import sys, tactful.runs, tactful.runs.read.report, tactful.cli.runs.root;"
        "print([name for name in ('aiohttp', 'numpy', 'scipy', 'rich', 'tomlkit') if name in sys.modules])"
    )
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"
