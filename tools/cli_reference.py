"""Write docs/cli.md from the commands themselves, so that it cannot say anything else than `--help`.

python tools/cli_reference.py            write docs/cli.md
python tools/cli_reference.py --check    exit 1 when it is out of date
"""

from __future__ import annotations

import re
import sys
import types
import typing
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

from typer.main import get_command

from tactful.cli.main import app

PAGE = Path(__file__).resolve().parent.parent / "docs" / "cli.md"

OPENING = """# Command line

<!-- Written by tools/cli_reference.py from the commands themselves; `make docs` writes it again. -->

`tactful <noun> <verb>`. The input is the one position, everything else is a flag with its full name.

- **Data goes to stdout, everything else to stderr.** `--json` prints the result for a program; `-` reads a pipe.
- **Nothing is overwritten.** Go on with `--resume`, or name a new `--out`.
- **Exit codes**: 0 done, 1 failed, 2 wrong usage, 3 refused for safety (untrusted code without a cage), 130 interrupted;
  an interrupted run has stored what was finished and says how to go on.
- **Environment variables hold secrets and places, never behaviour**: `OPENAI_API_KEY` (or the variable that
  `--api-key-env` names) and `OPENAI_BASE_URL`.
- `tactful --install-completion` teaches your shell the commands; `NO_COLOR=1` switches colour off.
"""
_NAMES = {"int": "INTEGER", "float": "NUMBER", "str": "TEXT", "Path": "PATH", "bool": ""}


def commands(group: Any, words: tuple[str, ...] = ("tactful",)) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Every command with its words, groups before what they hold, in the order of `--help`."""
    yield words, group
    for name, below in getattr(group, "commands", {}).items():
        yield from commands(below, (*words, name))


def page() -> str:
    """The whole page."""
    found = list(commands(get_command(app)))
    leaves = [(words, command) for words, command in found if not hasattr(command, "commands")]
    contents = [
        f"- [`{' '.join(words)}`](#{'-'.join(words)}): {_first_line(command.help)}"
        for words, command in leaves
    ]
    parts = [OPENING, "\n".join(contents) + "\n"]
    for words, command in found[1:]:
        parts.append(_group(words, command) if hasattr(command, "commands") else _command(words, command))
    return "\n".join(parts)


def _group(words: tuple[str, ...], command: Any) -> str:
    return f"{'#' * len(words)} {' '.join(words)}\n\n{command.help.strip()}\n"


def _command(words: tuple[str, ...], command: Any) -> str:
    arguments = [item for item in command.params if item.param_type_name == "argument"]
    options = [item for item in command.params if item.param_type_name == "option"]
    usage = " ".join([*words, *(item.metavar or item.name.upper() for item in arguments)])
    needed = "".join(f" {item.opts[0]} {_value(item)}" for item in options if item.required)
    lines = [f"{'#' * len(words)} {' '.join(words)}", "", command.help.strip(), ""]
    lines += ["```text", f"{usage}{needed}{' [OPTIONS]' if options else ''}", "```", ""]
    if arguments:
        lines += [f"- `{item.metavar or item.name.upper()}`: {_prose(item.help)}" for item in arguments] + [
            ""
        ]
    if options:
        lines += ["| option | value | default | meaning |", "|---|---|---|---|"]
        lines += [_row(item) for item in options] + [""]
    return "\n".join(lines)


def _row(option: Any) -> str:
    names = " / ".join(f"`{name}`" for name in [*option.opts, *option.secondary_opts])
    default = "needed" if option.required else _default(option)
    cells = (names, _value(option), default, _prose(option.help or ""))
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _value(option: Any) -> str:
    kind = option.type_descriptor.annotation
    if typing.get_origin(kind) in (typing.Union, types.UnionType):
        kind = next(item for item in typing.get_args(kind) if item is not type(None))
    if typing.get_origin(kind) is Literal:
        return " | ".join(map(str, typing.get_args(kind)))
    return _NAMES.get(getattr(kind, "__name__", ""), str(kind))


def _default(option: Any) -> str:
    value = option.default
    if value is None or value == "" or value is False:
        return ""
    if value is True:
        return f"`{option.opts[0]}`"
    return f"`{value}`"


def _prose(text: str) -> str:
    """Help as Markdown: `<noun>` outside code would be taken for HTML."""
    return "".join(
        part if place % 2 else part.replace("<", "&lt;")
        for place, part in enumerate(re.split(r"(`[^`]*`)", text))
    )


def _first_line(text: str) -> str:
    return text.strip().splitlines()[0]


def main(arguments: list[str]) -> int:
    """Write the page, or with `--check` compare it."""
    if arguments not in ([], ["--check"]):
        print(__doc__, file=sys.stderr)
        return 2
    text = page()
    if arguments:
        if PAGE.is_file() and PAGE.read_text(encoding="utf-8") == text:
            return 0
        print("docs/cli.md is out of date; run: make docs", file=sys.stderr)
        return 1
    PAGE.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
