"""How commands end: with a count, a reason, the next move, and an exit code that scripts can trust."""

import fcntl
import json
import os
import pty
import re
import shlex
import struct
import subprocess
import sys
import termios
from pathlib import Path

import pytest
from tests.chat_server import serving
from tests.commands import Command

from tactful.runs import RunFolder


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tactful: Command) -> Path:
    """A working folder with a name that a shell must be told, and two states in it."""
    folder = tmp_path / "r ü"
    folder.mkdir()
    monkeypatch.chdir(folder)
    for name in ("OPENAI_API_KEY", "OPENAI_BASE_URL"):
        monkeypatch.delenv(name, raising=False)
    done = tactful("calibrate", "states", "--mode", "synthetic", "--domain", "planning", "--n", 2, "--out", "s t.jsonl")  # fmt: skip
    assert shlex.split(done.stderr.splitlines()[-1].removeprefix("next: "))[3] == "s t.jsonl"
    return folder


def next_words(printed: str) -> list[str]:
    """The words of the command that was proposed, as a shell would split them."""
    (line,) = [line for line in printed.splitlines() if line.startswith("next: ")]
    return shlex.split(line.removeprefix("next: "))


@pytest.mark.slow
def test_proposed_commands_can_be_typed_as_they_are(tactful: Command) -> None:
    done = tactful("calibrate", "rollout", "s t.jsonl", "--model", "offline", "--out", "run 1")
    assert next_words(done.stderr) == ["tactful", "calibrate", "reward", "run 1"]
    done = tactful(*next_words(done.stderr)[1:], "--out", "run 2")
    assert next_words(done.stderr) == ["tactful", "calibrate", "pairs", "run 2"]
    done = tactful(*next_words(done.stderr)[1:], "--out", "run 3")
    assert next_words(done.stderr)[3] == "run 3"


def test_the_budget_is_said_not_to_apply_to_a_rehearsal(tactful: Command) -> None:
    words = ["calibrate", "rollout", "s t.jsonl", "--model", "offline", "--out", "run"]
    done = tactful(*words, "--budget-tokens", 0)
    assert done.returncode == 0
    assert done.stderr.count("the budget does not apply: no endpoint is called") == 1
    assert "the budget" not in tactful(*words[:-1], "other").stderr


@pytest.mark.slow
def test_a_million_passes_are_counted_and_not_made(tactful: Command) -> None:
    words = [
        "calibrate",
        "rollout",
        "s t.jsonl",
        "--model",
        "m",
        "--dry-run",
        "--passes",
        1_000_000,
        "--json",
    ]
    one = json.loads(tactful(*words[:-2], 30, "--json").stdout)["sessions"]
    for more in ([], ["--tasks-per-user", 2]):
        found = json.loads(tactful(*words, *more).stdout)
        assert found["sampled"] == 200
        if not more:
            assert found["sessions"] == one * 1_000_000 // 30
    limited = json.loads(tactful(*words, "--limit", 250).stdout)
    assert (limited["sessions"], limited["sampled"]) == (250, 200)


def test_where_everything_failed_the_reason_is_printed_once(tactful: Command) -> None:
    with serving(faults={"400": 1.0}) as server:
        failed = tactful("calibrate", "rollout", "s t.jsonl", "--model", "m", "--base-url", server.base_url, "--out", "run 1")  # fmt: skip
    assert failed.returncode == 1
    count = RunFolder.open("run 1").counts().failed
    (line,) = [line for line in failed.stderr.splitlines() if "failed, all (" in line]
    assert line.startswith(f"{count} of {count} failed, all ({count}) with ")
    assert "HTTP 400" in line
    assert "tactful runs retry 'run 1'" in failed.stderr
    assert "next: " not in failed.stderr
    shown = tactful("runs", "show", "run 1")
    assert f"  {count} × " in shown.stdout


def test_siblings_print_the_reason_and_end_with_1(tactful: Command) -> None:
    said = [("user", "Write it."), ("assistant", "Here."), ("user", "Thanks!"), ("assistant", "Bye."), ("user", "Go on")]  # fmt: skip
    chat = {"id": "c1", "conversation": [{"role": role, "content": text} for role, text in said]}
    Path("chats.jsonl").write_text(json.dumps(chat) + "\n")
    with serving(faults={"400": 1.0}) as server:
        for verb in (["feedback", "judge"], ["utterance", "synthesize"], ["utterance", "predict"]):
            failed = tactful(*verb, "chats.jsonl", "--model", "m", "--base-url", server.base_url, "--out", verb[1])  # fmt: skip
            assert failed.returncode == 1, verb
            assert re.search(r"(\d) of \1 failed, all \(\1\) with .*HTTP 400", failed.stderr), verb
            assert "next: " not in failed.stderr, verb


