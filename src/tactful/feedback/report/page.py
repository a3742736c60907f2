"""One self-contained HTML page about a judged chat log: shares, shares over time and per field, worst turns first."""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path

from pydantic import JsonValue

from tactful.data.io import write_file
from tactful.data.page import clean, render_template
from tactful.errors import DataError, UsageError
from tactful.feedback.judged import JudgedTurns
from tactful.feedback.labels import LABELS, NEGATIVE, Label
from tactful.feedback.report.shares import LabelShares
from tactful.feedback.types import JudgedTurn
from tactful.runs import RunFolder

MOST_VALUES = 12
"""Values of a field that get a row of their own: the most frequent; the others are summed up as one."""
MOST_KEPT = 1000
"""Values of a field that are told apart at all while the log is read."""
OTHERS = "(others)"
TIME_KEYS = ("created_at", "timestamp", "time", "date", "at")
USUAL_FIELDS = ("assistant", "model", "version", "task", "channel")
MOST_DAYS = 45
"""A log of more days is shown by month."""
WORST = 25
_SHOWN = 1200
_BINS = 20
_EARLIEST, _LATEST = datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)

COLOURS: Mapping[Label, str] = {
    Label.NEG_CONSTRAINT_RESTATE: "#7f1d1d",
    Label.NEG_CORRECTION: "#b91c1c",
    Label.NEG_CONFUSION: "#f59e0b",
    Label.TOPIC_SHIFT: "#94a3b8",
    Label.NEUTRAL: "#cbd5e1",
    Label.POS_PROGRESS: "#7fc8a9",
    Label.POS_PRAISE: "#0b6e4f",
}


@dataclass
class Worst:
    """The turns to read first: lowest reward, then the highest confidence. Keeps `most` of them."""

    most: int = WORST
    _heap: list[tuple[float, float, int, JudgedTurn]] = field(default_factory=list)
    _seen: int = 0

    def add(self, judged: JudgedTurn) -> None:
        """Consider one more turn; only those with a reward below 0 count."""
        reward, confidence = judged.judgement.reward, judged.judgement.confidence
        self._seen += 1
        if reward is None or reward >= 0 or confidence is None:
            return
        entry = (-reward, confidence, -self._seen, judged)
        if len(self._heap) < self.most:
            heapq.heappush(self._heap, entry)
        elif entry[:3] > self._heap[0][:3]:
            heapq.heapreplace(self._heap, entry)

    def first(self) -> list[JudgedTurn]:
        """The worst first."""
        return [entry[3] for entry in sorted(self._heap, key=lambda entry: entry[:3], reverse=True)]


@dataclass
class Overview:
    """Everything that the page shows, gathered in one pass and in memory that does not grow with the log."""

    fields: Sequence[str] = ()
    """Keys of the turns' meta, beside `source` and `lang`, to break the shares down by."""
    time_key: str | None = None
    """Key of the meta that holds a time; None: the first of `TIME_KEYS` that does."""
    total: LabelShares = field(default_factory=LabelShares)
    by_field: dict[str, dict[str, LabelShares]] = field(default_factory=dict)
    by_day: dict[str, LabelShares] = field(default_factory=dict)
    by_month: dict[str, LabelShares] = field(default_factory=dict)
    without_time: int = 0
    by_position: dict[int, LabelShares] = field(default_factory=dict)
    """Place of the exchange in its dialogue, from 0; the last one holds everything later."""
    unscored: Counter[str] = field(default_factory=Counter)
    worst: Worst = field(default_factory=Worst)
    models: Counter[str] = field(default_factory=Counter)
    prompts: dict[str, str] = field(default_factory=dict)
    run_ids: set[str] = field(default_factory=set)
    rehearsal: bool = False
    fitted: int = 0

    def add(self, judged: JudgedTurn) -> None:
        """One more turn."""
        turn, judgement = judged.turn, judged.judgement
        self.total.add(judged)
        self.worst.add(judged)
        for name in dict.fromkeys(("source", "lang", *self.fields)):
            value = {"source": turn.source, "lang": turn.lang}.get(name) or turn.meta.get(name)
            self._bucket(self.by_field.setdefault(name, {}), _shown(value)).add(judged)
        position = min(turn.index, _BINS - 1)
        self.by_position.setdefault(position, LabelShares()).add(judged)
        moment = self._time(turn.meta)
        if moment is None:
            self.without_time += 1
        else:
            self.by_day.setdefault(f"{moment:%Y-%m-%d}", LabelShares()).add(judged)
            self.by_month.setdefault(f"{moment:%Y-%m}", LabelShares()).add(judged)
        if judgement.unscored:
            self.unscored[judgement.unscored_reason.split(":")[0]] += 1
        self.fitted += judgement.fitted
        provenance = judgement.provenance
        self.models[provenance.model] += 1
        self.prompts.update(provenance.prompt_hashes)
        self.run_ids.add(provenance.run_id)
        self.rehearsal = self.rehearsal or provenance.generator == "offline"

    def _bucket(self, values: dict[str, LabelShares], value: str) -> LabelShares:
        if value not in values and len(values) >= MOST_KEPT:
            value = OTHERS
        return values.setdefault(value, LabelShares())

    def _time(self, meta: Mapping[str, JsonValue]) -> datetime | None:
        for key in (self.time_key,) if self.time_key else TIME_KEYS:
            moment = read_time(meta.get(key))
            if moment is not None:
                return moment
        return None


