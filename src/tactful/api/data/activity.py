"""Real work from activity logs: redacted sessions of events."""

from __future__ import annotations

import math
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, tzinfo
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Unpack

from tactful.api.options import ModelOptions, RunSettings, run_options, spec_of, takes
from tactful.errors import SafetyRefusal, UsageError

if TYPE_CHECKING:
    from tactful.data.activity import WorkSession
    from tactful.data.activity.forms import Form
    from tactful.data.activity.pipeline import ActivityOptions
    from tactful.data.activity.report import ImportReport
    from tactful.data.activity.telling.model import TellForecast
    from tactful.llm import ModelSpec
    from tactful.runs import RunSummary


class ActivityReading(ModelOptions, RunSettings, total=False):
    """How an activity log is read and told; `out`, `resume`, budgets and the like are those of the model's run."""

    zone: str
    """Of times that name none, as `Europe/Berlin`; default UTC."""
    gap_s: float
    """A pause longer than this, in seconds, parts two sessions; default 300."""
    flicker_s: float
    """A stretch shorter than this belongs to the one before it; default 3."""
    least_s: float
    """Sessions with less work than this are left out; default 60."""
    lang: Literal["auto", "en", "zh"]
    """Of the sentences; `auto`, the default: of the titles."""
    allow: Sequence[str] | str
    """Only titles, pages and files that hold one of these are told: texts, `re:…`, `@FILE` with one a line."""
    deny: Sequence[str] | str
    """What holds one of these is dropped whole."""
    yes: bool
    """A server or an endpoint that is not on this machine may be used."""


@dataclass(frozen=True)
class WorkSessions:
    """Sessions of real work, oldest first: `for session in work`, `work.report.counts()`, `work.save(path)`."""

    sessions: tuple[WorkSession, ...]
    report: ImportReport
    run: RunSummary | None = None
    """Of the model that told them."""

    def __iter__(self) -> Iterator[WorkSession]:
        return iter(self.sessions)

    def __len__(self) -> int:
        return len(self.sessions)

    def save(self, path: Path | str, *, to: Form = "sessions") -> int:
        """Write them: rows of sessions, rows of `moments`, or a folder of ProactiveBench's `traces`; how many there were.

        Raises UsageError when `path` exists.
        """
        from tactful.data.activity.forms import moment_rows, trace_of
        from tactful.data.formats.traces import write_traces
        from tactful.data.io import STDIN, write_jsonl

        place = Path(path)
        if str(place) != STDIN and place.exists():
            raise UsageError(f"{place}: exists already; give --out a new name")
        if to == "traces":
            return write_traces(map(trace_of, self.sessions), place)
        return write_jsonl(place, self.sessions if to == "sessions" else moment_rows(self.sessions))

    def __repr__(self) -> str:
        found = self.report.statistics
        return f"<WorkSessions: {found.sessions} sessions, {found.events} events, {found.hours:.2f} h>"


@takes(ActivityReading)
def work_sessions(
    export: os.PathLike[str] | str | None = None,
    *,
    server: str | None = None,
    model: str | None = None,
    **reading: Unpack[ActivityReading],
) -> WorkSessions:
    """Sessions of real work from ActivityWatch, redacted: an export's file (`-` is standard input), or its server.

    Told by templates; with `model` said again by it, as a run. Nothing leaves this machine without a model.

    Raises DataError for a file without buckets, UserError for a server that cannot be reached, SafetyRefusal where a
    server or an endpoint is not on this machine, unless `yes`.

    >>> import json, pathlib, tactful as tf
    >>> window = {"timestamp": "2025-03-03T09:00:00Z", "duration": 120, "data": {"app": "Code", "title": "Ann <ann@example.com>"}}
    >>> bucket = {"type": "currentwindow", "hostname": "desk-7", "events": [window]}
    >>> _ = pathlib.Path("export.json").write_text(json.dumps({"buckets": {"window": bucket}}))
    >>> work = tf.work_sessions("export.json")
    >>> [event.text for session in work for event in session.events], dict(work.report.cut)
    (["The user started work in 'Code': 'Ann <[EMAIL]>'."], {'email': 1})
    """
    _refuse_far(server, model, reading)
    options = _options(reading)
    found = _read(export, server, options)
    if model is None:
        return found
    return _told(found, _spec(model, reading), options, reading)


def far_places(server: str | None, model: str | None, reading: ActivityReading) -> list[str]:
    """What would go over the network to or from another machine, one sentence each.

    Raises UserError for an address that is none, or a key that is missing.
    """
    from tactful.llm.endpoint import find_endpoint
    from tactful.text.addresses import is_here, place_of

    far = []
    if server is not None:
        from tactful.data.activity.sources.server import server_address

        if not is_here(address := server_address(server)):
            far.append(f"the log would be fetched from {place_of(address)}, which is not on this machine")
    if model is not None and model != "offline":
        endpoint = find_endpoint(_spec(model, reading))
        proxy = endpoint.proxy
        if not is_here(endpoint.base_url) or (proxy and not is_here(proxy)):
            way = f" through the proxy {place_of(proxy)}" if proxy else ""
            far.append(
                f"the redacted sessions would be sent to {place_of(endpoint.base_url)}{way}, which is not on this machine"
            )
    return far


