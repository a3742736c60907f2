"""Every command that a page or a message quotes exists and takes those options."""

from __future__ import annotations

import re
from typing import Any

import pytest
from tests.docs.pages import PAGES, ROOT, Quoted, blocks, command_tree, quoted_commands
from typer._click.exceptions import MissingParameter, UsageError

TREE = command_tree()
QUOTED = quoted_commands()


def parse(words: tuple[str, ...]) -> None:
    """Parse `words` as the command line would, without running anything. Raises UsageError."""
    path: tuple[str, ...] = ()
    while words and (*path, words[0]) in TREE:
        path, words = (*path, words[0]), words[1:]
    command: Any = TREE[path]
    if hasattr(command, "commands") and words and not words[0].startswith("-"):
        raise UsageError(f"no command '{' '.join(path)} {words[0]}'")
    if words in {("--help",), ("-h",), ("--version",)} or words[:1] in {
        ("--show-completion",),
        ("--install-completion",),
    }:
        return
    if not hasattr(command, "commands"):
        command.make_context(" ".join(path), list(words))


@pytest.mark.parametrize(
    "quoted", QUOTED, ids=lambda quoted: f"{quoted.page}: {' '.join(quoted.words)}"[:120]
)
def test_a_quoted_command_parses(quoted: Quoted) -> None:
    try:
        parse(quoted.words)
    except MissingParameter:
        if quoted.whole:  # a mention in the text may leave out what is needed
            raise


@pytest.mark.parametrize(
    "words",
    [
        ("no-such",),
        ("calibrate", "no-such"),
        ("runs", "list", "--no-such"),
        ("calibrate", "states", "--mode", "x"),
    ],
)
def test_a_wrong_command_would_be_noticed(words: tuple[str, ...]) -> None:
    with pytest.raises(UsageError):
        parse(words)


def test_the_pages_quote_commands() -> None:
    assert len([quoted for quoted in QUOTED if quoted.whole]) >= 20


def test_messages_of_the_code_name_commands_that_exist() -> None:
    nouns = "|".join(sorted({words[0] for words in TREE if words}))
    said = re.compile(rf"\btactful ({nouns})(?: ([a-z]+(?:-[a-z]+)*))?(?: ([a-z]+(?:-[a-z]+)*))?")
    wrong = []
    for path in sorted((ROOT / "src").rglob("*.py")):
        for found in said.finditer(path.read_text(encoding="utf-8")):
            words = tuple(word for word in found.groups() if word)
            known = [words[:end] for end in range(len(words), 0, -1) if words[:end] in TREE]
            if hasattr(TREE[known[0]], "commands") and len(words) > len(known[0]):
                wrong.append(f"{path.relative_to(ROOT)}: {found[0]}")
    assert not wrong


def test_make_targets_that_pages_name_exist() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z][a-z ]*):", makefile, re.MULTILINE))
    known = {name for line in targets for name in line.split()}
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        named = set(re.findall(r"`make ([a-z]+)`", text))
        for language, content in blocks(text):
            if language in {"sh", "bash", "console"}:
                named |= set(re.findall(r"^(?:\$ )?make ([a-z]+)", content, re.MULTILINE))
        assert named <= known, page.name
