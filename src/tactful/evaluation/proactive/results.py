"""What the benchmark of assistants found, as records: both tables of each split, and how the judge agrees with people."""

from __future__ import annotations

from typing import Any

from tactful.evaluation.proactive.matching import FileMatch, SessionMatch
from tactful.evaluation.proactive.measure import Row
from tactful.evaluation.proactive.published import PublishedCounts
from tactful.evaluation.shown import Line
from tactful.stats import Estimate
from tactful.types import Record


class PublishedRow(Line):
    """One assistant on one split by the published counting."""

    events: int
    """Events with at least one prediction that counts."""
    counts: PublishedCounts


class Split(Record):
    """Both tables of one split."""

    name: str
    sessions: int
    events: int
    """Events of the traces."""
    published: tuple[PublishedRow, ...]
    corrected: tuple[Row, ...]


class Accepts(Record):
    """Shares in [0, 1] of the same moments."""

    judge: float
    people: float


class JudgeAgreement(Record):
    """The judge's verdicts against people's on what people labelled along these traces: Krippendorff's alpha, nominal."""

    all: Estimate
    proposals: Estimate
    silences: Estimate
    people: Estimate
    """The annotators among themselves, on the same moments."""
    accepts: dict[str, Accepts]
    """`proposals` and `silences` → how often judge and people accept them. A judge that accepts more flatters
    precision and the false-alarm ratio of every row."""
    labelled: int
    """Moments that people labelled along these traces; the judge may have judged a part of them."""


class TraceInfo(Record):
    """One trace, and what the labels know of it."""

    trace: str
    events: int
    session: SessionMatch | None
    needs_known: int
    """Events at which people said whether help was wanted."""


class BenchResult(Record):
    """Everything that `tactful bench proactive` found out."""

    judge: str
    regime: str
    """How the judge stands to the traces: whether it has seen them."""
    quirks: bool
    """The published table counts with its quirks."""
    folder: str = ""
    """Where the traces lie."""
    traces: tuple[TraceInfo, ...]
    files: dict[str, tuple[FileMatch, ...]]
    """Assistant → how its files were matched."""
    judged: int
    """Moments that the judge was asked about."""
    unscored: int
    agreement: JudgeAgreement | None
    """None without labels, or where no labelled moment was to be judged."""
    splits: tuple[Split, ...]
    warnings: tuple[str, ...] = ()
    seed: int
    resamples: int
    version: str

    def rows(self) -> list[dict[str, Any]]:
        """The corrected table of every split, a dictionary a row."""
        return [
            {"split": split.name, **row.model_dump(mode="json")}
            for split in self.splits
            for row in split.corrected
        ]
