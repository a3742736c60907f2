"""A helper that offers unasked, its rehearsal on a recording, and why it was silent."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypedDict, Unpack

from tactful.api.options import takes
from tactful.api.serving import Served, ServerOptions, in_a_thread, server_settings

if TYPE_CHECKING:
    from tactful.live.delivery.types import Offer
    from tactful.live.watch.opening import WatchConfig
    from tactful.live.watch.rehearsing import Rehearsal
    from tactful.live.watch.sources import RecordedEvents, Seen
    from tactful.live.watch.watcher import Watcher
    from tactful.types import LabelledMoment

ME = "me"


class ProposeOptions(TypedDict, total=False):
    """Who proposes, who judges, and when offers may go out. Defaults are those of the command."""

    rules: Path | str | None
    """TOML of `[[rule]]` tables. One of `rules`, `command` and `model` is needed; beside the others a file with `[kinds]` alone."""
    command: str | None
    """Gets each window as JSON, prints proposals as lines of JSON."""
    model: str | None
    """Chat model that words offers; `offline` rehearses."""
    base_url: str | None
    """Endpoint of the model; default: the variable OPENAI_BASE_URL."""
    model_api_key_env: str
    """Variable that holds the key of the model's endpoint; default OPENAI_API_KEY."""
    operations: Iterable[str]
    """What the helper can do, as the model is told."""
    judge: Path | str | None
    """Folder of `reward train`, which judges offers; None: the reader does."""
    reader: str
    """`encoder` (default), a folder, or `none`: without a judge, everything proposed is welcome."""
    gate: Path | str | None
    """Gate that decides; None: gate.json beside the judge, if there is one, else `least`."""
    least: float
    """p(accept) from which on offers are made, where no gate decides; default 0.5."""
    delivery: Path | str | None
    """TOML or JSON with the delivery policy."""
    window_events: int
    """The latest events of a person that are seen together; default 50."""
    window_minutes: float
    """Older ones are not seen; default 60."""
    every_s: float
    """Least time between two looks; default 5."""
    propose_timeout_s: float
    """For proposing, and again for judging; default 20."""


class WatchOptions(ProposeOptions, ServerOptions, total=False):
    """What may be given to `live_watch`. Defaults are those of the command."""

    mode: str | None
    """`shadow` or `act`; None: as the delivery policy says, whose default is shadow."""
    database: str
    """A file, or an address `postgresql://…`; default `live.sqlite`."""
    keep_texts: bool
    """Store what was seen and offered, for `live_moments`; default: no."""
    retention_days: float
    """What is older is removed; default 180."""
    webhook: str | None
    """Address that offers are posted to."""
    webhook_key_env: str | None
    """Variable that holds the key which is sent to it."""
    notify: bool
    """Show offers on the desktop by notify-send."""
    stdout: bool
    """Print offers as lines of JSON; also where nothing else is asked for."""
    activitywatch: str | None
    """Server of ActivityWatch whose events are looked at, such as http://localhost:5600."""
    user: str
    """Who is meant where events name nobody; default `me`."""


@takes(WatchOptions)
@asynccontextmanager
async def watching_live(**options: Unpack[WatchOptions]) -> AsyncIterator[Served]:
    """`live_watch` for coroutines."""
    async with _watching(options) as (served, _):
        yield served


@asynccontextmanager
async def _watching(options: WatchOptions) -> AsyncIterator[tuple[Served, Watcher]]:
    import asyncio

    from tactful.data.logs.users import Names
    from tactful.live.watch.app import create_watch_app
    from tactful.live.watch.opening import open_watcher
    from tactful.live.watch.sources import ActivityServer
    from tactful.reward.serve.app import running

    config, settings = _config(options), server_settings(options, concurrency=1)
    names, me = Names(), options.get("user", ME)
    server = options.get("activitywatch")
    source = None if server is None else ActivityServer(server)
    watcher = await open_watcher(config)
    work: list[asyncio.Task[None]] = []
    try:
        app = create_watch_app(watcher, settings, names, me)
        async with running(app, settings.host, options.get("port", 0)) as address:
            watcher.sender.address = address
            work.append(asyncio.ensure_future(watcher.run()))
            if source is not None:
                work.append(
                    asyncio.ensure_future(_follow(watcher, source.events(), names.hashed(me, always=True)))
                )
            yield Served(address, config.named, settings.key is not None), watcher
    finally:
        for task in work:
            task.cancel()
        await asyncio.gather(*work, return_exceptions=True)
        await watcher.close()


async def _follow(watcher: Watcher, events: AsyncIterator[Seen], user: str) -> None:
    async for _, event in events:
        watcher.seen(user, [event])
        watcher.follow(user)


async def following_live(events: RecordedEvents, **options: Unpack[WatchOptions]) -> int:
    """Look after the people of a file or pipe until it ends; how many events there were."""
    from tactful.data.logs.users import Names
    from tactful.live.watch.sources import piped

    names, me, count = Names(), options.get("user", ME), 0
    async with _watching(options) as (_, watcher):
        async for name, event in piped(events):
            user = names.hashed(name or me, always=True)
            watcher.seen(user, [event])
            watcher.follow(user)
            count += 1
        await watcher.settle()
    return count


