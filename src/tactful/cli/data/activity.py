"""`tactful data import activitywatch`: real work, redacted, as sessions of events."""

from __future__ import annotations

import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, cast

import typer

from tactful.cli.options import DryRunFlag, JsonFlag, ModelFlags, RunFlags, finite
from tactful.cli.output import (
    emit_json,
    end_empty,
    next_command,
    quoted,
    say,
    tell_failures,
    tell_forecast,
)
from tactful.cli.splice import without
from tactful.errors import DataError, UsageError

if TYPE_CHECKING:
    from tactful.api.data.activity import ActivityReading, WorkSessions


@dataclass(frozen=True, kw_only=True)
class ActivityFlags:
    """How a log is read, and what of it is told."""

    allow: Annotated[
        list[str] | None,
        typer.Option(
            "--allow",
            help="Tell only titles, pages and files that hold this; text, `re:…` or `@FILE`; repeatable.",
        ),
    ] = None
    deny: Annotated[
        list[str] | None,
        typer.Option("--deny", help="Drop what holds this, whole; text, `re:…` or `@FILE`; repeatable."),
    ] = None
    zone: Annotated[str, typer.Option("--zone", help="Zone of times that name none: Europe/Berlin.")] = "UTC"
    gap_s: Annotated[
        float, typer.Option("--gap", min=0, callback=finite, help="Seconds of pause that part two sessions.")
    ] = 300
    flicker_s: Annotated[
        float,
        typer.Option(
            "--flicker", min=0, callback=finite, help="Switches shorter than so many seconds are no events."
        ),
    ] = 3
    least_s: Annotated[
        float, typer.Option("--least", min=0, callback=finite, help="Seconds of work in a session at least.")
    ] = 60
    lang: Annotated[
        Literal["auto", "en", "zh"],
        typer.Option("--lang", help="Of the sentences; `auto`: of the titles, for each session."),
    ] = "auto"

    def given(self) -> ActivityReading:
        """The same for the Python interface."""
        return cast("ActivityReading", {**asdict(self), "allow": self.allow or (), "deny": self.deny or ()})


def activitywatch(
    export: Annotated[
        Path | None, typer.Argument(metavar="[EXPORT]", help="Export as JSON; `-` is standard input.")
    ] = None,
    *,
    server: Annotated[
        str | None, typer.Option("--server", help="Fetch from the server, such as http://localhost:5600.")
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", help="File, or folder of traces, to write; `-` is standard output."),
    ] = None,
    to: Annotated[
        Literal["sessions", "traces", "moments"],
        typer.Option(
            "--to", help="A row a session; ProactiveBench's traces; a moment of silence for each event."
        ),
    ] = "sessions",
    read: ActivityFlags,
    model: Annotated[
        str | None,
        typer.Option(
            "--model", help="Let this model word the sentences: redacted ones are sent. Default: templates."
        ),
    ] = None,
    run_folder: Annotated[
        Path | None, typer.Option("--run", help="Folder of the model's run; default: a new one in runs/.")
    ] = None,
    at: ModelFlags,
    run: Annotated[RunFlags, without("out")],
    yes: Annotated[
        bool, typer.Option("--yes", help="A server or an endpoint on another machine is right: do not ask.")
    ] = False,
    dry_run: DryRunFlag = False,
    as_json: JsonFlag = False,
) -> None:
    """Turn what ActivityWatch recorded into work sessions: redacted, in sentences; says what was cut and left out.

    Example: `tactful data import activitywatch aw-buckets-export.json --out work.jsonl --deny bank`

    Private windows, secrets, addresses, query strings, folders and names are cut before anything is written. Nothing
    leaves this machine unless `--model` names a model at an endpoint.
    """
    from tactful.api.data import activity

    place = out or Path({"sessions": "work.jsonl", "traces": "traces", "moments": "moments.jsonl"}[to])
    if str(place) != "-" and place.exists() and not dry_run:
        raise UsageError(f"{place}: exists already; give --out a new name")
    if str(place) == "-" and to == "traces":
        raise UsageError("traces are a folder of files; give --out a name")
    reading: ActivityReading = {**read.given(), **at.given(), **run.given(), "out": run_folder, "yes": yes}
    if model is None and (run_folder is not None or run.resume or dry_run):
        raise UsageError("--run, --resume and --dry-run are for --model; without it nothing is asked")
    reading["yes"] = yes or _confirmed(activity.far_places(server, None if dry_run else model, reading))
    if dry_run:
        assert model is not None
        expected = activity.forecast_telling(export, server=server, model=model, **reading)
        words = f"{expected.sessions} sessions; estimated, nothing was sent:"
        tell_forecast(expected, words, [(model, expected)], as_json=as_json)
        return
    work = activity.work_sessions(export, server=server, model=model, **reading)
    if not work.sessions and work.run is None:
        _tell(work)
        raise DataError.at(
            str(server or export),
            None,
            "no session came of it",
            fix="see the lines above for what was left out",
        )
    work.save(place, to=to)
    if as_json and str(place) != "-":
        emit_json({**work.report.counts(), "out": str(place)})
    else:
        _tell(work)
    if work.run is not None:
        tell_failures(work.run)
        end_empty(work.run)
    if str(place) != "-":
        _tell_next(place, to)


def _confirmed(far: list[str]) -> bool:
    """Whether the person at the terminal says yes to each; False where nobody is asked, so that it is refused."""
    if not far or not (sys.stdin.isatty() and sys.stderr.isatty()):
        return False
    return all(typer.confirm(f"{line[0].upper()}{line[1:]}. Go on?", err=True) for line in far)


def _tell(work: WorkSessions) -> None:
    """What came of the log, what was cut and left out; on stderr."""
    from tactful.text.counting import counted

    found = work.report.counts()
    say(
        f"{counted(found['sessions'], 'session')} of {counted(found['machines'], 'machine')}, "
        f"{counted(found['events'], 'event')}, {found['hours']:.2f} h of {found['hours_recorded']:.2f} h recorded"
    )
    if found["gap_s"]:
        gaps = ", ".join(f"{float(share):.0%} ≤ {gap:.4g} s" for share, gap in found["gap_s"].items())
        say(f"between events: {gaps}")
    out = ", ".join(f"{hours:.2f} h {why}" for why, hours in found["hours_left_out"].items())
    say(f"left out: {out or 'nothing'}")
    cut = ", ".join(f"{count} {kind}" for kind, count in found["cut"].items())
    say(f"redacted: {cut or 'nothing'}")
    if found["short_switches_merged"]:
        say(f"switches shorter than --flicker, merged: {found['short_switches_merged']:,}")
    if found["other_buckets"]:
        say(f"passed over: {counted(found['other_buckets'], 'bucket')} of other types")
    if found["without_zone"]:
        say(f"{counted(found['without_zone'], 'time')} without a zone, read as --zone says")
    if found["bad"] or found["problems"]:
        say(f"could not be read: {counted(found['bad'], 'row')}; the first: {found['problems'][0]}")


def _tell_next(place: Path, to: str) -> None:
    if to == "sessions":
        next_command(f"tactful data check {quoted(place)}")
    elif to == "moments":
        next_command(f"tactful reward judge {quoted(place)}")
