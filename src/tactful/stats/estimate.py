"""A figure with its 95% interval, and the one rule for when an interval can be had."""

from __future__ import annotations

from tactful.types import Record

FEWEST_GROUPS = 8
"""With fewer groups no interval is given: resampling a handful says little about others. See docs/concepts/measuring.md."""
FEWEST_OF_SKEWED = 15
"""The same for figures whose groups are skewed (Brier score, value of information): at 8 their intervals are too narrow."""


class Estimate(Record):
    """A figure with its 95% interval.

    `value` is None when nothing was scored; `low` and `high` are None when no interval can be estimated
    (fewer than `FEWEST_GROUPS` groups, or no difference between draws: "not estimable" is not "certain").
    """

    value: float | None
    low: float | None = None
    high: float | None = None
    items: int
    """Scored items."""
    groups: int
    unscored: int = 0
    """Items left out because they have no value."""

    @property
    def above_zero(self) -> bool:
        """True when the whole interval is above 0."""
        return self.low is not None and self.low > 0

    def text(self, digits: int = 3) -> str:
        """`0.512 [0.480, 0.544]`, or what is missing in words."""
        return "nothing scored" if self.value is None else self._told(f".{digits}f")

    def short(self, digits: int = 3) -> str:
        """For a cell of a table: `0.512 [0.480, 0.544]`, the value alone where it has no interval, – where undefined."""
        if self.value is None:
            return "–"
        return f"{self.value:.{digits}f}" if self.low is None else self.text(digits)

    def percent(self, digits: int = 1) -> str:
        """`12.5% [10.1%, 15.4%]`; – where nothing was scored."""
        return "–" if self.value is None else self._told(f".{digits}%")

    def _told(self, form: str) -> str:
        if self.low is None or self.high is None:
            return f"{self.value:{form}} [interval not estimable]"
        return f"{self.value:{form}} [{self.low:{form}}, {self.high:{form}}]"
