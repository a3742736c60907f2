"""How often each label was given, with intervals that know that turns of one dialogue are alike. Streams."""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tactful.feedback.labels import LABELS, Label
from tactful.feedback.report.signs import Signs
from tactful.feedback.types import JudgedTurn
from tactful.stats import Estimate
from tactful.stats.shares import clustered_share

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass
class LabelShares:
    """Label shares over the scored turns. Unscored ones are counted and left out.

    A dialogue is one cluster, wherever its turns stand; 36 bytes are kept for each stretch of its turns.
    """

    turns: int = 0
    unscored: int = 0
    updates: int = 0
    """Scored turns that are above the cut."""
    counts: Counter[Label] = field(default_factory=Counter)
    reward_sum: float = 0.0
    """Over the turns that are above the cut."""
    not_fitted: int = 0
    """Scored turns whose confidence went through no fitted map."""
    sources_not_fitted: set[str] = field(default_factory=set)
    signs: Signs = field(default_factory=Signs)
    _now: tuple[str, str] | None = None
    _here: Counter[Label] = field(default_factory=Counter)
    _whose: array[int] = field(default_factory=lambda: array("q"))
    """Hash of the dialogue of each stretch."""
    _given: array[int] = field(default_factory=lambda: array("I"))
    """How often each label was given in it, `LABELS` by stretch."""
    _by_dialogue: NDArray[Any] | None = None

    def add(self, judged: JudgedTurn) -> None:
        """One more turn."""
        self.turns += 1
        judgement = judged.judgement
        if judgement.label is None:
            self.unscored += 1
            return
        dialogue = judged.turn.source, judged.turn.dialogue_id
        if dialogue != self._now:
            self._close()
            self._now = dialogue
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
        """Add what `other` has counted."""
        self._close()
        other._close()
        self.turns += other.turns
        self.unscored += other.unscored
        self.updates += other.updates
        self.counts += other.counts
        self.signs.merge(other.signs)
        self.reward_sum += other.reward_sum
        self.not_fitted += other.not_fitted
        self.sources_not_fitted |= other.sources_not_fitted
        self._whose += other._whose
        self._given += other._given
        self._by_dialogue = None

    @property
    def scored(self) -> int:
        """Turns with a label."""
        return self.turns - self.unscored

    @property
    def mean_reward(self) -> float | None:
        """Over the turns that are above the cut; None when there is none."""
        return self.reward_sum / self.updates if self.updates else None

    @property
    def dialogues(self) -> int:
        """With at least one scored turn."""
        return len(self._tables())

    def share(self, label: Label) -> Estimate:
        """The share of a label among the scored turns, with an interval by dialogue."""
        table = self._tables()
        count, n = self.counts[label], self.scored
        apart = table[:, LABELS.index(label)] - count / max(1, n) * table.sum(axis=1)
        return clustered_share(count, n, float(apart @ apart), len(table))

    def table(self) -> dict[Label, Estimate]:
        """Every label's share."""
        return {label: self.share(label) for label in LABELS}

    def as_dict(self) -> dict[Label, dict[str, Any]]:
        """For `--json`."""
        return {
            label: {"count": self.counts[label], **share.model_dump()}
            for label, share in self.table().items()
        }

    def lines(self) -> Iterator[str]:
        """The shares as a table."""
        table = self.table()
        width = max(map(len, table))
        yield f"{'label'.ljust(width)}  {'turns':>7}  share"
        for label, share in table.items():
            yield f"{label.ljust(width)}  {self.counts[label]:>7}  {share.percent()}"
        yield f"{'unscored'.ljust(width)}  {self.unscored:>7}"
        yield f"Shares of the scored turns with 95% intervals over {self.dialogues} dialogues."

    def _close(self) -> None:
        """End the present stretch."""
        if self._now is not None and self._here:
            self._whose.append(hash(self._now))
            self._given.extend(self._here[label] for label in LABELS)
            self._by_dialogue = None
        self._here.clear()
        self._now = None

    def _tables(self) -> NDArray[Any]:
        """(dialogues, labels): how often each label was given in each."""
        import numpy as np

        from tactful.stats.bootstrap import group_sums

        self._close()
        if self._by_dialogue is None:
            names, index = np.unique(np.array(self._whose, dtype=np.int64), return_inverse=True)
            given = np.array(self._given, dtype=float).reshape(-1, len(LABELS))
            self._by_dialogue = group_sums(index, given, len(names))
        return self._by_dialogue
