"""The root command in real processes: exit codes, one sentence instead of a traceback, completion, pipes."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from tactful import __version__
from tactful.cli.main import _refuse_double_slashes

STATES = ("calibrate", "states", "--mode", "synthetic", "--domain", "coding")
NO_CAGE = (
    "import tactful.sandbox.inside.landlock as landlock\n"
    "landlock.abi = lambda: 0\n"
    "from tactful.cli.main import main\n"
    "main()\n"
)
"""The command line on a machine that offers no cage."""


def tactful(
    *arguments: str, cwd: Path, program: Sequence[str] = ("-m", "tactful")
) -> subprocess.CompletedProcess[str]:
    """The command in a process of its own, without colour, in the folder `cwd`."""
    environment = {**os.environ, "NO_COLOR": "1", "TERM": "dumb", "COLUMNS": "100"}
    return subprocess.run(
        [sys.executable, *program, *arguments],
        cwd=cwd,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
    )


def assert_one_sentence(done: subprocess.CompletedProcess[str]) -> None:
    assert "Traceback" not in done.stderr
    assert done.stderr.startswith("tactful: ")
    assert len(done.stderr.strip().splitlines()) == 1


# ---------------------------------------------------------------- 0


def test_the_version_is_printed(tmp_path: Path) -> None:
    done = tactful("--version", cwd=tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (0, f"tactful {__version__}\n", "")


def test_help_opens_with_an_example_and_lists_the_nouns(tmp_path: Path) -> None:
    done = tactful("--help", cwd=tmp_path)
    assert done.returncode == 0
    assert re.search(r"Example: tactful \w+", done.stdout)
    for noun in ("calibrate", "data", "runs"):
        assert re.search(rf"\b{noun}\b", done.stdout)


@pytest.mark.slow
def test_data_goes_to_stdout_and_everything_else_to_stderr(tmp_path: Path) -> None:
    done = tactful(*STATES, "--n", "4", cwd=tmp_path)
    assert done.returncode == 0
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(rows) == 4
    assert all(0 <= row["query_clarity"] <= 1 for row in rows)
    assert done.stderr.startswith("4 states")


@pytest.mark.slow
def test_success_ends_with_the_next_command(tmp_path: Path) -> None:
    done = tactful(*STATES, "--n", "2", "--out", "states.jsonl", cwd=tmp_path)
    assert done.returncode == 0
    assert done.stderr.splitlines()[-1].startswith("next: tactful calibrate rollout states.jsonl")


@pytest.mark.slow
def test_a_reader_that_stops_early_is_no_failure_of_ours(tmp_path: Path) -> None:
    pipe = subprocess.run(
        [
            "bash",
            "-c",
            f'"{sys.executable}" -m tactful calibrate states --mode synthetic --domain coding --n 90 | head -c 10',
        ],
        cwd=tmp_path,
        capture_output=True,
        timeout=60,
    )
    assert len(pipe.stdout) == 10
    assert b"Traceback" not in pipe.stderr
    assert b"Exception ignored" not in pipe.stderr


# ---------------------------------------------------------------- 1


@pytest.mark.slow
def test_a_missing_file_is_named_in_one_sentence(tmp_path: Path) -> None:
    done = tactful("calibrate", "rollout", "no-such.jsonl", "--model", "offline", cwd=tmp_path)
    assert done.returncode == 1
    assert_one_sentence(done)
    assert "no-such.jsonl" in done.stderr
    assert not (tmp_path / "runs").exists()


@pytest.mark.slow
def test_a_bad_line_is_named_by_file_line_and_value(tmp_path: Path) -> None:
    bad = {"query": "Sort a list", "query_clarity": 1.5}
    (tmp_path / "mine.jsonl").write_text(
        f'{{"query": "Add two numbers"}}\n{json.dumps(bad)}\n', encoding="utf-8"
    )
    done = tactful(
        "calibrate",
        "states",
        "--mode",
        "dataset",
        "--domain",
        "coding",
        "--input",
        "mine.jsonl",
        cwd=tmp_path,
    )
    assert done.returncode == 1
    assert_one_sentence(done)
    assert "mine.jsonl:2:" in done.stderr
    assert "1.5" in done.stderr


@pytest.mark.slow
def test_a_bad_line_can_be_left_out_and_is_counted(tmp_path: Path) -> None:
    (tmp_path / "mine.jsonl").write_text(
        '{"query": "Add two numbers"}\n{"question": "?"}\n', encoding="utf-8"
    )
    options = ("--mode", "dataset", "--domain", "coding", "--input", "mine.jsonl", "--skip-bad")
    done = tactful("calibrate", "states", *options, cwd=tmp_path)
    assert done.returncode == 0
    assert len(done.stdout.splitlines()) == 1
    assert "1 unusable lines left out" in done.stderr


@pytest.mark.slow
def test_a_folder_that_is_no_run_is_one_sentence(tmp_path: Path) -> None:
    done = tactful("runs", "show", ".", cwd=tmp_path)
    assert done.returncode == 1
    assert_one_sentence(done)


# ---------------------------------------------------------------- 2


@pytest.mark.parametrize(
    "arguments",
    [
        ("no-such-noun",),
        ("calibrate", "no-such-verb"),
        ("runs", "list", "--no-such-option"),
        ("calibrate", "states", "--mode", "sideways", "--domain", "coding"),
        ("calibrate", "rollout", "states.jsonl"),
        (*STATES, "--n", "many"),
        (*STATES, "--n", "0"),
        (*STATES, "--input", "mine.jsonl"),
        (*STATES, "--json"),
        ("calibrate",),
        (),
    ],
)
def test_wrong_usage_is_exit_code_2_and_leaves_nothing_behind(
    tmp_path: Path,
    arguments: tuple[str, ...],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    from tactful.cli.main import main

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["tactful", *arguments])
    with pytest.raises(SystemExit) as left:
        main()
    assert left.value.code == 2
    assert "Traceback" not in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


@pytest.mark.slow
def test_an_unknown_option_is_exit_code_2_in_a_process_too(tmp_path: Path) -> None:
    assert tactful("runs", "list", "--no-such-option", cwd=tmp_path).returncode == 2


@pytest.mark.parametrize("word", ["s3://logs/q//z.jsonl", "--config=S3://logs/q//z.jsonl"])
def test_a_key_with_two_slashes_is_not_read_as_another_key(tmp_path: Path, word: str) -> None:
    done = tactful("audit", word, cwd=tmp_path)
    assert done.returncode == 2
    assert "a key with '//' cannot be named alone; give what stands before it" in done.stderr
    assert "://logs/q, under which" in done.stderr
    assert_one_sentence(done)


def test_a_text_that_names_two_urls_is_no_key() -> None:
    _refuse_double_slashes(["redis://host is down, see https://wiki", "s3://logs/a,s3://logs/b"])


@pytest.mark.slow
def test_an_existing_file_is_never_overwritten(tmp_path: Path) -> None:
    (tmp_path / "states.jsonl").write_text("mine\n")
    done = tactful(*STATES, "--out", "states.jsonl", cwd=tmp_path)
    assert done.returncode == 2
    assert_one_sentence(done)
    assert (tmp_path / "states.jsonl").read_text() == "mine\n"


# ---------------------------------------------------------------- 3 and 130


@pytest.mark.slow
def test_without_a_cage_untrusted_code_is_refused_with_exit_code_3(tmp_path: Path) -> None:
    assert tactful(*STATES, "--n", "2", "--out", "states.jsonl", cwd=tmp_path).returncode == 0
    rollout = ("states.jsonl", "--model", "offline", "--personas", "patient-tutor", "--turns", "single")
    assert tactful("calibrate", "rollout", *rollout, "--out", "rollout", cwd=tmp_path).returncode == 0
    done = tactful("calibrate", "reward", "rollout", "--out", "reward", cwd=tmp_path, program=("-c", NO_CAGE))
    assert done.returncode == 3
    assert "Traceback" not in done.stderr
    assert "--unsafe-exec" in done.stderr
    assert not (tmp_path / "reward").exists()


@pytest.mark.slow
def test_an_interrupted_run_exits_130_and_says_how_to_go_on(tmp_path: Path) -> None:
    states = tactful(*STATES, "--n", "2", cwd=tmp_path).stdout
    options = ("--model", "offline", "--personas", "patient-tutor", "--turns", "single", "--out", "run")
    with subprocess.Popen(
        [sys.executable, "-m", "tactful", "calibrate", "rollout", "-", *options],
        cwd=tmp_path,
        stdin=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as running:
        assert running.stdin is not None
        assert running.stderr is not None
        running.stdin.write(states)
        running.stdin.flush()  # the pipe stays open: more records could come
        try:
            _wait_until_it_heeds_signals(running.pid)
            running.send_signal(signal.SIGINT)
            assert running.wait(timeout=30) == 130
        finally:
            running.kill()
        said = running.stderr.read()
    assert "Traceback" not in said
    assert "--resume" in said


def _wait_until_it_heeds_signals(pid: int) -> None:
    """SIGTERM is caught from when the run has begun; the kernel shows that in a mask."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        caught = re.search(r"SigCgt:\s*([0-9a-f]+)", Path(f"/proc/{pid}/status").read_text())
        if caught and int(caught[1], 16) >> (signal.SIGTERM - 1) & 1:
            return
        time.sleep(0.05)
    raise AssertionError("the run never began")


