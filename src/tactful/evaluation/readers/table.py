"""Every way to read side by side: figures, how long a text takes, how large the reader is, what it calls and costs."""

from __future__ import annotations

import time
from collections.abc import Sequence
from statistics import median

from tactful.errors import Interrupted, SafetyRefusal, StopRun, UserError
from tactful.evaluation.readers.footprint import Footprint, footprint
from tactful.evaluation.readers.measure import HeadFigures, measure_reader
from tactful.evaluation.shown import Shown
from tactful.llm import Usage
from tactful.reading import Reader
from tactful.reading.by_calls import ReaderByCalls
from tactful.reading.encoder.examples import request_of
from tactful.reading.labelled import Labelled
from tactful.reading.opening import open_reader
from tactful.reading.setup import ReaderSetup, Way
from tactful.text.counting import counted
from tactful.types import Record

_HOW: dict[Way, tuple[str, str]] = {
    "prompted": ("a prompted model", "--reader MODEL --base-url URL"),
    "decisions": ("/v1/decisions", "--reader decisions:MODEL --base-url URL"),
    "consistency": ("consistency of code", "--reader consistency:MODEL --base-url URL"),
}

_SHOWN = 300
"""Characters of a reason in a line."""


class ReaderRow(Record):
    """One reader on these texts."""

    name: str
    heads: tuple[HeadFigures, ...] = ()
    ms_per_text: float | None = None
    """Median: of single requests, read one by one after loading; of a model's texts that it could read, as many at a
    time as were allowed."""
    footprint: Footprint = Footprint()
    usage: Usage = Usage()
    """Of all texts together; nothing for readers that send nothing."""
    runs: int = 0
    """Programs run in the sandbox, all texts together."""
    needs: str = ""
    """Why it was not measured, and what it needs; empty: it was."""


class ReadersTable(Shown, Record):
    """All readers, on the same texts."""

    texts: int
    writers: tuple[str, ...]
    silences: int = 0
    """Of the texts, moments at which nothing was offered; in no figure."""
    readers: tuple[ReaderRow, ...]

    def lines(self, *, parts: bool = True) -> list[str]:
        """For the terminal: one line per reader, judgement and part."""
        made = [f"{self.texts} labelled texts by {', '.join(self.writers)}; 95% intervals by contrast group"]
        if self.silences:
            made.append(
                f"{counted(self.silences, 'moment')} without an offer among them: whether silence was right is not measured"
            )
        for row in self.readers:
            if row.needs:
                made.append(f"{row.name}: not measured: {row.needs}")
                continue
            made.append(", ".join([row.name, *_takes(row)]))
            for one in row.heads:
                if one.part != "all" and not parts:
                    continue
                if one.unknown == one.items:
                    if one.part == "all":
                        why = one.why if len(one.why) <= _SHOWN else f"{one.why[:_SHOWN]}…"
                        made.append(f"  {one.head:9}{one.part:6}{one.items:6}  none known: {why}")
                    continue
                told = "  ".join(f"{name} {value.text()}" for name, value in one.figures.items())
                error = "" if one.ece is None else f"  ECE {one.ece:.3f}"
                error += "" if one.ece_floor is None else f", floor {one.ece_floor.text()}"
                unknown = f"  ({one.unknown} not known)" if one.unknown else ""
                made.append(f"  {one.head:9}{one.part:6}{one.items:6}  {told}{error}{unknown}")
        chance = {
            name: value
            for row in self.readers
            for one in row.heads
            if one.part == "all" and one.unknown < one.items
            for name, value in one.baseline.items()
        }
        made.append("without reading: " + ", ".join(f"{n} {v:.2f}" for n, v in chance.items()))
        return made


def _takes(row: ReaderRow) -> list[str]:
    """What reading takes, in words; calls, tokens and cost by the texts that it could read, tries on others included."""
    known = sum(one.items - one.unknown for one in row.heads if one.part == "all")
    said = [] if row.ms_per_text is None else [f"{row.ms_per_text:.1f} ms a text"]
    disk = row.footprint
    said += [] if disk.size_mb is None else [f"{disk.size_mb:.1f} MB"]
    said += [] if disk.memory_mb is None else [f"{disk.memory_mb:.0f} MB of memory"]
    said += [] if disk.loading_s is None else [f"first answer after {disk.loading_s:.1f} s"]
    used = row.usage
    asked = used.calls + used.cached
    if asked and known:
        tokens = (used.prompt_tokens + used.completion_tokens) / known
        cost = (
            "price not known"
            if used.cost_usd is None
            else f"${1000 * used.cost_usd / known:.4f} per 1,000 texts read"
        )
        old = f" ({used.cached} from the cache)" if used.cached else ""
        said += [f"{asked / known:.1f} calls a text read{old}", f"{tokens:.0f} tokens a text read", cost]
    if asked and not known:
        cost = "price not known" if used.cost_usd is None else f"${used.cost_usd:.4f}"
        tokens = used.prompt_tokens + used.completion_tokens
        said.append(f"{asked} calls, {tokens} tokens, {cost}, and no text read")
    if row.runs and known:
        said.append(f"{row.runs / known:.1f} sandbox runs a text read")
    return said


async def readers_table(
    names: Sequence[str], labelled: Labelled, *, setup: ReaderSetup | None = None, seed: int = 0
) -> ReadersTable:
    """Measure each reader on `labelled`; each way to ask a model that nobody named is a row that says what it needs.

    Raises: UserError for a name that can mean no reader; DataError for a damaged one.
    """
    opened = [(name, open_reader(name, setup)) for name in names]
    rows = [
        await (
            _asked(reader, labelled, seed)
            if isinstance(reader, ReaderByCalls)
            else _own(name, reader, labelled, seed)
        )
        for name, reader in opened
    ]
    named = {reader.asked.way for _, reader in opened if isinstance(reader, ReaderByCalls)}
    rows += [
        ReaderRow(name=name, needs=f"needs an endpoint: {flags}")
        for way, (name, flags) in _HOW.items()
        if way not in named
    ]
    silences = sum(row.labelled.moment.proposal is None for row in labelled.moments)
    return ReadersTable(texts=len(labelled), writers=labelled.writers, silences=silences, readers=tuple(rows))


async def _own(name: str, reader: Reader, labelled: Labelled, seed: int) -> ReaderRow:
    return ReaderRow(
        name=reader.name,
        heads=tuple(await measure_reader(reader, labelled, seed=seed)),
        ms_per_text=await _latency(reader, labelled),
        footprint=footprint(name),
    )


async def _asked(reader: ReaderByCalls, labelled: Labelled, seed: int) -> ReaderRow:
    try:
        heads = tuple(await measure_reader(reader, labelled, seed=seed))
    except Interrupted:
        raise
    except (UserError, StopRun, SafetyRefusal) as error:
        return ReaderRow(name=reader.name, usage=reader.usage, needs=str(error))
    return ReaderRow(
        name=reader.name,
        heads=heads,
        ms_per_text=1000 * median(reader.seconds) if reader.seconds else None,
        usage=reader.usage,
        runs=reader.runs,
    )


async def _latency(reader: Reader, labelled: Labelled, count: int = 50) -> float | None:
    requests = [request_of(row) for row in labelled.requests[:count]]
    if not requests:
        return None
    taken = []
    for request in requests:
        began = time.perf_counter()
        await reader.needs([request])
        taken.append(time.perf_counter() - began)
    return 1000 * median(taken)