def test_an_evaluation_without_a_tree_prints_the_reason_and_ends_with_1(tactful: Command) -> None:
    with serving(faults={"400": 1.0}) as server:
        words = ["--states", "s t.jsonl", "--policies", "rule", "--passes", "1", "--model", "m"]
        failed = tactful("calibrate", "evaluate", *words, "--base-url", server.base_url, "--out", "run 1")
    assert failed.returncode == 1
    assert re.search(r"(\d+) of \1 failed, all \(\1\) with .*HTTP 400", failed.stderr)
    assert "tactful runs retry 'run 1', then measure again with --resume" in failed.stderr
    assert "tactful: run 1: no tree could be rolled out, so there is nothing to measure" in failed.stderr


EMPTY = [
    ["calibrate", "states", "--mode", "dataset", "--domain", "coding", "--input", "empty.jsonl"],
    ["calibrate", "rollout", "empty.jsonl", "--model", "offline"],
    ["calibrate", "reward", "empty.jsonl"],
    ["calibrate", "pairs", "empty.jsonl"],
    ["calibrate", "evaluate", "--states", "empty.jsonl", "--policies", "rule", "--model", "offline"],
    ["feedback", "judge", "empty.jsonl", "--model", "embedded"],
    ["utterance", "synthesize", "empty.jsonl", "--model", "offline"],
    ["utterance", "predict", "empty.jsonl", "--model", "offline"],
]


@pytest.mark.slow
@pytest.mark.parametrize("command", EMPTY, ids=lambda words: " ".join(words[:2]))
def test_an_empty_file_is_said_to_be_empty(tactful: Command, command: list[str]) -> None:
    Path("empty.jsonl").touch()
    failed = tactful(*command, "--out", "out")
    assert failed.returncode == 1
    assert re.search(r"^tactful: empty.jsonl: holds no .*; \w+", failed.stderr)
    assert not Path("out").exists()


@pytest.mark.slow
def test_too_few_repeats_for_means_name_the_passes(tactful: Command) -> None:
    tactful("calibrate", "rollout", "s t.jsonl", "--model", "offline", "--out", "run")
    tactful("calibrate", "reward", "run", "--out", "reward")
    failed = tactful("calibrate", "pairs", "reward", "--select", "mean", "--out", "pairs")
    assert failed.returncode == 1
    assert " few_repeats; --select mean averages 4 repeats of every action: roll out with --passes 4" in failed.stderr  # fmt: skip
    assert not Path("pairs").exists()


@pytest.mark.slow
def test_a_terminal_of_80_columns_shows_everything_about_progress(place: Path) -> None:
    with serving(latency_s=0.4) as server:
        words = ["calibrate", "rollout", "s t.jsonl", "--model", "m", "--base-url", server.base_url]
        shown = on_a_terminal([*words, "--concurrency", "2", "--limit", "6", "--out", "run"], place)
    lines = [line.rstrip() for line in re.split(r"[\r\n]+", shown)]
    live = [line for line in lines if re.match(r"calibrate rollout [━╸╺]+ *\d of 6", line)]
    assert live
    below = [line for line in lines if re.match(r"  \d+ (done|cached),", line)]
    assert max(map(len, live + below)) <= 80
    assert re.search(r" \d of 6, about \d+ s left", shown)
    assert re.search(r"^  \d done, \d failed", "\n".join(lines), re.M)
    assert re.search(r"^  \d+ cached, [\d.]+ calls/s, [\d,]+ tokens.*, price unknown", "\n".join(lines), re.M)


def on_a_terminal(words: list[str], folder: Path) -> str:
    """What the command writes to a terminal of 80 columns, without colours and cursor moves."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    environment = {k: v for k, v in os.environ.items() if k not in ("COLUMNS", "LINES", "NO_COLOR")}
    process = subprocess.Popen(
        [sys.executable, "-m", "tactful", *words],
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=theirs,
        stderr=theirs,
        env=environment | {"TERM": "xterm"},
    )
    os.close(theirs)
    written = b""
    while True:
        try:
            written += os.read(ours, 65536)
        except OSError:  # the other side is closed
            break
    os.close(ours)
    assert process.wait(timeout=60) in (0, 1)
    return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", written.decode())


def test_a_run_named_twice_is_refused(tactful: Command) -> None:
    tactful("calibrate", "rollout", "s t.jsonl", "--model", "offline", "--out", "run")
    failed = tactful("bench", "report", "run", "../r ü/run", "--out", "page.html")
    assert failed.returncode == 2
    assert "../r ü/run: is named twice" in failed.stderr
    assert not Path("page.html").exists()


@pytest.mark.parametrize("verb", ["show", "retry", "export"])
def test_a_file_is_said_to_be_no_run_folder(tactful: Command, verb: str) -> None:
    failed = tactful("runs", verb, "s t.jsonl")
    assert failed.returncode == 1
    assert failed.stderr == (
        "tactful: s t.jsonl: is a file, expected the folder of a run; see `tactful runs list`\n"
    )