@pytest.mark.parametrize(
    ("error", "code"),
    [
        ("errors.ProviderError('no answer')", 1),
        ("errors.Interrupted('stopped')", 130),
        ("KeyboardInterrupt()", 130),
    ],
)
def test_each_error_becomes_its_exit_code_and_no_traceback(tmp_path: Path, error: str, code: int) -> None:
    program = (
        "from tactful import errors\n"
        "from tactful.cli import main as root\n"
        "@root.app.command('fail')\n"
        "def fail() -> None:\n"
        f"    raise {error}\n"
        "root.main()\n"
    )
    done = tactful("fail", cwd=tmp_path, program=("-c", program))
    assert done.returncode == code
    assert "Traceback" not in done.stderr


# ---------------------------------------------------------------- completion


TACTFUL = Path(sys.executable).parent / "tactful"
"""The installed command: completion works by its name."""


def test_the_running_shell_gets_its_completion_script(tmp_path: Path) -> None:
    done = subprocess.run(
        ["bash", "-c", f'"{TACTFUL}" --show-completion; exit $?'],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0
    assert "complete -o default -F _tactful_completion tactful" in done.stdout


@pytest.mark.parametrize(
    ("shell", "sign"), [("zsh", "#compdef tactful"), ("fish", "complete --command tactful")]
)
def test_other_shells_have_a_script_too(tmp_path: Path, shell: str, sign: str) -> None:
    environment = {**os.environ, "_TACTFUL_COMPLETE": f"source_{shell}"}
    done = subprocess.run(
        [TACTFUL], cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=60
    )
    assert sign in done.stdout


@pytest.mark.slow
@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("tactful cal", {"calibrate"}),
        ("tactful runs re", {"retry"}),
        ("tactful calibrate rollout --personas", {"--personas"}),
    ],
)
def test_completion_knows_nouns_verbs_and_options(tmp_path: Path, typed: str, expected: set[str]) -> None:
    words = typed.split()
    environment = {
        **os.environ,
        "_TACTFUL_COMPLETE": "complete_bash",
        "COMP_WORDS": typed,
        "COMP_CWORD": str(len(words) - 1),
    }
    done = subprocess.run(
        [TACTFUL],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert set(done.stdout.split()) == expected


@pytest.mark.slow
def test_control_characters_of_a_file_name_never_reach_the_terminal(tmp_path: Path) -> None:
    talk = {"messages": [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hello"}]}
    (tmp_path / "a\x1b[31m.jsonl").write_text(json.dumps(talk))
    for name in ("a\x1b[31m.jsonl", "no\x1b[31m.jsonl"):
        ran = tactful("data", "check", name, cwd=tmp_path)
        assert "\x1b" not in ran.stdout + ran.stderr
        assert "\\x1b[31m" in ran.stdout + ran.stderr


@pytest.mark.slow
def test_a_link_in_a_circle_is_said_to_be_one(tmp_path: Path) -> None:
    (tmp_path / "a").symlink_to("b")
    (tmp_path / "b").symlink_to("a")
    ran = tactful("feedback", "judge", "a", "--model", "offline", cwd=tmp_path)
    assert ran.returncode == 1
    assert "leads nowhere, or in a circle" in ran.stderr
