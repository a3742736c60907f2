"""Passages in, findings out: what a reader says of each, batch by batch, equal texts once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

from tactful.audit.judging.signs import Signs, signs_of
from tactful.audit.judging.verdicts import COMPLAINT, judge
from tactful.audit.types import Finding, Passage
from tactful.reading.remembered import Remembered
from tactful.reading.types import Exchange, Need, ReactionReading, ReaderAtOnce, Request

BATCH = 256
_REMEMBERED = 20_000
AGREED = 0.05
"""Probability of a complaint where a reply only thanks or takes note: no reader is asked."""
_WORTH_READING = 0.2
"""Probability of a complaint from which the need of the request is read."""


class Judge:
    """Judges passages with one reader."""

    def __init__(self, reader: ReaderAtOnce) -> None:
        self._needs = Remembered(reader.needs_now, _REMEMBERED)
        self._reactions = Remembered(reader.reactions_now, _REMEMBERED)

    def findings(self, passages: Iterable[Passage]) -> Iterator[tuple[Passage, Finding]]:
        """Each passage with its finding, in order."""
        source = iter(passages)
        while batch := list(islice(source, BATCH)):
            yield from zip(batch, self._judged(batch), strict=True)

    def batches(self, passages: Iterable[list[Passage]]) -> Iterator[list[tuple[Passage, Finding]]]:
        """The same, some at a time."""
        for some in passages:
            yield list(self.findings(some))

    def _judged(self, batch: Sequence[Passage]) -> list[Finding]:
        signs = [
            None if one.reply is None else signs_of(one.reply, one.request, one.earlier) for one in batch
        ]
        answered = [
            at
            for at, one in enumerate(signs)
            if one and not (one.agrees or (batch[at].asked and one.rejects))
        ]
        exchanges = [
            Exchange(query=batch[at].request, answer=batch[at].answer, next=batch[at].reply or "")
            for at in answered
        ]
        reactions = dict(zip(answered, self._reactions.of(exchanges), strict=True))
        needed = [at for at, one in enumerate(batch) if _needs_need(one, signs[at], reactions.get(at))]
        requests = [Request(text=batch[at].request, context=batch[at].context) for at in needed]
        needs = dict(zip(needed, self._needs.of(requests), strict=True))
        return [_finding(one, signs[at], needs.get(at), reactions.get(at)) for at, one in enumerate(batch)]


def _needs_need(passage: Passage, signs: Signs | None, reaction: ReactionReading | None) -> bool:
    """Whether it matters if the request needed a question: the first one, any that was asked about, and complaints."""
    if passage.first or passage.asked:
        return True
    if signs is None or reaction is None:
        return False
    return (reaction.complaint or 0) >= _WORTH_READING or any(
        getattr(signs, name) for name in COMPLAINT if name not in ("pleased", "goes_on")
    )


def _finding(
    passage: Passage, signs: Signs | None, need: Need | None, reaction: ReactionReading | None
) -> Finding:
    unread = (need.unknown if need else "") or (reaction.unknown if reaction else "")
    agreed = AGREED if signs is not None and signs.agrees else None
    return judge(
        passage,
        signs,
        need.need if need else None,
        reaction.complaint if reaction else agreed,
        unread or "nothing tells whether the question was needed",
    )
