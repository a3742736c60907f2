"""`tactful reader read`: does this request need a question?"""

from __future__ import annotations

import re
from shlex import quote
from typing import Annotated

import typer

from tactful.cli.options import JsonFlag, ReaderFlags
from tactful.cli.output import emit_json, print_lines, printable, say, tell_reading
from tactful.errors import UsageError

_FILE_NAME = re.compile(r"\S+\.(?:txt|md|csv|tsv|jsonl?)")


def read(
    texts: Annotated[
        list[str], typer.Argument(metavar="TEXT…", help="Requests, each in quotes; `-` reads lines.")
    ],
    *,
    by: ReaderFlags,
    as_json: JsonFlag = False,
) -> None:
    """Say how likely each request needs a question, and what kind of thing is missing.

    Example: `tactful reader read "Set a timer for 10 minutes." "Cancel the booking"`

    By a model: `tactful reader read --reader gpt-4.1-mini "Cancel the booking"`
    """
    import sys

    from tactful.api.reader import reader
    from tactful.reading import Request

    for text in texts:
        if _FILE_NAME.fullmatch(text):
            say(
                f"note: '{text}' is read as a request; those of a file: tactful reader read - < {quote(text)}"
            )
    lines = [line.rstrip("\n") for line in sys.stdin if line.strip()] if texts == ["-"] else texts
    if not lines:
        raise UsageError("<stdin>: holds no request; give one a line")
    opened = reader(by.reader, **by.options())
    found = opened.needs_now([Request(text=line) for line in lines])
    tell_reading(opened)
    if as_json:
        emit_json(
            [{"text": text, **one.model_dump(mode="json")} for text, one in zip(lines, found, strict=True)]
        )
        return
    for text, one in zip(lines, found, strict=True):
        if one.need is None:
            told = f"not known: {one.unknown}"
        else:
            missing = (
                ", ".join(f"{gap.kind} ({gap.what})" if gap.what else gap.kind for gap in one.missing)
                or "nothing"
            )
            told = f"p(need) {one.need:.2f}, missing: {missing}"
        print_lines(f"{printable(told):44} {printable(text)}")
    say("p(need): that answering at once would miss what the person wanted and no stated default would do")
