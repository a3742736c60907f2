"""Who the annotators are to those who look at their votes, and how each of them errs."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import get_args

from sqlalchemy import Connection, select

from tactful.annotation.store import Store
from tactful.annotation.store.tables import annotators, invitations
from tactful.annotation.types import KINDS, QUESTIONS, Better, Kind, Question, Value, Verdict
from tactful.annotation.votes import Collected, Vote, known_votes
from tactful.types import Label

_CHOICES: tuple[Value, ...] = (True, False, *get_args(Better), *Label, *get_args(Verdict))


def pseudonyms(connection: Connection) -> dict[str, str]:
    """UUID → `A1`, `A2`, … in the order in which they joined: the same for ever, and it names nobody."""
    joined = connection.execute(
        select(annotators.c.id).order_by(annotators.c.created_at, annotators.c.id)
    ).scalars()
    return {id: f"A{number}" for number, id in enumerate(joined, start=1)}


@dataclass(frozen=True)
class Invitation:
    """A link by which somebody may still join."""

    token_hash: str
    role: str
    note: str
    uses_left: int
    expires_at: datetime


def open_invitations(store: Store, *, now: datetime | None = None) -> list[Invitation]:
    """Those that are good, the newest first; links that set a password anew are not among them."""
    with store.read() as connection:
        found = connection.execute(
            select(invitations)
            .where(
                invitations.c.expires_at > (now or datetime.now(UTC)),
                invitations.c.uses_left > 0,
                invitations.c.annotator_id.is_(None),
            )
            .order_by(invitations.c.created_at.desc(), invitations.c.token_hash)
        )
        return [
            Invitation(row.token_hash, row.role, row.note, row.uses_left, row.expires_at) for row in found
        ]


@dataclass
class Confusion:
    """One annotator's votes on one question beside what should have been said."""

    kind: Kind
    question: Question
    counts: Counter[tuple[Value, Value]] = field(default_factory=Counter)
    """(what should have been said, what was said) → votes."""
    tied: int = 0
    """Votes where the others were even: beside no consensus."""
    alone: int = 0
    """Votes where nobody else voted."""

    @property
    def values(self) -> tuple[Value, ...]:
        """Everything that stands in it, in the order of the choices: rows and columns alike."""
        return tuple(sorted({value for pair in self.counts for value in pair}, key=_CHOICES.index))

    @property
    def votes(self) -> int:
        """In the matrix."""
        return self.counts.total()

    @property
    def alike(self) -> int:
        """On its diagonal."""
        return sum(count for (right, said), count in self.counts.items() if right == said)


@dataclass(frozen=True)
class Errs:
    """How one annotator errs."""

    others: tuple[Confusion, ...]
    """Against the majority of the others, without the annotator's own vote."""
    gold: tuple[Confusion, ...]
    """Against the answers that are known."""


def confusions(collected: Collected) -> Mapping[str, Errs]:
    """Annotator → how they err, over the votes that count."""
    others: dict[str, dict[tuple[Kind, Question], Confusion]] = defaultdict(dict)
    gold: dict[str, dict[tuple[Kind, Question], Confusion]] = defaultdict(dict)
    by_unit: dict[tuple[str, Question], list[Vote]] = defaultdict(list)
    for one in collected.votes():
        by_unit[one.unit, one.question].append(one)
    for votes in by_unit.values():
        counts = Counter(one.value for one in votes)
        for one in votes:
            matrix = _matrix(others, one)
            right = _majority(counts, one.value)
            if right is not None:
                matrix.counts[right, one.value] += 1
            elif len(votes) == 1:
                matrix.alone += 1
            else:
                matrix.tied += 1
    watched = (one for one in collected.annotations if one.counts and one.gold)
    for one, right in known_votes(collected, watched):
        _matrix(gold, one).counts[right, one.value] += 1
    return {who: Errs(_sorted(others[who]), _sorted(gold[who])) for who in {*others, *gold}}


def _majority(counts: Counter[Value], own: Value) -> Value | None:
    """What most of the others said; None: nobody else did, or they are even."""
    rest = counts.copy()
    rest[own] -= 1
    (most, first), *further = rest.most_common(2)
    return most if first and (not further or further[0][1] < first) else None


def _matrix(found: Mapping[str, dict[tuple[Kind, Question], Confusion]], vote: Vote) -> Confusion:
    mine = found[vote.annotator]
    key = (vote.kind, vote.question)
    if key not in mine:
        mine[key] = Confusion(*key)
    return mine[key]


def _sorted(found: Mapping[tuple[Kind, Question], Confusion]) -> tuple[Confusion, ...]:
    keys = sorted(found, key=lambda key: (KINDS.index(key[0]), QUESTIONS.index(key[1])))
    return tuple(found[key] for key in keys)
