"""How often each label was given, with intervals that know that turns of one dialogue are alike. Streams."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from tactful.feedback.labels import LABELS, Label
from tactful.feedback.report.signs import Signs
from tactful.feedback.types import JudgedTurn
from tactful.types import Record

_Z = 1.959963984540054


class Share(Record):
    """A share in [0, 1] with its 95% interval; None where it cannot be estimated."""

    count: int
    value: float | None
    low: float | None
    high: float | None

    def text(self) -> str:
        """`12.5% [10.1, 15.4]`."""
        if self.value is None:
            return "-"
        if self.low is None or self.high is None:
            return f"{self.value:.1%}"
        return f"{self.value:.1%} [{100 * self.low:.1f}, {100 * self.high:.1f}]"


@dataclass
class LabelShares:
    """Label shares over the scored turns. Unscored ones are counted and left out.

    Turns of one dialogue must come one after another: each stretch of them is one cluster.
    """

    turns: int = 0
    unscored: int = 0
    updates: int = 0
    """Scored turns that pass the gate."""
    dialogues: int = 0
    """With at least one scored turn."""
    counts: Counter[Label] = field(default_factory=Counter)
    reward_sum: float = 0.0
    """Over the turns that pass the gate."""
    not_fitted: int = 0
    """Scored turns whose confidence went through no fitted map."""
    sources_not_fitted: set[str] = field(default_factory=set)
    signs: Signs = field(default_factory=Signs)
    _now: str | None = None
    _here: Counter[Label] = field(default_factory=Counter)
    _yy: Counter[Label] = field(default_factory=Counter)
    _yn: Counter[Label] = field(default_factory=Counter)
    _nn: int = 0

    def add(self, judged: JudgedTurn) -> None:
        """One more turn."""
        self.turns += 1
        judgement = judged.judgement
        if judgement.label is None:
            self.unscored += 1
            return
        if judged.turn.dialogue_id != self._now:
            self._close()
            self._now = judged.turn.dialogue_id
        self._here[judgement.label] += 1
        self.counts[judgement.label] += 1
        self.signs.add(judgement)
        if not judgement.fitted:
            self.not_fitted += 1
            self.sources_not_fitted.add(judged.turn.source)
        if judgement.should_update:
            self.updates += 1
            self.reward_sum += judgement.reward or 0.0

    def merge(self, other: LabelShares) -> None:
        """Add what `other` has counted; its dialogues count as others than ours."""
        self._close()
        other._close()
        self.turns += other.turns
        self.unscored += other.unscored
        self.updates += other.updates
        self.dialogues += other.dialogues
        self.counts += other.counts
        self.signs.merge(other.signs)
        self.reward_sum += other.reward_sum
        self.not_fitted += other.not_fitted
        self.sources_not_fitted |= other.sources_not_fitted
        self._yy += other._yy
        self._yn += other._yn
        self._nn += other._nn

    @property
    def scored(self) -> int:
        """Turns with a label."""
        return self.turns - self.unscored

    @property
    def mean_reward(self) -> float | None:
        """Over the turns that pass the gate; None when there is none."""
        return self.reward_sum / self.updates if self.updates else None

    def share(self, label: Label) -> Share:
        """The share of a label among the scored turns.

        Wilson's interval at the number of independent turns that a ratio estimate over dialogues amounts to; where
        every turn or none has the label, the number of dialogues.
        """
        self._close()
        count, n = self.counts[label], self.scored
        if n == 0:
            return Share(count=0, value=None, low=None, high=None)
        p = count / n
        if self.dialogues < 2:
            return Share(count=count, value=p, low=None, high=None)
        spread = self._yy[label] - 2 * p * self._yn[label] + p * p * self._nn
        variance = self.dialogues / (self.dialogues - 1) * max(0.0, spread) / n**2
        effective = float(self.dialogues) if variance == 0 else min(float(n), p * (1 - p) / variance)
        low, high = _wilson(p, max(1.0, effective))
        return Share(count=count, value=p, low=low, high=high)

    def table(self) -> dict[Label, Share]:
        """Every label's share."""
        return {label: self.share(label) for label in LABELS}

    def lines(self) -> Iterator[str]:
        """The shares as a table."""
        table = self.table()
        width = max(map(len, table))
        yield f"{'label'.ljust(width)}  {'turns':>7}  share"
        for label, share in table.items():
            yield f"{label.ljust(width)}  {share.count:>7}  {share.text()}"
        yield f"{'unscored'.ljust(width)}  {self.unscored:>7}"
        yield f"Shares of the scored turns with 95% intervals over {self.dialogues} dialogues."

    def _close(self) -> None:
        """End the present dialogue."""
        size = self._here.total()
        if not size:
            return
        self.dialogues += 1
        self._nn += size * size
        for label, found in self._here.items():
            self._yy[label] += found * found
            self._yn[label] += found * size
        self._here.clear()
        self._now = None


def _wilson(p: float, n: float) -> tuple[float, float]:
    """Wilson's 95% interval of a share `p` over `n` independent turns."""
    centre = (p + _Z * _Z / (2 * n)) / (1 + _Z * _Z / n)
    half = _Z / (1 + _Z * _Z / n) * math.sqrt(p * (1 - p) / n + _Z * _Z / (4 * n * n))
    return max(0.0, centre - half), min(1.0, centre + half)