@takes(WatchOptions)
@contextmanager
def live_watch(**options: Unpack[WatchOptions]) -> Iterator[Served]:
    """A helper that offers unasked, while the block runs: events to `POST /v1/events`, offers out, answers back.

    Whatever fails inside ends in silence, with its reason in the database (`live_why`). Offers go out in the mode `act` alone.

    Raises UserError when the port is taken, UsageError unless somebody proposes, SafetyRefusal for a host that others
    reach, without a key.

    >>> import json, pathlib, urllib.request, tactful as tf
    >>> _ = pathlib.Path("rules.toml").write_text('[[rule]]\\nkind = "fix"\\nwhen = "error"\\noffer = "Look into the error?"')
    >>> with tf.live_watch(rules="rules.toml", reader="none") as served:
    ...     json.load(urllib.request.urlopen(served.address + "/health"))["status"]
    'ok'
    """

    with in_a_thread(lambda: watching_live(**options)) as served:
        yield served


@takes(ProposeOptions)
def live_rehearse(events: Path | str, **options: Unpack[ProposeOptions]) -> Rehearsal:
    """What would have been offered when, over a JSONL file of `{"time", "event", "user"}`: a day in seconds.

    Time is that of the events. The mode is `act`; nothing is sent and nothing is kept.

    Raises DataError for events without a time, UsageError unless somebody proposes.

    >>> import pathlib, tactful as tf
    >>> _ = pathlib.Path("rules.toml").write_text('[[rule]]\\nkind = "fix"\\nwhen = "error"\\noffer = "Look into the error?"')
    >>> _ = pathlib.Path("day.jsonl").write_text('{"time": "2026-03-02T10:00:00Z", "event": "An error is shown."}')
    >>> [offer.text for offer in tf.live_rehearse("day.jsonl", rules="rules.toml", reader="none").offers]
    ['Look into the error?']
    """
    import asyncio
    from tempfile import TemporaryDirectory

    from tactful.live.watch.sources import RecordedEvents

    with TemporaryDirectory() as folder:
        config = _config({**options, "database": f"{folder}/live.sqlite", "mode": "act", "keep_texts": True})
        return asyncio.run(_rehearsed(config, RecordedEvents(events)))


async def _rehearsed(config: WatchConfig, events: RecordedEvents) -> Rehearsal:
    from tactful.live.watch.opening import open_watcher
    from tactful.live.watch.rehearsing import EventClock, Noted, rehearsed

    clock = EventClock()
    noted = Noted(clock)
    watcher = await open_watcher(config, clock=clock, channels=[noted])
    try:
        found = await rehearsed(watcher, clock, noted, events.timed())
    finally:
        await watcher.close()
    return found.model_copy(update={"bad": events.bad, "problem": events.problem})


def live_why(
    database: Path | str = "live.sqlite",
    *,
    since: datetime | None = None,
    until: datetime | None = None,
    user: str = "",
    kind: str = "",
    reason: str = "",
    made: str = "",
    waiting: bool = False,
    limit: int | None = 50,
) -> list[Offer]:
    """Decisions of `live_watch`, the latest first: what was offered, and for everything else why not.

    `reason`: the name of a check, such as `quiet` or `hour`. `made`: `offered`, `withheld` or `nothing`. `waiting`: only what
    waits for the digest. Raises UserError where there is no such database, UsageError for what `reason` and `made` cannot be.
    """
    from tactful.data.logs.users import Names
    from tactful.errors import UsageError
    from tactful.live.delivery.ledger import OfferFilter, found_offers
    from tactful.live.delivery.types import CHECKS, MADE
    from tactful.live.storing import open_live_store

    if reason not in CHECKS:
        raise UsageError(f"--reason '{reason}' is unknown; there are {', '.join(CHECKS[1:])}")
    if made not in ("", *MADE):
        raise UsageError(f"--made '{made}' is unknown; there are {', '.join(MADE)}")
    wanted = OfferFilter(
        since=since,
        until=until,
        user=Names().hashed(user, always=True),
        kind=kind,
        check=reason,
        made=made,
        waiting=waiting,
    )
    with open_live_store(database, create=False) as store:
        return list(found_offers(store, wanted, limit))


def live_moments(database: Path | str = "live.sqlite") -> Iterator[LabelledMoment]:
    """Offers that somebody accepted or dismissed, with what was seen then, as `train_reward` takes them; the oldest first.

    Only where texts are kept. Raises UserError where there is no such database.
    """
    from tactful.live.delivery.moments import labelled_offers
    from tactful.live.storing import open_live_store

    with open_live_store(database, create=False) as store:
        yield from labelled_offers(store)


def delivery_schema() -> dict[str, Any]:
    """The JSON schema of a delivery policy."""
    from tactful.live.delivery.policy import DeliveryPolicy

    return DeliveryPolicy.model_json_schema()


_WINDOW = {
    "window_events": "events",
    "window_minutes": "minutes",
    "every_s": "every_s",
    "propose_timeout_s": "timeout_s",
}


def _config(options: Any) -> WatchConfig:
    from tactful.live.watch.opening import WatchConfig
    from tactful.live.watch.types import WatchSettings
    from tactful.llm import model_spec

    given = {name: options[name] for name in WatchConfig.model_fields if options.get(name) is not None}
    if "model" in given:
        key_env = options.get("model_api_key_env", "OPENAI_API_KEY")
        given["model"] = model_spec(
            given["model"], scripts="", base_url=options.get("base_url"), api_key_env=key_env
        )
    given["settings"] = WatchSettings(
        **{name: options[key] for key, name in _WINDOW.items() if key in options}
    )
    for name in ("rules", "judge", "gate", "delivery"):
        if name in given:
            given[name] = Path(given[name])
    given["operations"] = tuple(options.get("operations", ()))
    return WatchConfig(**given)
