"""`tactful live watch`: a helper that offers unasked."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, cast

import typer

from tactful.cli.live.options import DatabaseOption
from tactful.cli.options import BaseUrlOption, finite
from tactful.cli.output import emit_json, next_command, print_lines, printable, quoted, say
from tactful.cli.serving import ServerFlags, serve_until_signal
from tactful.cli.splice import without
from tactful.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from tactful.api.live.watch import ProposeOptions, WatchOptions
    from tactful.api.serving import Served
    from tactful.live.watch.rehearsing import Rehearsal


@dataclass(frozen=True, kw_only=True)
class WatchFlags:
    """Who proposes, who judges, when offers may go out, and what is kept of it."""

    rules: Annotated[
        Path | None,
        typer.Option("--rules", help="TOML of [[rule]] tables: from patterns of events to offers."),
    ] = None
    command: Annotated[
        str | None,
        typer.Option(
            "--command", help="Gets each window as JSON on stdin, prints proposals as lines of JSON."
        ),
    ] = None
    model: Annotated[
        str | None, typer.Option("--model", help="Chat model that words offers; `offline` rehearses.")
    ] = None
    base_url: BaseUrlOption = None
    model_api_key_env: Annotated[
        str, typer.Option("--model-api-key-env", help="Variable that holds the key of --model's endpoint.")
    ] = "OPENAI_API_KEY"
    operations: Annotated[
        list[str] | None,
        typer.Option("--operation", help="Something that the helper can do, as --model is told; repeatable."),
    ] = None
    judge: Annotated[
        Path | None,
        typer.Option("--judge", help="Folder of `reward train`, which judges offers; default: --reader."),
    ] = None
    reader: Annotated[
        str,
        typer.Option(
            "--reader",
            help="Reader that judges offers: `encoder` (bundled), a folder, or `none`: all are welcome.",
        ),
    ] = "encoder"
    gate: Annotated[
        Path | None,
        typer.Option("--gate", help="Gate that decides; default: gate.json beside --judge, else --least."),
    ] = None
    least: Annotated[
        float,
        typer.Option(
            "--least",
            min=0,
            max=1,
            callback=finite,
            help="p(accept) from which on offers are made, without a gate.",
        ),
    ] = 0.5
    delivery: Annotated[
        Path | None,
        typer.Option(
            "--delivery",
            help="TOML or JSON with the delivery policy: budgets, quiet hours, busy patterns, digests.",
        ),
    ] = None
    mode: Annotated[
        str | None,
        typer.Option(
            "--mode",
            help="`shadow`: decide and store, send nothing; `act`: send. Default: as --delivery says, else shadow.",
        ),
    ] = None
    window_events: Annotated[
        int,
        typer.Option("--window-events", min=1, max=2000, help="The latest events that are seen together."),
    ] = 50
    window_minutes: Annotated[
        float, typer.Option("--window-minutes", min=0.1, callback=finite, help="Older ones are not seen.")
    ] = 60.0
    every_s: Annotated[
        float,
        typer.Option(
            "--every", min=0, callback=finite, help="Least seconds between two looks at somebody's events."
        ),
    ] = 5.0
    propose_timeout_s: Annotated[
        float,
        typer.Option(
            "--propose-timeout",
            min=0.1,
            callback=finite,
            help="Seconds for proposing, and again for judging; later help is none.",
        ),
    ] = 20.0
    activitywatch: Annotated[
        str | None,
        typer.Option(
            "--activitywatch",
            help="Look at what this server records, such as http://localhost:5600; redacted.",
        ),
    ] = None
    user: Annotated[str, typer.Option("--user", help="Who is meant where events name nobody.")] = "me"
    webhook: Annotated[str | None, typer.Option("--webhook", help="Post offers to this address.")] = None
    webhook_key_env: Annotated[
        str | None,
        typer.Option("--webhook-key-env", help="Variable that holds the key which is sent to --webhook."),
    ] = None
    notify: Annotated[
        bool, typer.Option("--notify", help="Show offers on the desktop, with buttons (notify-send).")
    ] = False
    stdout: Annotated[
        bool,
        typer.Option("--stdout", help="Print offers as lines of JSON; also where nothing else is asked for."),
    ] = False
    database: DatabaseOption = "live.sqlite"
    keep_texts: Annotated[
        bool,
        typer.Option("--keep-texts", help="Store what was seen and offered, for `live export --offers`."),
    ] = False
    retention_days: Annotated[
        float,
        typer.Option("--retention-days", min=0.01, callback=finite, help="Remove decisions that are older."),
    ] = 180.0

    def given(self) -> WatchOptions:
        """The same for the Python interface."""
        return cast("WatchOptions", {**asdict(self), "operations": self.operations or ()})


def watch(
    events: Annotated[
        str | None,
        typer.Argument(
            metavar="EVENTS",
            help='JSONL of {"time", "event", "user"}; `-` is a pipe, whose end ends the command. None: only HTTP.',
        ),
    ] = None,
    *,
    watching: WatchFlags,
    dry_run: Annotated[
        bool,
        typer.Option(
            "--dry-run",
            help="Rehearse on the file EVENTS: what would have been offered when. Nothing is kept.",
        ),
    ] = False,
    schema: Annotated[
        bool, typer.Option("--schema", help="Print the JSON schema of --delivery, and end.")
    ] = False,
    at: Annotated[ServerFlags, without("queue")],
) -> None:
    """Watch events and offer help unasked, when it is likely to be welcome and the delivery policy allows it.

    Example: `tactful live watch --rules rules.toml --mode act --notify`, then POST events to `/v1/events`.

    Whatever fails ends in silence; `tactful live why` says the reason of every one. Ends with Ctrl-C (130) or SIGTERM (0).
    """
    import asyncio

    from tactful.api.live import watch as api

    if schema:
        emit_json(api.delivery_schema())
        return
    given = watching.given()
    if dry_run:
        if events is None:
            raise UsageError("--dry-run needs EVENTS, a recorded JSONL of events")
        proposing = {
            name: value for name, value in given.items() if name in api.ProposeOptions.__annotations__
        }
        found = api.live_rehearse(events, **cast("ProposeOptions", proposing))
        _tell_rehearsal(found, as_json=at.as_json)
        return
    options: WatchOptions = {**given, **at.options()}
    from tactful.live.watch.sources import RecordedEvents

    if events is None:
        serve_until_signal(api.watching_live(**options), _tell, as_json=at.as_json)
    else:
        recorded = RecordedEvents(events)
        count = asyncio.run(_until_sigterm(api.following_live(recorded, **options)))
        if count is not None:
            _tell_read(count, recorded.bad, recorded.problem)
    next_command(f"tactful live why --database {quoted(watching.database)}")


async def _until_sigterm(work: Coroutine[Any, Any, int]) -> int | None:
    """What `work` gives; None where SIGTERM ended it, which leaves nothing half done."""
    import asyncio
    import signal

    task = asyncio.ensure_future(work)
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    try:
        return await task
    except asyncio.CancelledError:
        current = asyncio.current_task()
        if current is not None and current.cancelling():  # Ctrl-C
            raise
        return None


def _tell(served: Served) -> None:
    key = "asked for" if served.asks_key else "not asked for"
    say(
        f"watching, {served.name} proposes; events to {served.address}/v1/events (key {key}); Ctrl-C stops it"
    )


def _tell_read(count: int, bad: int, problem: str) -> None:
    from tactful.text.counting import counted

    say(f"{counted(count, 'event')} seen")
    if bad:
        say(f"{counted(bad, 'row')} could not be read; the first: {printable(problem)}")


def _tell_rehearsal(found: Rehearsal, *, as_json: bool) -> None:
    from tactful.text.counting import counted

    if as_json:
        emit_json(found.model_dump(mode="json", exclude_defaults=True))
    else:
        for one in found.offers:
            p = "" if one.p_accept is None else f"  p {one.p_accept:.2f}"
            print_lines(f"{one.at:%Y-%m-%d %H:%M:%S}  {printable(one.kind)}{p}  {printable(one.text)}")
        for at, count in found.digests:
            print_lines(f"{at:%Y-%m-%d %H:%M:%S}  digest of {counted(count, 'offer')}")
        print_lines(
            f"offered {len(found.offers)} of {counted(len(found.offers) + len(found.withheld), 'candidate')}"
        )
        for check, times in found.silences.items():
            print_lines(f"  {times:>5}  {check}")
    _tell_read(found.events, found.bad, found.problem)
    if found.failed:
        say(f"{counted(found.failed, 'look')} failed")
