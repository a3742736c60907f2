"""`tactful data import activitywatch`: what it writes, tells and refuses, and who reads its files."""

from __future__ import annotations

import contextlib
import json
import os
import pty
import subprocess
import sys

import pytest
from tests.commands import tactful  # noqa: F401
from tests.data.activity.logs import afk, export, page, window

from tactful.data.activity import WorkSession
from tactful.data.formats.moments import moment_rows
from tactful.data.formats.traces import read_traces
from tactful.data.io import read_jsonl

LOG = export(
    [
        window(0, 120, "Code", "report.py"),
        window(120, 180, "firefox", "Merge frames - Google Search — Mozilla Firefox"),
        window(300, 60, "firefox", "Fever (Private Browsing)"),
        window(360, 1000, "Code", "report.py"),
        window(1360, 70, "Thunderbird", "To: zoe.quill@example.org"),
    ],
    pages=[page(120, 180, "https://www.google.com/search?q=merge+frames", "Merge frames - Google Search")],
    away=[afk(500, 700)],
)


@pytest.fixture(autouse=True)
def project(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "export.json").write_text(json.dumps(LOG), encoding="utf-8")
    return tmp_path


IMPORT = ("data", "import", "activitywatch")


def test_an_export_becomes_sessions_and_all_of_it_is_accounted_for(tactful, project):  # noqa: F811
    done = tactful(*IMPORT, "export.json", "--json")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert (told["sessions"], told["events"], told["out"]) == (2, 5, "work.jsonl")
    assert told["cut"] == {"query": 1, "email": 1, "private": 1}
    assert told["hours_left_out"] == {"away": 0.1944, "private": 0.0167}
    assert told["hours"] == pytest.approx(told["hours_recorded"] - 0.1944 - 0.0167, abs=2e-4)
    first, second = read_jsonl(project / "work.jsonl", WorkSession)
    assert [event.text for event in first.events] == [
        "The user started work in 'Code': 'report.py'.",
        "The user searched in 'firefox': 'Merge frames - Google Search' (google.com/search).",
        "The user went back to 'Code': 'report.py'.",
    ]
    assert second.events[-1].text == "The user switched to 'Thunderbird': 'To: [EMAIL]'."


def test_what_was_read_cut_and_left_out_is_told_to_the_person(tactful):  # noqa: F811
    done = tactful(*IMPORT, "export.json")
    assert done.stdout == ""
    assert "2 sessions of 1 machine, 5 events, 0.19 h of 0.40 h recorded\n" in done.stderr
    assert "between events: 10% ≤ " in done.stderr
    assert "left out: 0.19 h away, 0.02 h private\n" in done.stderr
    assert "redacted: 1 email, 1 private, 1 query\n" in done.stderr
    assert "next: tactful " in done.stderr


def test_its_rows_are_known_to_check(tactful):  # noqa: F811
    tactful(*IMPORT, "export.json")
    checked = tactful("data", "check", "work.jsonl")
    assert checked.stdout == "work.jsonl: work-sessions: 2 read = 2 good + 0 bad\n"


@pytest.mark.parametrize("words", [("data", "check"), ("data", "import", "chats")])
def test_an_export_that_is_given_to_other_commands_is_known(tactful, words):  # noqa: F811
    done = tactful(*words, "export.json")
    assert done.returncode == 1
    assert "export.json: is an export of ActivityWatch" in done.stderr


def test_traces_are_read_by_the_readers_of_traces(tactful, project):  # noqa: F811
    tactful(*IMPORT, "export.json", "--out", "work.jsonl")
    assert tactful(*IMPORT, "export.json", "--to", "traces").returncode == 0
    sessions = list(read_jsonl(project / "work.jsonl", WorkSession))
    traces = read_traces(project / "traces")
    assert [[(event.at, event.text) for event in trace.events] for trace in traces] == [
        [(event.at, event.text) for event in session.events] for session in sessions
    ]


def test_moments_are_read_by_the_readers_of_moments(tactful, project):  # noqa: F811
    assert tactful(*IMPORT, "export.json", "--to", "moments").returncode == 0
    rows = list(moment_rows(project / "moments.jsonl", strict=True))
    assert [len(row.events) for row in rows] == [1, 2, 3, 1, 2]
    assert {row.proposal for row in rows} == {None}
    assert (
        tactful("data", "check", "moments.jsonl").stdout
        == "moments.jsonl: moments: 5 read = 5 good + 0 bad\n"
    )
    judged = tactful("reward", "judge", "moments.jsonl", "--judge", "offline", "--out", "runs/judged")
    assert judged.returncode == 0, judged.stderr


