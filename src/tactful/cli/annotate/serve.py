"""`tactful annotate serve`: pages on which people judge."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, cast

import typer

from tactful.cli.options import LimitOption, PortOption, SkipBadFlag, finite
from tactful.cli.output import say, tell_bad
from tactful.cli.serving import serve_until_signal
from tactful.text.counting import counted

if TYPE_CHECKING:
    from tactful.annotation.items.reading import Items
    from tactful.annotation.services.filling import Filled
    from tactful.annotation.services.loading import Loaded
    from tactful.annotation.types import Kind
    from tactful.api.annotate.serve import AnnotateOptions, ServedPages
    from tactful.api.serving import Served

_LEFT_OUT = 3


@dataclass(frozen=True, kw_only=True)
class PlaceFlags:
    """Where the pages are, and who reaches them."""

    host: Annotated[
        str, typer.Option("--host", help="Address to listen at; others than loopback let other machines in.")
    ] = "127.0.0.1"
    port: PortOption = 7860
    allow_hosts: Annotated[
        list[str] | None,
        typer.Option("--allow-host", help="Name by which other machines ask; repeatable."),
    ] = None
    single_user: Annotated[
        bool,
        typer.Option(
            "--single-user",
            help="No accounts: one person, at this machine; whoever else uses it reaches the pages too.",
        ),
    ] = False
    new_admin_link: Annotated[
        bool,
        typer.Option(
            "--new-admin-link",
            help="Print a link for one more administrator: the password of the last one is lost.",
        ),
    ] = False
    tls_cert: Annotated[
        Path | None, typer.Option("--tls-cert", help="Certificate for https, PEM; with --tls-key.")
    ] = None
    tls_key: Annotated[Path | None, typer.Option("--tls-key", help="Its key, PEM.")] = None
    behind_tls: Annotated[
        bool, typer.Option("--behind-tls", help="A proxy in front speaks https; cookies are Secure.")
    ] = False

    def options(self) -> AnnotateOptions:
        """As the Python interface takes them."""
        return cast("AnnotateOptions", {**asdict(self), "allow_hosts": self.allow_hosts or ()})


@dataclass(frozen=True, kw_only=True)
class ProjectFlags:
    """How the project is run. What is left out stays as the database has it."""

    title: Annotated[str | None, typer.Option("--title", help="Name of the project, over every page.")] = None
    overlap: Annotated[
        int | None,
        typer.Option("--overlap", min=1, max=50, help="Annotators for each item that is added; 3 at first."),
    ] = None
    lease_minutes: Annotated[
        float | None,
        typer.Option(
            "--lease",
            min=0.1,
            max=1440,
            callback=finite,
            help="Minutes for an answer, then others get the item; 30 at first.",
        ),
    ] = None
    gold: Annotated[
        list[Path] | None,
        typer.Option(
            "--gold", help="File with known answers, mixed in to watch over annotators; repeatable."
        ),
    ] = None
    gold_share: Annotated[
        float | None,
        typer.Option("--gold-share", min=0, max=0.5, callback=finite, help="Share of those; 0.05 at first."),
    ] = None
    repeat_share: Annotated[
        float | None,
        typer.Option(
            "--repeat-share",
            min=0,
            max=0.5,
            callback=finite,
            help="Share of items that an annotator gets again, for self-consistency; 0.05 at first.",
        ),
    ] = None
    order: Annotated[
        Literal["random", "uncertainty"] | None,
        typer.Option(
            "--order",
            help="`uncertainty`: what --reward is least sure of comes first. Default: random.",
        ),
    ] = None
    reward: Annotated[
        Path | None, typer.Option("--reward", help="Folder of the reward model that --order goes by.")
    ] = None
    seed: Annotated[int | None, typer.Option("--seed", help="Equal seeds give equal orders; 0 at first.")] = (
        None
    )

    def options(self) -> AnnotateOptions:
        """As the Python interface takes them."""
        return cast("AnnotateOptions", {**asdict(self), "gold": self.gold or ()})


def serve(
    files: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="FILES…",
            help="Moments, traces, runs of `gym run`, pairs, states, chat logs, turns, or items; none goes on with what "
            "the database holds.",
        ),
    ] = None,
    *,
    data: Annotated[list[Path] | None, typer.Option("--data", help="The same as FILES; repeatable.")] = None,
    database: Annotated[
        str,
        typer.Option(
            "--database", "--database-url", help="File of SQLite, or `postgresql://user:password@host/name`."
        ),
    ] = "annotations.sqlite",
    kind: Annotated[
        list[str] | None,
        typer.Option(
            "--kind",
            help="Items of this kind alone: `proposals`, `replies`, `follow-up`, `asking`; repeatable. "
            "A chat log gives `follow-up` unless `asking` is named.",
        ),
    ] = None,
    window: Annotated[
        int, typer.Option("--window", min=1, help="Events of a moment that are shown, at most.")
    ] = 30,
    silent: Annotated[
        bool, typer.Option("--silent", help="Points of traces without a candidate too.")
    ] = False,
    limit: LimitOption = None,
    skip_bad: SkipBadFlag = False,
    project: ProjectFlags,
    at: PlaceFlags,
) -> None:
    """Let people judge in their browsers: offers at a moment, two replies, follow-ups, whether to ask.

    Example: `tactful annotate serve --data traces --port 7860`, then open the link that is printed, once, to set up.

    At your own machine, without accounts: `tactful annotate serve traces --single-user`

    Every answer is in the database when it is acknowledged. Ends with Ctrl-C (130) or SIGTERM (0). Extra [annotate].
    """
    from tactful.api.annotate.serve import serving_annotation

    options: AnnotateOptions = {
        "database": database,
        "kinds": cast("list[Kind] | None", kind or None),
        "window": window,
        "silent": silent,
        "limit": limit,
        "skip_bad": skip_bad,
        **project.options(),
        **at.options(),
    }
    serve_until_signal(serving_annotation(*(files or ()), *(data or ()), **options), _tell, as_json=False)


def _tell(served: Served) -> None:
    from tactful.api.annotate.serve import ServedPages

    assert isinstance(served, ServedPages)
    if served.filled is not None:
        _tell_filled(served.filled)
    if served.exposed is not None:
        say(served.exposed)
    _tell_place(served)


def _tell_filled(filled: Filled) -> None:
    for reading in filled.readings:
        _tell_reading(reading)
    for what, loaded in (("items", filled.data), ("items with a known answer", filled.gold)):
        if loaded is not None:
            _tell_loaded(what, loaded)
    watched = f", {filled.watching} whose answer is known" if filled.watching else ""
    places, overlap = filled.places or (filled.project.overlap,), filled.project.overlap
    each = "" if len(places) == 1 else f"{places[0]} to "
    say(f"{counted(filled.pool, 'item')}, each for {each}{counted(places[-1], 'annotator')}{watched}")
    if places != (overlap,):
        say(f"overlap {overlap} is for items that are added from now on; those that were there keep theirs")


def _tell_reading(reading: Items) -> None:
    tell_bad(reading)
    if reading.again:
        say(f"{reading.again} times an item was there already")
    for why, count in reading.left_out.most_common(_LEFT_OUT):
        say(f"left out {count} ×: {why}")


def _tell_loaded(what: str, loaded: Loaded) -> None:
    say(f"{loaded.read} {what} read, {loaded.new} new, {loaded.known} known from before")
    if loaded.pooled:
        say(
            f"{loaded.pooled} of them are in the pool already and stay there, their answer not known; give --gold "
            "with the data at first, into another --database"
        )


def _tell_place(served: ServedPages) -> None:
    say(f"serving {served.name} at {served.address} (Ctrl-C stops it)")
    if served.setup_link is not None:
        say(f"set up, once, within a day: {served.setup_link}")
