"""What an audit of a published set found, as it is printed and saved."""

from __future__ import annotations

from collections.abc import Mapping

from tactful.annotation.agreement.results import Figures
from tactful.stats.estimate import Estimate
from tactful.types import Record


class LabelsAndVotes(Record):
    """The labels of one category beside what their annotators voted."""

    category: str
    """As ProactiveBench writes it."""
    labels: int
    contradicted: int
    """The majority of the votes says the opposite of the label."""
    tied: int
    """As many votes for as against: the label is nobody's."""
    unvoted: int

    @property
    def share(self) -> float | None:
        """Of the labels with votes, those that these contradict."""
        voted = self.labels - self.unvoted
        return self.contradicted / voted if voted else None


class LookUpRow(Record):
    """A baseline on the moments of one file."""

    name: str
    accuracy: Estimate
    f1: Estimate
    """Of acceptance."""


class FileAudit(Record):
    """One file."""

    name: str
    items: int
    bad: int
    """Rows that could not be read: in no figure."""
    problems: tuple[str, ...]
    contradicting: int
    """Rows whose category is not what their proposal and `valid` make it; the latter count."""
    contradictions: tuple[str, ...]
    """The first of them."""
    observations: int
    """Distinct: times and texts of the events, within a session."""
    shared: int
    """Items whose very observation stands in another row of the file: a split by item tears them apart."""
    repeated: int
    """Rows whose observation and proposal stood before."""
    torn: int
    """Of these, with another label than before."""
    sessions: int
    largest_session: int
    """Items."""
    proposals: int
    silences: int
    votes: Mapping[int, int]
    """Votes on an item → items."""
    labels: tuple[LabelsAndVotes, ...]
    all_silent: int
    """Silences on which every annotator voted that silence was right."""
    refused: int
    """Observations at which nobody accepted any proposal: what everyone would have left in silence."""
    refused_unsaid: int
    """Of these, without an item that says so: no silence stands there."""
    agreement: Mapping[str, Figures]
    """`proposals`, `silence`, `all`."""
    looked_up_in: str
    """The file that the look-up knows; the file itself: each item from the others."""
    baselines: tuple[LookUpRow, ...]
    """The look-up first."""


class Overlap(Record):
    """What two files share."""

    first: str
    second: str
    observations: int
    """Distinct ones in both."""
    items: int
    """Of the second, whose observation stands in the first."""
    of: int
    """Items of the second."""
    rows: int
    """Of the second, whose observation and proposal stand in the first."""
    sessions: int
    """In both."""


class PublishedAudit(Record):
    """Everything that was found."""

    files: tuple[FileAudit, ...]
    overlaps: tuple[Overlap, ...]
    resamples: int
    seed: int
    version: str
