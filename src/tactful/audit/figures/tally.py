"""Counts over a log, with intervals by conversation and by user. Memory: one small row a conversation."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TypeVar

from tactful.audit.domains import domain_of
from tactful.audit.results import Shared
from tactful.audit.types import Finding, Passage
from tactful.stats.asking import AskingCounts, clarity_of
from tactful.stats.shares import GroupSums, share_over
from tactful.types import Conversation

N = TypeVar("N", bound=str)


@dataclass(slots=True)
class Row:
    """What was found in one conversation."""

    user: str
    model: str
    domain: str
    length: str
    week: str
    """Monday of the week it began in; empty: the log has no times."""
    source: str
    asking: AskingCounts = field(default_factory=AskingCounts)
    needless: int = 0
    answers_judged: int = 0
    guesses: int = 0
    complaints: int = 0
    reactions_judged: int = 0
    welcome: int = 0
    """Questions that were answered calmly, and needed."""
    reasons: Counter[str] = field(default_factory=Counter)
    subjects: Counter[str] = field(default_factory=Counter)
    unjudged: Counter[str] = field(default_factory=Counter)
    left: bool = False
    """It ends with the assistant's turn: what the user said to it is not in the log."""


def row_of(conversation: Conversation, found: Sequence[tuple[Passage, Finding]]) -> Row:
    """One conversation's counts, from its passages and their findings in order."""
    row = Row(
        user=conversation.user,
        model=conversation.model,
        domain=domain_of(found[0][0].request if found else ""),
        length=length_of(len(found)),
        week=week_of(conversation.begun),
        source=conversation.source,
        left=bool(found) and found[-1][0].reply is None,
    )
    waiting = 0
    for passage, finding in found:
        _count(row, passage, finding)
        waiting = _clarified(row.asking, passage, waiting)
    asking = row.asking
    if asking.blockers:
        asking.covered, asking.with_blockers = asking.blockers_asked / asking.blockers, 1
    return row


def _count(row: Row, passage: Passage, finding: Finding) -> None:
    asking = row.asking
    asking.turns += 1
    asking.asked += finding.asked
    if passage.first and finding.need is not None:
        kind = clarity_of(finding.need)
        setattr(asking, kind, getattr(asking, kind) + 1)
        setattr(asking, f"{kind}_asked", getattr(asking, f"{kind}_asked") + finding.asked)
    if finding.needless is not None:
        needed = not finding.is_needless
        asking.questions_judged += 1
        asking.questions_needed += needed
        asking.blockers += needed
        asking.blockers_asked += needed
        row.needless += not needed
        row.welcome += needed and passage.reply is not None and finding.subject is None
    if finding.guess is not None:
        row.answers_judged += 1
        row.guesses += finding.is_guess
        asking.blockers += finding.is_guess
    if finding.complaint is not None:
        row.reactions_judged += 1
        row.complaints += finding.is_complaint
    if finding.reason is not None:
        row.reasons[finding.reason] += 1
    if finding.subject is not None:
        row.subjects[finding.subject] += 1
    if finding.unjudged:
        row.unjudged[finding.unjudged] += 1


def _clarified(asking: AskingCounts, passage: Passage, waiting: int) -> int:
    """Turns that asked and wait for an answer of the assistant; those before an answer are counted as clarifying."""
    if passage.asked:
        return waiting + 1
    if waiting:
        asking.clarified += 1
        asking.turns_to_clarify += waiting
    return 0


def length_of(answers: int) -> str:
    """A conversation's length by the assistant's turns, in four classes."""
    for most, name in ((1, "1 answer"), (3, "2–3 answers"), (8, "4–8 answers")):
        if answers <= most:
            return name
    return "9 answers or more"


def week_of(begun: datetime | None) -> str:
    """Monday of the week, as a date; empty without a time."""
    return "" if begun is None else f"{begun - timedelta(days=begun.weekday()):%Y-%m-%d}"


# ---------------------------------------------------------------- shares

Part = Callable[[Row], tuple[float, float]]
"""(how many, of how many) in one conversation."""
SHARES: Mapping[str, tuple[str, Part]] = {
    "asked": ("turns that ask", lambda row: (row.asking.asked, row.asking.turns)),
    "conversations_asked": (
        "conversations with a question",
        lambda row: (float(row.asking.asked > 0), float(row.asking.turns > 0)),
    ),
    "needless": ("questions that were needless", lambda row: (row.needless, row.asking.questions_judged)),
    "guessed": ("answers that guessed", lambda row: (row.guesses, row.answers_judged)),
    "complaints": ("replies that complain", lambda row: (row.complaints, row.reactions_judged)),
}
"""Name → what it is a share of, in words, and how it is counted."""


def share_of(rows: Sequence[Row], name: str, *, users: bool = False) -> Shared:
    """The share of that name over conversations, and over their users."""
    words, part = SHARES[name]
    pairs = [part(row) for row in rows]
    by_user = GroupSums()
    if users:
        for row, pair in zip(rows, pairs, strict=True):
            by_user.add(row.user, *pair)
    return Shared(
        name=name,
        of=words,
        count=int(sum(top for top, _ in pairs)),
        total=int(sum(bottom for _, bottom in pairs)),
        by_conversation=share_over(pairs),
        by_user=share_over(by_user.values()) if users else None,
    )


def by_value(rows: Iterable[Row], of: Callable[[Row], str], *, most: int = 10) -> list[tuple[str, list[Row]]]:
    """The conversations of each value, the most frequent first; rarer ones together as `others`."""
    found: dict[str, list[Row]] = {}
    for row in rows:
        if value := of(row):
            found.setdefault(value, []).append(row)
    order = sorted(found.items(), key=lambda item: -len(item[1]))
    if len(order) <= most:
        return order
    rest = [row for _, held in order[most:] for row in held]
    return [*order[:most], ("others", rest)]


def summed(rows: Iterable[Row], of: Callable[[Row], Counter[str]], order: Sequence[N]) -> dict[N, int]:
    """Counts over all conversations, in this order."""
    total: Counter[str] = Counter()
    for row in rows:
        total.update(of(row))
    return {name: total[name] for name in order}
