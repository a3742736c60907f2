"""What became of a run of `utterance synthesize`: branches, kept and dropped pairs, contrast and leak, in one pass."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import get_args

from tactful.types import Record
from tactful.utterance.leakage import LeakCount, LeakReport
from tactful.utterance.stages.contrast import ContrastCount, ContrastReport
from tactful.utterance.types import Branch, PairedExample


class SynthesisSummary(Record):
    """Counts over the records of a run."""

    records: int
    pairs: int
    """Kept."""
    branches: Mapping[str, int]
    """Branch → records."""
    dropped: Mapping[str, int]
    """Why a record is no pair → records."""
    repaired: int
    """Records for which a reply was mended."""
    contrast: ContrastReport
    leak: LeakReport

    def lines(self) -> Iterator[str]:
        """The counts as a table."""
        yield f"{'records':24} {self.records:>7}"
        for branch, count in self.branches.items():
            yield f"{'  best score ' + branch:24} {count:>7}"
        yield f"{'pairs kept':24} {self.pairs:>7}"
        for reason, count in self.dropped.items():
            yield f"  dropped {count}: {reason}"
        if self.repaired:
            yield f"{'with mended replies':24} {self.repaired:>7}"
        yield "pairs that differ in"
        for name, count in self.contrast.by_field.items():
            yield f"{'  ' + name:24} {count:>7}"
        yield "words of the user's message in chosen reasoning but not in the context (share, 95% interval)"
        yield f"{'  revised':24} {self.leak.revised.text()}"
        yield f"{'  chosen as they are':24} {self.leak.as_is.text()}"


def summarise(records: Iterable[PairedExample]) -> SynthesisSummary:
    """The summary, reading the records once and keeping none."""
    branches: Counter[str] = Counter()
    dropped: Counter[str] = Counter()
    contrast, leak = ContrastCount(), LeakCount()
    repaired = 0
    for record in records:
        branches[record.branch] += 1
        repaired += bool(record.repairs)
        if record.dropped:
            dropped[record.dropped] += 1
        contrast.add(record)
        leak.add(record)
    return SynthesisSummary(
        records=branches.total(),
        pairs=contrast.pairs,
        branches={branch: branches[branch] for branch in get_args(Branch)},
        dropped=dict(sorted(dropped.items())),
        repaired=repaired,
        contrast=contrast.report(),
        leak=leak.report(),
    )
