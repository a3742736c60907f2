"""The pages that users read, and the commands that they quote."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from typer.main import get_command

ROOT = Path(__file__).resolve().parents[2]
PAGES = [
    *(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")),
    *sorted((ROOT / "docs").rglob("*.md")),
    *sorted((ROOT / "examples").rglob("*.md")),
]
_FENCE = re.compile(r"^( *)```(\w*)[^\n]*\n(.*?)^\1```", re.MULTILINE | re.DOTALL)
_SPAN = re.compile(r"(?<!`)`(tactful [^`\n<]+)`(?!`)")
_ENDS = {"|", "||", "&&", ";", ">", ">>", "2>", "<", "&"}


class Quoted(NamedTuple):
    """A command as a page quotes it."""

    page: str
    words: tuple[str, ...]
    """Without the leading `tactful`."""
    whole: bool
    """Meant to be typed as it stands (a line of a code block), not a mention in the text."""


def blocks(text: str) -> Iterator[tuple[str, str]]:
    """Language and content of every code block."""
    for found in _FENCE.finditer(text):
        yield found[2], found[3]


def without_blocks(text: str) -> str:
    """The page's prose."""
    return _FENCE.sub("", text)


def quoted_commands() -> list[Quoted]:
    """Every `tactful …` of every page."""
    found: list[Quoted] = []
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        name = str(page.relative_to(ROOT))
        for language, content in blocks(text):
            if language in {"", "sh", "bash", "console"}:
                for line in content.replace("\\\n", " ").splitlines():
                    command = line.strip().removeprefix("$ ")
                    if command.startswith("tactful "):
                        found.append(Quoted(name, _words(command), whole=True))
        for span in _SPAN.finditer(without_blocks(text)):
            found.append(Quoted(name, _words(span[1]), whole=False))
    return found


def _words(command: str) -> tuple[str, ...]:
    words = shlex.split(command, comments=True)[1:]
    end = next((place for place, word in enumerate(words) if word in _ENDS), len(words))
    return tuple(words[:end])


def command_tree() -> dict[tuple[str, ...], Any]:
    """Words → command, groups included."""
    from tactful.cli.main import app

    def walk(command: Any, words: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Any]]:
        yield words, command
        for name, below in getattr(command, "commands", {}).items():
            yield from walk(below, (*words, name))

    return dict(walk(get_command(app), ()))
