"""Passages in, findings out: what a reader says of each, batch by batch, equal texts once."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from itertools import islice
from typing import Generic, TypeVar

from tactful.audit.signs import Signs, signs_of
from tactful.audit.types import Finding, Passage
from tactful.audit.verdicts import COMPLAINT, judge
from tactful.reading.types import Exchange, Need, ReactionReading, ReaderAtOnce, Request

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")
BATCH = 256
_REMEMBERED = 20_000
AGREED = 0.05
"""Probability of a complaint where a reply only thanks or takes note: no reader is asked."""
_WORTH_READING = 0.2
"""Probability of a complaint from which the need of the request is read."""


class _Remembered(Generic[K, V]):
    """Answers to equal questions, the latest kept."""

    def __init__(self, ask: Callable[[Sequence[K]], Sequence[V]]) -> None:
        self._ask = ask
        self._known: OrderedDict[K, V] = OrderedDict()

    def of(self, items: Sequence[K]) -> list[V]:
        """The answers, in order."""
        new = [item for item in dict.fromkeys(items) if item not in self._known]
        self._known.update(zip(new, self._ask(new), strict=True) if new else ())
        found = [self._known[item] for item in items]
        while len(self._known) > _REMEMBERED:
            self._known.popitem(last=False)
        return found


class Judge:
    """Judges passages with one reader."""

    def __init__(self, reader: ReaderAtOnce) -> None:
        self.name = reader.name
        self._needs: _Remembered[tuple[str, tuple[tuple[str, str], ...]], Need] = _Remembered(
            lambda keys: reader.needs_now([_request(text, context) for text, context in keys])
        )
        self._reactions: _Remembered[tuple[str, str, str], ReactionReading] = _Remembered(
            lambda keys: reader.reactions_now([Exchange(query=q, answer=a, next=n) for q, a, n in keys])
        )

    def findings(self, passages: Iterable[Passage]) -> Iterator[tuple[Passage, Finding]]:
        """Each passage with its finding, in order."""
        source = iter(passages)
        while batch := list(islice(source, BATCH)):
            yield from zip(batch, self._judged(batch), strict=True)

    def _judged(self, batch: Sequence[Passage]) -> list[Finding]:
        signs = [
            None if one.reply is None else signs_of(one.reply, one.request, one.earlier) for one in batch
        ]
        reactions: dict[int, ReactionReading] = {}
        answered = [
            at
            for at, one in enumerate(signs)
            if one and not (one.agrees or (batch[at].asked and one.rejects))
        ]
        keys = [(batch[at].request, batch[at].answer, batch[at].reply or "") for at in answered]
        reactions.update(zip(answered, self._reactions.of(keys), strict=True))
        needed = [at for at, one in enumerate(batch) if _needs_need(one, signs[at], reactions.get(at))]
        needs = dict(
            zip(
                needed,
                self._needs.of(
                    [
                        (batch[at].request, tuple((m.role, m.content) for m in batch[at].context))
                        for at in needed
                    ]
                ),
                strict=True,
            )
        )
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


def _request(text: str, context: tuple[tuple[str, str], ...]) -> Request:
    from tactful.types import Message

    return Request(
        text=text,
        context=tuple(
            Message(role="user" if role == "user" else "assistant", content=said) for role, said in context
        ),
    )
