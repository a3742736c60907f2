"""Readers side by side: figures, how long one text takes, how large the reader is."""

from __future__ import annotations

import time
from collections.abc import Sequence

from tactful.evaluation.readers.measure import HeadFigures, measure_reader
from tactful.evaluation.shown import Shown
from tactful.reading import Reader
from tactful.reading.encoder.examples import request_of
from tactful.reading.labelled import Labelled
from tactful.types import Record


class ReaderRow(Record):
    """One reader on these texts."""

    name: str
    heads: tuple[HeadFigures, ...]
    ms_per_request: float | None
    """Median over single requests, read one by one after loading."""


class ReadersTable(Shown, Record):
    """All readers, on the same texts."""

    texts: int
    writers: tuple[str, ...]
    readers: tuple[ReaderRow, ...]

    def lines(self, *, parts: bool = True) -> list[str]:
        """For the terminal: one line per reader, judgement and part."""
        made = [f"{self.texts} labelled texts by {', '.join(self.writers)}; 95% intervals by contrast group"]
        for row in self.readers:
            speed = "" if row.ms_per_request is None else f", {row.ms_per_request:.1f} ms a request"
            made.append(f"{row.name}{speed}")
            for one in row.heads:
                if one.part != "all" and not parts:
                    continue
                told = "  ".join(f"{name} {value.text()}" for name, value in one.figures.items())
                error = "" if one.ece is None else f"  ECE {one.ece:.3f}"
                unknown = f"  ({one.unknown} not known)" if one.unknown else ""
                made.append(f"  {one.head:9}{one.part:6}{one.items:6}  {told}{error}{unknown}")
            chance = {
                name: value for one in row.heads if one.part == "all" for name, value in one.baseline.items()
            }
            if row is self.readers[-1]:
                made.append("  without reading: " + ", ".join(f"{n} {v:.2f}" for n, v in chance.items()))
        return made


async def readers_table(readers: Sequence[Reader], labelled: Labelled, *, seed: int = 0) -> ReadersTable:
    """Measure each reader on `labelled`."""
    rows = [
        ReaderRow(
            name=reader.name,
            heads=tuple(await measure_reader(reader, labelled, seed=seed)),
            ms_per_request=await _latency(reader, labelled),
        )
        for reader in readers
    ]
    return ReadersTable(texts=len(labelled), writers=labelled.writers, readers=tuple(rows))


async def _latency(reader: Reader, labelled: Labelled, count: int = 50) -> float | None:
    requests = [request_of(row) for row in labelled.requests[:count]]
    if not requests:
        return None
    taken = []
    for request in requests:
        began = time.perf_counter()
        await reader.needs([request])
        taken.append(time.perf_counter() - began)
    return 1000 * sorted(taken)[len(taken) // 2]
