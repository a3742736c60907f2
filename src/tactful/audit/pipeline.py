"""The audit of a log, in the order of its steps."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator
from itertools import islice

from tactful import __version__
from tactful.audit.figures.agreement import Labels, SecondOpinion, verdict
from tactful.audit.figures.examples import Gallery
from tactful.audit.figures.parts import breakdowns, per_user, shares_of, tastes, trends, weeks
from tactful.audit.figures.tally import Row, row_of, summed
from tactful.audit.judging.judge import Judge
from tactful.audit.judging.prompted import PromptedJudge
from tactful.audit.results import Audit
from tactful.audit.turns import passages
from tactful.audit.types import REASONS, SUBJECTS, Finding, Passage
from tactful.audit.words import headline, limits, paragraph
from tactful.data.logs import Log
from tactful.errors import DataError
from tactful.llm.types import Usage
from tactful.reading.types import ReaderAtOnce
from tactful.stats.asking import asking_figures
from tactful.types import Conversation

Held = list[tuple[Conversation, list[Passage]]]
Reads = Callable[[Iterable[list[Passage]]], Iterator[list[tuple[Passage, Finding]]]]
"""Reads passages, some at a time, in their order."""

AHEAD = 64
"""Conversations whose passages are read together."""
REHEARSED = (
    "A rehearsal: signs and slips of the offline model made these verdicts, no language model read anything."
)
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
    model: PromptedJudge | None = None,
    labels: Labels | None = None,
    limit: int | None = None,
    on_finding: Callable[[Passage, Finding], None] | None = None,
    spread: Reads | None = None,
) -> Audit:
    """What `log` says about its assistant, judged with `reader`, or with `model` and the reader beside it.

    `labels`: judgements of people, to measure the audit against. `on_finding` is given every passage with its finding as it is made. `spread`: who reads in place of `reader`, with the same
    outcome. Raises: DataError for a log in which no
    assistant answers anybody.
    """
    rows: list[Row] = []
    gallery, outcome = Gallery(), dict.fromkeys(OUTCOMES, 0)
    second = None if model is None else SecondOpinion(reader.name, model.name)
    for conversation, found in judged(log, reader, model=model, second=second, limit=limit, spread=spread):
        rows.append(row_of(conversation, found))
        if labels is not None:
            labels.add(conversation, found)
        gallery.add(conversation, found)
        for passage, finding in found:
            outcome[outcome_of(finding)] += 1
            if on_finding:
                on_finding(passage, finding)
    if not rows:
        raise nobody_answers(log)
    agreements = (*(labels.agreements() if labels else ()), *(second.agreements() if second else ()))
    found_out = _audit(log, rows, gallery, outcome, model.name if model else reader.name)
    rehearsed = (REHEARSED,) if "(a rehearsal)" in found_out.judged_by else ()
    return found_out.model_copy(
        update={
            "agreements": agreements,
            "differences": tuple(second.differences) if second else (),
            "limits": (*rehearsed, *(labels.limits() if labels else ()), *found_out.limits),
            "usage": _usage(reader, model),
        }
    )


def nobody_answers(log: Log) -> DataError:
    """What is wrong with a log in which no assistant answers, once it was read."""
    return DataError(
        f"{', '.join(map(str, log.paths))}: no assistant answers anybody there"
        + (f"; the first problem: {log.problems[0]}" if log.problems else "")
        + "; give a log of conversations with an assistant's answers"
    )


def _usage(*asked: object) -> Usage | None:
    """Of all that ask a model; readers that ask none have none."""
    used = [usage for one in asked if (usage := getattr(one, "usage", None)) is not None]
    return sum(used, Usage()) if used else None


def judged(
    conversations: Iterable[Conversation],
    reader: ReaderAtOnce,
    *,
    model: PromptedJudge | None = None,
    second: SecondOpinion | None = None,
    limit: int | None = None,
    spread: Reads | None = None,
) -> Iterator[tuple[Conversation, list[tuple[Passage, Finding]]]]:
    """Each conversation in which an assistant answers, with its findings: the model's, where there is one.

    `second` is told what reader and model say of each passage. `spread` reads in place of `reader`.
    """
    under_way: deque[Held] = deque()

    def parts() -> Iterator[list[Passage]]:
        for held in _held(conversations, limit):
            under_way.append(held)
            yield [passage for _, inside in held for passage in inside]

    for read in (spread or Judge(reader).batches)(parts()):
        yield from _judged(under_way.popleft(), iter(read), model, second)


def _held(conversations: Iterable[Conversation], limit: int | None) -> Iterator[Held]:
    """Conversations in which an assistant answers, with their passages, some at a time."""
    answered = ((one, parts) for one in islice(conversations, limit) if (parts := list(passages(one))))
    while held := list(islice(answered, AHEAD)):
        yield held


def _judged(
    held: Held,
    found: Iterator[tuple[Passage, Finding]],
    model: PromptedJudge | None,
    second: SecondOpinion | None,
) -> Iterator[tuple[Conversation, list[tuple[Passage, Finding]]]]:
    if model is not None:
        read = list(found)
        said = model.findings([passage for passage, _ in read])
        if second is not None:
            for (passage, ours), theirs in zip(read, said, strict=True):
                second.add(passage, ours, theirs)
        found = ((passage, theirs) for (passage, _), theirs in zip(read, said, strict=True))
    for conversation, parts in held:
        yield conversation, [next(found) for _ in parts]


def outcome_of(finding: Finding) -> str:
    """One of `OUTCOMES`."""
    if finding.asked:
        return f"asked, {verdict(finding)}"
    if finding.is_complaint and not finding.is_guess:
        return "answered, another complaint"
    return "answered, nothing said next" if finding.guess is None else f"answered, {verdict(finding)}"


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
    reasons = summed(rows, lambda row: row.reasons, REASONS)
    subjects = summed(rows, lambda row: row.subjects, SUBJECTS)
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
        paragraph=paragraph(by_name, figures, reasons, subjects),
        shares=shares,
        outcomes=outcome,
        figures=figures,
        figures_by_user=asking_figures(per_user(rows)) if named else {},
        reasons=reasons,
        subjects=subjects,
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
            left=sum(row.left for row in rows),
            unjudged=unjudged,
            shares=by_name,
        ),
        judged_by=judged_by,
        version=__version__,
    )
