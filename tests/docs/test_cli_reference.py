"""docs/cli.md says what `--help` says."""

from __future__ import annotations

import subprocess
import sys

from tests.docs.pages import ROOT, command_tree

PAGE = (ROOT / "docs" / "cli.md").read_text(encoding="utf-8")


def test_the_reference_is_up_to_date() -> None:
    done = subprocess.run(
        [sys.executable, "tools/cli_reference.py", "--check"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def test_every_command_and_every_option_is_in_the_reference() -> None:
    for words, command in command_tree().items():
        if not words:
            continue
        heading = f"\n{'#' * (len(words) + 1)} tactful {' '.join(words)}\n"
        assert heading in PAGE, heading
        section = PAGE.split(heading)[1].split("\n#")[0]
        for option in command.params if not hasattr(command, "commands") else ():
            if option.param_type_name == "option":
                assert all(f"`{name}`" in section for name in option.opts), (words, option.opts)


def test_every_command_opens_its_help_with_a_sentence_and_an_example() -> None:
    for words, command in command_tree().items():
        if hasattr(command, "commands"):
            continue
        first, _, rest = command.help.strip().partition("\n\n")
        assert first.endswith("."), words
        assert rest.startswith(f"Example: `tactful {' '.join(words)}"), words


def test_every_option_and_argument_says_what_it_is() -> None:
    for words, command in command_tree().items():
        for item in command.params:
            if words:
                assert item.help, (words, item.name)