def forecast_telling(
    export: os.PathLike[str] | str | None = None,
    *,
    server: str | None = None,
    model: str,
    **reading: Unpack[ActivityReading],
) -> TellForecast:
    """Calls, tokens and cost that `work_sessions` would take with `model`, estimated; nothing is sent to it."""
    from tactful.data.activity.telling.model import forecast

    _refuse_far(server, None, reading)
    found = _read(export, server, _options(reading))
    return forecast(found.sessions, _spec(model, reading), limit=reading.get("limit"))


def _refuse_far(server: str | None, model: str | None, reading: ActivityReading) -> None:
    """Raises SafetyRefusal where something would go to or from another machine and nobody said `yes`."""
    far = far_places(server, model, reading)
    if far and not reading.get("yes", False):
        raise SafetyRefusal(f"{'; '.join(far)}. Where that is right, add --yes")


def _spec(model: str, reading: ActivityReading) -> ModelSpec:
    from tactful.data.activity.telling.model import SCRIPTS

    return spec_of(model, SCRIPTS, reading)


def _options(reading: ActivityReading) -> ActivityOptions:
    from tactful.data.activity.pipeline import ActivityOptions
    from tactful.data.activity.redacting.patterns import Patterns
    from tactful.data.activity.timeline.sessions import Bounds

    bounds = {name: reading[name] for name in ("gap_s", "flicker_s", "least_s") if name in reading}
    for name, seconds in bounds.items():
        if not 0 <= seconds < math.inf:
            raise UsageError(f"{name} is {seconds}, expected seconds from 0 on")
    if (lang := reading.get("lang", "auto")) not in ("auto", "en", "zh"):
        raise UsageError(f"lang is '{lang}', expected auto, en or zh")
    return ActivityOptions(
        zone=_zone(reading.get("zone", "UTC")),
        bounds=Bounds(**bounds),
        lang=lang,
        allow=Patterns(reading.get("allow", ())),
        deny=Patterns(reading.get("deny", ())),
    )


def _zone(name: str) -> tzinfo:
    from zoneinfo import ZoneInfo

    if name.upper() == "UTC":
        return UTC
    try:
        return ZoneInfo(name)
    except (LookupError, ValueError, OSError) as error:
        raise UsageError(f"--zone '{name}' is not known; give one such as Europe/Berlin or UTC") from error


def _read(export: Any, server: str | None, options: ActivityOptions) -> WorkSessions:
    import asyncio

    from tactful.api.runs import outside_loop
    from tactful.data.activity.pipeline import sessions_of
    from tactful.data.activity.sources.export import read_export
    from tactful.data.activity.sources.server import fetch_buckets, server_address

    if (export is None) == (server is None):
        raise UsageError("give either EXPORT or --server")
    if server is not None:
        address = server_address(server)
        document = outside_loop(lambda: asyncio.run(fetch_buckets(address)))
    else:
        document = read_export(Path(export))
    sessions, report = sessions_of(document, options)
    return WorkSessions(tuple(sessions), report)


def _told(
    found: WorkSessions, spec: ModelSpec, options: ActivityOptions, reading: ActivityReading
) -> WorkSessions:
    """The same sessions in the model's words; those that failed, or that now hold what is denied, are left out."""
    from tactful.api.runs import worked
    from tactful.data.activity import WorkSession
    from tactful.data.activity.telling.model import TellConfig, tell_job
    from tactful.runs.read.folder import new_folder_path

    if not found.sessions:
        return found
    out = reading.get("out")
    folder = Path(out) if out else new_folder_path(Path("runs"), "data", "activity")
    plain = _templates(found, folder, resume=reading.get("resume", False))
    config = TellConfig(seed=reading.get("seed", 0), reading=options.digest(), assistant=spec)
    summary = worked(tell_job(config, plain), run_options({**reading, "out": folder}))
    answered = list(summary.folder.records(WorkSession))
    told = [session for session in answered if not options.deny.match(event.text for event in session.events)]
    found.report.cut["denied"] += len(answered) - len(told)
    found.report.retold(found.sessions, answered, told)
    return WorkSessions(tuple(told), found.report, summary)


def _templates(found: WorkSessions, folder: Path, *, resume: bool) -> Path:
    """The file beside the run's folder with the sessions as templates tell them; on resume the one that is there."""
    place = folder.with_name(f"{folder.name}.templates.jsonl")
    if resume and not folder.exists():
        raise UsageError(f"{folder}: nothing to resume, there is no such folder; see `tactful runs list`")
    if not resume and (place.exists() or folder.exists()):
        raise UsageError(
            f"{folder}: exists already; go on with it by --resume, or name a new folder in --run"
        )
    if not place.exists():
        found.save(place)
    return place
