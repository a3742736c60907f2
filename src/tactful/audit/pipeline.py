"""The audit of a log, in the order of its steps."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from tactful import __version__
from tactful.audit.examples import Gallery
from tactful.audit.judging import Judge
from tactful.audit.parts import breakdowns, per_user, shares_of, tastes, trends, weeks
from tactful.audit.results import Audit
from tactful.audit.tally import Row, reasons, row_of, subjects
from tactful.audit.turns import passages
from tactful.audit.types import Finding, Passage
from tactful.audit.words import headline, limits, paragraph
from tactful.data.logs import Log
from tactful.errors import DataError
from tactful.reading.types import ReaderAtOnce
from tactful.stats.asking import asking_figures
from tactful.types import Conversation

AHEAD = 64
"""Conversations whose passages are read together."""
OUTCOMES = (
    "asked, needed",
    "asked, needless",
    "asked, not judged",
    "answered, fine",
    "answered, a wrong guess",
    "answered, another complaint",
    "answered, nothing said next",
)


def audit(
    log: Log,
    reader: ReaderAtOnce,
    *,
    limit: int | None = None,
    on_finding: Callable[[Passage, Finding], None] | None = None,
) -> Audit:
    """What `log` says about its assistant, judged with `reader`.

    `on_finding` is given every passage with its finding as it is made. Raises: DataError for a log in which no
    assistant answers anybody.
    """
    rows: list[Row] = []
    gallery, outcome = Gallery(), dict.fromkeys(OUTCOMES, 0)
    for conversation, found in judged(log, reader, limit=limit):
        rows.append(row_of(conversation, found))
        gallery.add(conversation, found)
        for passage, finding in found:
            outcome[outcome_of(finding)] += 1
            if on_finding:
                on_finding(passage, finding)
    if not rows:
        raise DataError(
            f"{', '.join(map(str, log.paths))}: no assistant answers anybody there"
            + (f"; the first problem: {log.problems[0]}" if log.problems else ""),
        )
    return _audit(log, rows, gallery, outcome, reader.name)


def judged(
    conversations: Iterable[Conversation], reader: ReaderAtOnce, *, limit: int | None = None
) -> Iterator[tuple[Conversation, list[tuple[Passage, Finding]]]]:
    """Each conversation in which an assistant answers, with its findings."""
    judge = Judge(reader)
    held: list[tuple[Conversation, list[Passage]]] = []
    for number, conversation in enumerate(conversations):
        if number == limit:
            break
        parts = list(passages(conversation))
        if parts:
            held.append((conversation, parts))
        if len(held) == AHEAD:
            yield from _judged(held, judge)
            held = []
    yield from _judged(held, judge)


def _judged(
    held: list[tuple[Conversation, list[Passage]]], judge: Judge
) -> Iterator[tuple[Conversation, list[tuple[Passage, Finding]]]]:
    found = judge.findings(passage for _, parts in held for passage in parts)
    for conversation, parts in held:
        yield conversation, [next(found) for _ in parts]


def outcome_of(finding: Finding) -> str:
    """One of `OUTCOMES`."""
    if finding.asked:
        return (
            OUTCOMES[2] if finding.needless is None else OUTCOMES[1] if finding.is_needless else OUTCOMES[0]
        )
    if finding.is_guess:
        return OUTCOMES[4]
    if finding.is_complaint:
        return OUTCOMES[5]
    return OUTCOMES[6] if finding.guess is None else OUTCOMES[3]


def _audit(log: Log, rows: list[Row], gallery: Gallery, outcome: dict[str, int], judged_by: str) -> Audit:
    users = {row.user for row in rows if row.user}
    named = len(users) > 1 and all(row.user for row in rows)
    shares = shares_of(rows, users=named)
    by_name = {share.name: share for share in shares}
    figures = asking_figures([row.asking for row in rows])
    unjudged: Counter[str] = Counter()
    for row in rows:
        unjudged.update(row.unjudged)
    dated = sorted(row.week for row in rows if row.week)
    facts: dict[str, Any] = {"reasons": reasons(rows), "subjects": subjects(rows)}
    turns = int(sum(row.asking.turns for row in rows))
    return Audit(
        logs=tuple(map(str, log.paths)),
        read=log.counts(),
        conversations=len(rows),
        turns=turns,
        users=len(users),
        first_week=dated[0] if dated else "",
        last_week=dated[-1] if dated else "",
        headline=headline(by_name["needless"], by_name["guessed"]),
        paragraph=paragraph(by_name, figures, facts["reasons"], facts["subjects"]),
        shares=shares,
        outcomes=outcome,
        figures=figures,
        figures_by_user=asking_figures(per_user(rows)) if named else {},
        **facts,
        breakdowns=breakdowns(rows),
        weeks=weeks(rows),
        trends=trends(rows),
        tastes=tastes(rows),
        examples=gallery.examples(),
        unjudged=dict(unjudged.most_common()),
        limits=limits(
            conversations=len(rows),
            turns=turns,
            users=len(users),
            dated=len(dated),
            unjudged=unjudged,
            shares=by_name,
        ),
        judged_by=judged_by,
        version=__version__,
    )
