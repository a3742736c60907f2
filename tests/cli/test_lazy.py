"""The root imports a command when it is called, and its help says what the commands say of themselves."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping

import pytest
from typer.main import get_command

from tactful.cli.main import COMMANDS, app


@pytest.mark.parametrize("name", COMMANDS)
def test_the_root_says_of_a_command_what_the_command_says_of_itself(name: str) -> None:
    command = get_command(app).commands[name]  # type: ignore[attr-defined]
    assert (command.help or "").strip().splitlines()[0] == COMMANDS[name].about
    assert command.name == name
    assert not {"install_completion", "show_completion"} & {item.name for item in command.params}


def imported(*words: str, environment: Mapping[str, str] | None = None) -> set[str]:
    """Modules of commands after a call."""
    code = (
        "import contextlib, io, json, sys\n"
        "from tactful.cli.main import main\n"
        f"sys.argv = ['tactful', *{list(words)!r}]\n"
        "with contextlib.redirect_stdout(io.StringIO()), contextlib.suppress(SystemExit):\n"
        "    main()\n"
        "print(json.dumps([name for name in sys.modules if name.startswith('tactful.cli.')]))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
        env={**os.environ, **(environment or {})},
    )
    return set(json.loads(done.stdout))


@pytest.mark.slow
def test_help_of_the_root_imports_no_command_and_a_call_only_its_own() -> None:
    places = {"tactful.cli." + place.path.partition(":")[0] for place in COMMANDS.values()}
    assert not places & imported("--help")
    assert places & imported("runs", "list", "--help") == {"tactful.cli.runs.root"}


@pytest.mark.parametrize("typed", ["tactful ", "tactful ca"])
def test_completing_a_word_of_the_root_imports_no_command(typed: str) -> None:
    places = {"tactful.cli." + place.path.partition(":")[0] for place in COMMANDS.values()}
    asked = {"_TACTFUL_COMPLETE": "complete_bash", "COMP_WORDS": typed, "COMP_CWORD": "1"}
    assert not places & imported(environment=asked)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("words", "shown"),
    [
        (("train", "sft"), "Extra [train]."),
        (("gym", "run"), "TOML with [[person]] tables"),
        (("gym", "users", "fit"), "tactful gym users fit traces/ reward_train.jsonl --out users.toml"),
        (("doctor",), "Check Python"),
    ],
)
def test_help_keeps_what_stands_in_brackets_and_sets_commands_apart(
    words: tuple[str, ...], shown: str
) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tactful", *words, "--help"],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
        env={**os.environ, "NO_COLOR": "1", "TERM": "dumb", "COLUMNS": "200"},
    )
    assert shown in done.stdout
    assert "`" not in done.stdout