def test_standard_input_and_output_are_pipes(tactful):  # noqa: F811
    done = tactful(*IMPORT, "-", "--out", "-", stdin=json.dumps(LOG).encode())
    assert [json.loads(line)["tactful"] for line in done.stdout.splitlines()] == ["work-sessions"] * 2


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        ((), 2, "give either EXPORT or --server"),
        (("export.json", "--server", "http://localhost:1"), 2, "give either EXPORT or --server"),
        (("missing.json",), 1, "missing.json: cannot be read"),
        (("broken.json",), 1, "broken.json:1: is not JSON; give what ActivityWatch writes"),
        (("other.json",), 1, "other.json: holds no buckets; give what ActivityWatch writes"),
        (("empty.json",), 1, "empty.json: no session came of it"),
        (("export.json", "--zone", "Mars/Olympus"), 2, "--zone 'Mars/Olympus' is not known"),
        (("export.json", "--deny", "re:("), 2, "'re:(' is no regular expression"),
        (("export.json", "--deny", "@nowhere.txt"), 1, "nowhere.txt: cannot be read"),
        (("export.json", "--out", "export.json"), 2, "export.json: exists already"),
        (("export.json", "--run", "runs/a"), 2, "--run, --resume and --dry-run are for --model"),
        (("export.json", "--to", "traces", "--out", "-"), 2, "traces are a folder of files"),
        (("--server", "localhost:5600"), 2, "expected something like http://localhost:5600"),
        (("--server", "http://me:pw@localhost"), 2, "--server holds more than an address"),
        (("--server", "http://127.0.0.1:9"), 1, "http://127.0.0.1:9: cannot be reached"),
        (
            ("--server", "http://10.1.2.3:5600"),
            3,
            "fetched from http://10.1.2.3:5600, which is not on this machine",
        ),
        (("--server", "http://localhost.evil.example"), 3, "which is not on this machine"),
    ],
)
def test_what_cannot_be_done_is_refused_with_what_to_do(tactful, project, words, code, said):  # noqa: F811
    (project / "broken.json").write_text("{")
    (project / "other.json").write_text('{"events": []}')
    (project / "empty.json").write_text('{"buckets": {}}')
    done = tactful(*IMPORT, *words)
    assert (done.returncode, said in done.stderr) == (code, True), done.stderr


def test_an_endpoint_elsewhere_is_named_and_refused_without_yes(tactful, monkeypatch, project):  # noqa: F811
    monkeypatch.setenv("OPENAI_API_KEY", "k")
    done = tactful(*IMPORT, "export.json", "--model", "m", "--base-url", "https://models.example/v1")
    assert done.returncode == 3
    assert (
        "the redacted sessions would be sent to https://models.example, which is not on this machine"
        in done.stderr
    )
    assert "--yes" in done.stderr
    assert sorted(path.name for path in project.iterdir()) == ["export.json"]


def test_the_rehearsal_goes_through_the_run_and_can_be_retried(tactful, project):  # noqa: F811
    done = tactful(*IMPORT, "export.json", "--model", "offline", "--run", "runs/told")
    assert done.returncode == 0, done.stderr
    rows = list(read_jsonl(project / "work.jsonl", WorkSession))
    assert {row.provenance.generator for row in rows} == {"offline"}
    assert tactful("runs", "retry", "runs/told").returncode == 0


def test_a_dry_run_says_what_would_be_asked_and_sends_nothing(tactful, project, monkeypatch):  # noqa: F811
    monkeypatch.setenv("OPENAI_API_KEY", "k")
    done = tactful(*IMPORT, "export.json", "--model", "gpt-4.1-mini", "--dry-run")
    assert done.returncode == 0, done.stderr
    assert "gpt-4.1-mini: 2 calls" in done.stderr
    assert not (project / "work.jsonl").exists()


@pytest.mark.slow
@pytest.mark.parametrize(("answer", "code"), [("n", 3), ("y", 1)])
def test_at_a_terminal_the_person_is_asked(project, answer, code):
    place, terminal = pty.openpty()
    command = [sys.executable, "-m", "tactful", *IMPORT, "--server", "http://nowhere.invalid:5600"]
    process = subprocess.Popen(command, stdin=terminal, stdout=terminal, stderr=terminal, cwd=project)
    os.close(terminal)
    shown = b""
    while b"Go on?" not in shown:
        shown += os.read(place, 1000)
    os.write(place, f"{answer}\n".encode())
    with contextlib.suppress(OSError):  # how a terminal says that nobody is at the other end
        while more := os.read(place, 1000):
            shown += more
    assert process.wait(timeout=60) == code
    os.close(place)
    said = " ".join(shown.decode().split())
    assert (
        "The log would be fetched from http://nowhere.invalid:5600, which is not on this machine. Go on?"
        in said
    )
    assert ("cannot be reached" in said) == (answer == "y")
