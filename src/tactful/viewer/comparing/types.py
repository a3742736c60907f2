"""What a comparison of two runs, a and b, is made of."""

from __future__ import annotations

from tactful.stats import Estimate
from tactful.types import Record


class Matched(Record):
    """How the records of the two found each other."""

    by: tuple[str, ...] = ()
    """The facts that say what was the input; empty: nothing matches."""
    pairs: int = 0
    """Of records."""
    differing: int = 0
    """Of those, in which some turn differs."""
    turns: int = 0
    """That stand in both."""
    only_a: int = 0
    """Records of which no turn stands in b: failed ones and ones without turns too."""
    only_b: int = 0
    repeated: int = 0
    """Turns whose input stands several times in a run: they are matched in their order."""


class Pair(Record):
    """A record of each."""

    a: int
    """Its place in a."""
    b: int
    key: str
    """What both are about."""
    turns: int
    """That stand in both; with a filter, those for which it holds."""
    differing: int
    first: tuple[int, int, int]
    """(line in a, line in b, turn) where they differ first; where they do not, of the first turn."""


class Figure(Record):
    """The mean of one fact over the matched records of each, and the difference b − a over the same groups."""

    fact: str
    share: bool
    """It is a yes or no."""
    a: Estimate
    b: Estimate
    difference: Estimate


class Figures(Record):
    """All facts that both runs know."""

    grouped_by: str
    """The fact that intervals go by; `input`: each input is a group."""
    groups: int
    figures: tuple[Figure, ...]