def _shown(value: JsonValue) -> str:
    return "(none)" if value is None or value == "" else str(value)[:80]


def read_time(value: JsonValue) -> datetime | None:
    """A time in UTC from ISO text or seconds (or milliseconds) since 1970; None when it is neither.

    Small numbers, such as seconds since the start of a session, are no times.
    """
    try:
        if isinstance(value, str):
            moment = datetime.fromisoformat(value)
            moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
        elif isinstance(value, int | float) and not isinstance(value, bool):
            moment = datetime.fromtimestamp(value / 1000 if value > 1e11 else value, UTC)
        else:
            return None
    except (ValueError, OverflowError, OSError):
        return None
    return moment if _EARLIEST <= moment < _LATEST else None


def usual_fields(judged: Iterable[JudgedTurn], look_at: int = 500) -> tuple[str, ...]:
    """Of `USUAL_FIELDS`, those that the first turns have."""
    keys: set[str] = set()
    for record in islice(judged, look_at):
        keys |= record.turn.meta.keys()
    return tuple(name for name in USUAL_FIELDS if name in keys)


def overview(
    judged: Iterable[JudgedTurn], *, fields: Sequence[str] = (), time_key: str | None = None
) -> Overview:
    """What the page shows. Raises: DataError when there is no turn, or a named field or time occurs nowhere."""
    found = Overview(fields=fields, time_key=time_key)
    for record in judged:
        found.add(record)
    if not found.total.turns:
        raise DataError("there is no judged turn to report on; give the folder of 'tactful feedback judge'")
    for name in fields:
        if set(found.by_field[name]) == {"(none)"}:
            raise DataError(f"no turn has the field '{name}'; leave it out of --by")
    if time_key and not found.by_month:
        raise DataError(
            f"no turn has a time in '{time_key}' (ISO text, or seconds since 1970); see --time-field"
        )
    return found


def render_report(found: Overview, *, title: str, failed: int = 0) -> str:
    """The page as text. All values are escaped: messages of users and models are shown, never run."""
    return render_template(
        __file__,
        "report.html.j2",
        title=title,
        found=found,
        failed=failed,
        labels=LABELS,
        negative=NEGATIVE,
        colours=COLOURS,
        order=tuple(COLOURS),
        groups=_groups(found),
        worst=found.worst.first(),
        clip=_clip,
    )


def _groups(found: Overview) -> list[tuple[str, list[tuple[str, LabelShares]]]]:
    """(heading, rows) of every breakdown with more than one row."""
    step, times = ("day", found.by_day) if len(found.by_day) <= MOST_DAYS else ("month", found.by_month)
    groups = [(f"Over time, by {step} (UTC)", sorted(times.items()))]
    positions = [
        (f"exchange {at + 1}" + (" and later" if at == _BINS - 1 else ""), shares)
        for at, shares in sorted(found.by_position.items())
    ]
    groups.append(("By place in the dialogue", positions))
    groups += [(f"By {name}", most_frequent(values)) for name, values in found.by_field.items()]
    return [(heading, rows) for heading, rows in groups if len(rows) > 1]


def most_frequent(values: Mapping[str, LabelShares]) -> list[tuple[str, LabelShares]]:
    """The values with most turns, and all others as one row at the end."""
    rows = sorted(values.items(), key=lambda item: (item[0] == OTHERS, -item[1].turns))
    if len(rows) <= MOST_VALUES + 1:
        return rows
    others = LabelShares()
    for _, shares in rows[MOST_VALUES:]:
        others.merge(shares)
    return [*rows[:MOST_VALUES], (OTHERS, others)]


def _clip(text: str) -> str:
    """Enough of a message to judge it by, control and bidirectional characters shown as a mark."""
    plain = clean(text)
    return plain if len(plain) <= _SHOWN else f"{plain[:_SHOWN]} […]"


def write_report(found: Overview, path: Path, *, title: str, failed: int = 0) -> None:
    """Write the page; an old page stays whole until the new one is complete."""
    write_file(path, [render_report(found, title=title, failed=failed).encode("utf-8", "replace")])


@dataclass(frozen=True)
class Reported:
    """What a page shows, and what is left to say beside it."""

    overview: Overview
    failed: int
    """Turns of the run that could not be judged at all."""
    judged: JudgedTurns


def report_on(
    judged: JudgedTurns, out: Path, *, fields: Sequence[str] = (), time_key: str | None = None
) -> Reported:
    """Write the page to `out`.

    Without `fields`, shares are broken down by the usual ones that the turns have (stdin is read once, so by none).

    Raises: UsageError when `out` exists; as `overview`.
    """
    if out.exists():
        raise UsageError(f"{out}: exists already; give --out a new name")
    source = Path(judged.source)
    chosen = fields or (() if str(source) == "-" else usual_fields(judged))
    found = overview(judged, fields=chosen, time_key=time_key)
    failed = RunFolder.open(source).counts().failed if source.is_dir() else 0
    write_report(found, out, title=f"Feedback in {source.name}", failed=failed)
    return Reported(found, failed, judged)
