"""`tactful live why`: the reason of every silence."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer

from tactful.cli.live.options import DatabaseOption
from tactful.cli.options import JsonFlag
from tactful.cli.output import emit_json, print_lines, printable, say
from tactful.errors import UsageError

if TYPE_CHECKING:
    from tactful.live.delivery.types import Offer


def why(
    *,
    database: DatabaseOption = "live.sqlite",
    since: Annotated[
        str | None, typer.Option("--since", help="Decisions from then on: ISO 8601, without a zone UTC.")
    ] = None,
    until: Annotated[str | None, typer.Option("--until", help="Decisions before then.")] = None,
    user: Annotated[str, typer.Option("--user", help="Only of this person; the name, or its hash.")] = "",
    kind: Annotated[str, typer.Option("--kind", help="Only offers of this kind.")] = "",
    reason: Annotated[
        str, typer.Option("--reason", help="Only what this check kept back: `quiet`, `hour`, `acceptance`, …")
    ] = "",
    made: Annotated[str, typer.Option("--made", help="Only `offered`, `withheld` or `nothing`.")] = "",
    waiting: Annotated[bool, typer.Option("--waiting", help="Only what waits for the digest.")] = False,
    limit: Annotated[int, typer.Option("--limit", min=1, help="The latest so many.")] = 50,
    as_json: JsonFlag = False,
) -> None:
    """Say for every look at events what was offered, or why nothing was; the latest first.

    Example: `tactful live why --since 2026-03-02 --reason quiet`

    Times are UTC. Texts are shown only where they are kept, or as long as an offer waits.
    """
    from tactful.api.live.watch import live_why

    found = live_why(
        database,
        since=_time("--since", since),
        until=_time("--until", until),
        user=user,
        kind=kind,
        reason=reason,
        made=made,
        waiting=waiting,
        limit=limit + 1,
    )
    if not found:
        say(f"{database}: no decision is like that")
    elif len(found) > limit:
        say(f"the latest {limit}; --limit shows more")
    found = found[:limit]
    if as_json:
        emit_json([one.model_dump(mode="json", exclude_defaults=True) for one in found])
        return
    for one in found:
        print_lines(printable(_line(one)))


def _line(one: Offer) -> str:
    parts = [f"{one.at:%Y-%m-%d %H:%M:%S}", f"{one.made:<8}", one.kind or "-"]
    if one.p_accept is not None:
        parts.append(f"p {one.p_accept:.2f}")
    if one.check:
        parts.append(f"{one.check}: {one.reason}")
    if one.until is not None:
        parts.append(f"until {one.until:%Y-%m-%d %H:%M}")
    if one.times > 1:
        parts.append(f"{one.times} times")
    if one.waiting:
        parts.append("waits for the digest")
    if one.reaction:
        parts.append(one.reaction)
    return "  ".join([*parts, one.text]).rstrip()


def _time(flag: str, text: str | None) -> datetime | None:
    from tactful.data.times import parse_time

    of_a_year = text is not None and text.isdecimal() and len(text) < len("20260302")
    at = None if text is None or of_a_year else parse_time(text)
    if text is not None and at is None:
        raise UsageError(f"{flag} '{text}' is no time; write 2026-03-02 or 2026-03-02T10:00:00Z")
    return at
