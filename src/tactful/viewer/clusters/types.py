"""Groups of turns at which the assistant asked needlessly, or did not ask where it should have."""

from __future__ import annotations

from typing import Literal

from tactful.types import Record
from tactful.viewer.types import Progress

Fault = Literal["needless", "missed"]


class Example(Record):
    """One turn."""

    ordinal: int
    line: int
    turn: int
    text: str
    """What it is about: the question that was asked, or the request that was not asked about."""
    request: str = ""
    """What the user had said; empty where `text` is that."""


class Cluster(Record):
    """Turns that are about the same."""

    words: tuple[str, ...]
    """The most telling first: what stands in these and not in the others. Empty: of what has no telling words."""
    size: int
    examples: tuple[Example, ...]
    """The most typical first."""


class Clusters(Record):
    """All of one fault."""

    fault: Fault
    filter: str
    """Finds these turns among the records."""
    turns: int
    """That have the fault."""
    looked_at: int
    """Of those, drawn at random where they are too many."""
    without_text: int = 0
    """Of those looked at, turns whose words are not in the record, nor in a log that can be read."""
    unknown: int = 0
    """Turns of which the record does not say whether a question was needed: left out."""
    clusters: tuple[Cluster, ...] = ()
    """The largest first."""


class Grouped(Record):
    """Both faults of a run."""

    known: bool
    """The run says of some turn whether a question was needed."""
    found: tuple[Clusters, ...] = ()
    progress: Progress | None = None
    """How far the index has got, where it is not at its end."""
