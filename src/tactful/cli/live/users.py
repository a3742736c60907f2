"""`tactful live users`: what is known of each user; begin anew, remove, take over from a log."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tactful.cli.live.options import ConfigOption, DatabaseOption
from tactful.cli.options import JsonFlag
from tactful.cli.output import say, tell_found

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tactful.live.showing.users import LiveUsers


def users(
    *,
    database: DatabaseOption = "live.sqlite",
    reset: Annotated[
        str | None,
        typer.Option("--reset", help="Let this user, by name or hash, begin anew; decisions stay."),
    ] = None,
    remove: Annotated[
        str | None, typer.Option("--remove", help="Delete everything of this user, by name or hash.")
    ] = None,
    learned: Annotated[
        Path | None,
        typer.Option(
            "--learned",
            help="Begin with this folder of `tactful learn`: its users, and what new ones are like.",
        ),
    ] = None,
    config: ConfigOption = None,
    limit: Annotated[int, typer.Option("--limit", min=1, help="Show so many; --json holds all.")] = 50,
    as_json: JsonFlag = False,
) -> None:
    """Show how likely each user is to reject a needed question, the least patient first; let one begin anew, or remove one.

    Example: `tactful live users --database live.sqlite --reset ann`

    Names are stored as hashes. Where the advisor's database is in use, it goes on with what is changed here.
    """
    from tactful.api.live.users import live_users

    found = live_users(database, reset=reset, remove=remove, learned=learned, config=config)
    tell_found(found, lambda one: _lines(one, limit), as_json=as_json)
    if found.done:
        say(found.done)


def _lines(found: LiveUsers, limit: int) -> Iterator[str]:
    from tactful.text.counting import counted

    new = found.population
    source = {"assumed": "assumed", "log": "from a log", "users": f"from {counted(new.users, 'user')}"}[
        new.source
    ]
    yield f"a new user rejects {new.no / (new.no + new.yes):.0%} of needed questions: Beta({new.no:g}, {new.yes:g}), {source}"
    if not found.users:
        yield "nothing is known of any user yet"
        return
    yield f"{'user':<14}{'rejects':>9}{'95% of the belief':>20}{'rejected':>10}{'answered':>10}{'in a row':>10}  last"
    for one in found.users[:limit]:
        last = f"{one.at:%Y-%m-%d}" if one.at else "never"
        peace = f", left in peace until {one.peace_until:%Y-%m-%d}" if one.peace_until else ""
        offers = "".join(f", dismisses {kind} {share:.0%}" for kind, share in one.offers.items())
        yield (
            f"{one.user:<14}{one.rejects:>9.0%}{f'{one.low:.0%} to {one.high:.0%}':>20}{one.rejected:>10g}{one.answered:>10g}"
            f"{one.streak:>10g}  {last}{peace}{offers}"
        )
    if len(found.users) > limit:
        yield f"and {counted(len(found.users) - limit, 'more user')}; --limit or --json shows them"
