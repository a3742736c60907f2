"""Where do annotators disagree most?"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tactful.annotation.types import QUESTIONS, Kind, Question, Value
from tactful.annotation.votes import Collected


@dataclass(frozen=True)
class Disputed:
    """One question about one item on which not all said the same; of several proposals the one most disputed."""

    item: str
    kind: Kind
    question: Question
    setting: str
    source: str
    part: str
    """Place of the proposal; empty: the question is about the whole item."""
    entropy: float
    """Of the votes, in bits: 0 where all are alike, 1 for two values said equally often, more for more values."""
    votes: Mapping[Value, int]
    """The most frequent first."""

    @property
    def count(self) -> int:
        """Votes."""
        return sum(self.votes.values())


def entropy(counts: Sequence[int]) -> float:
    """Shannon's, of the shares of votes; in bits."""
    total = sum(counts)
    return sum(-count / total * math.log2(count / total) for count in counts if count)


def disputed(collected: Collected) -> list[Disputed]:
    """The strongest disagreement first; of equal ones that with more votes, then in the order of the items' ids."""
    by_part: dict[tuple[str, str, Question], Counter[Value]] = defaultdict(Counter)
    for one in collected.annotations:
        if one.counts and one.answer is not None:
            for part, question, value in one.answer.votes():
                by_part[one.item, part, question][value] += 1
    found: dict[tuple[str, Question], Disputed] = {}
    for (id, part, question), votes in by_part.items():
        if len(votes) < 2:
            continue
        item = collected.items[id]
        row = Disputed(
            item=id,
            kind=item.kind,
            question=question,
            setting=item.setting,
            source=item.source,
            part=part,
            entropy=entropy(list(votes.values())),
            votes=dict(votes.most_common()),
        )
        before = found.get((id, question))
        if before is None or _strength(row) < _strength(before):
            found[id, question] = row
    return sorted(found.values(), key=_strength)


def _strength(one: Disputed) -> tuple[float, int, str, int, str]:
    return (-round(one.entropy, 9), -one.count, one.item, QUESTIONS.index(one.question), one.part)
