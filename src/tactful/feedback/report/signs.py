"""Signs that a judge did not read what it judged: one label, one confidence, no reasons."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field

from tactful.feedback.types import TurnJudgement

_ENOUGH = 10
"""Verdicts before anything is said: fewer may be alike by chance."""
_MOST = 0.9
_WORD = re.compile(r"[^\W\d_]{2}|[㐀-鿿]")


@dataclass
class Signs:
    """Counts over the scored turns; streams."""

    labels: Counter[str] = field(default_factory=Counter)
    confidences: Counter[float] = field(default_factory=Counter)
    without_reason: int = 0

    def add(self, judgement: TurnJudgement) -> None:
        """One more scored turn."""
        self.labels[str(judgement.label)] += 1
        self.confidences[judgement.confidence or 0.0] += 1
        self.without_reason += not _WORD.search(judgement.rationale)

    def merge(self, other: Signs) -> None:
        """Add what `other` has counted."""
        self.labels += other.labels
        self.confidences += other.confidences
        self.without_reason += other.without_reason

    def warnings(self) -> list[str]:
        """What looks as if nothing had been read, in words; empty where all is well or there is too little to tell."""
        count = self.labels.total()
        if count < _ENOUGH:
            return []
        found = []
        label, most = self.labels.most_common(1)[0]
        if most == count:
            found.append(f"all {count} verdicts are '{label}'")
        confidence, alike = self.confidences.most_common(1)[0]
        if alike >= _MOST * count:
            found.append(f"{alike} of {count} confidences are exactly {confidence:g}")
        if self.without_reason >= count / 2:
            found.append(f"{self.without_reason} of {count} reasons hold no words")
        return found
