"""What the encoder is shown of a request, an exchange and a moment: one place for training and reading alike.

Two parts: what went before (segment 0) and the text that is judged (segment 1). Long texts keep their head and
their tail; the bounds are in tokens.

| head | before | judged |
|---|---|---|
| need | the earlier turns, the latest last | the request |
| reaction | the question and the answer | the next message |
| accept | the latest ten events | the proposal, or `silence` |
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

from tactful.reading.encoder.tokens import Tokens
from tactful.reading.types import Exchange, Request
from tactful.types import Moment

EVENTS = 10
SILENCE = "silence"


@dataclass(frozen=True, slots=True)
class Shown:
    """One input: token ids, and for each 0 (before) or 1 (judged)."""

    ids: tuple[int, ...]
    segments: tuple[int, ...]
    unknown: float
    """Share of the judged part's tokens that the vocabulary lacks, in [0, 1]."""


class Showing(NamedTuple):
    """How a reader is shown what it reads; each function is given the tokens of its model."""

    request: Callable[[Request, Any], Shown]
    exchange: Callable[[Exchange, Any], Shown]
    moment: Callable[[Moment, Any], Shown]


def show_request(request: Request, tokens: Tokens) -> Shown:
    """Earlier turns (112 tokens) and the request (128)."""
    before: list[int] = []
    for turn in request.context:
        before += tokens.ids("user :" if turn.role == "user" else "assistant :")
        before += ends(tokens.ids(turn.content), 48, 48)
    return _shown(tokens, before[-112:], ends(tokens.ids(request.text), 80, 48))


def show_exchange(exchange: Exchange, tokens: Tokens) -> Shown:
    """Question (64 tokens), answer (80) and the next message (80)."""
    before = [
        *ends(tokens.ids(exchange.query), 40, 24),
        tokens.separator,
        *ends(tokens.ids(exchange.answer), 40, 40),
    ]
    return _shown(tokens, before, ends(tokens.ids(exchange.next), 56, 24))


def show_moment(moment: Moment, tokens: Tokens) -> Shown:
    """The latest events (144 tokens, 36 each at most) and the proposal (64)."""
    before: list[int] = []
    for event in moment.events[-EVENTS:]:
        before += [*ends(tokens.ids(event.text), 24, 12), tokens.separator]
    proposal = SILENCE if moment.proposal is None else moment.proposal
    return _shown(tokens, before[:-1][-144:], ends(tokens.ids(proposal), 48, 16))


def ends(ids: list[int], head: int, tail: int) -> list[int]:
    """The first `head` and the last `tail` of more tokens than that."""
    return ids if len(ids) <= head + tail else ids[:head] + ids[-tail:]


def _shown(tokens: Tokens, before: list[int], judged: list[int]) -> Shown:
    opening = [tokens.start, *before, tokens.separator] if before else [tokens.start]
    ids = (*opening, *judged, tokens.separator)
    lacking = sum(1 for one in judged if one == tokens.unknown) / max(1, len(judged))
    return Shown(ids, (0,) * len(opening) + (1,) * (len(judged) + 1), lacking)


ENCODER = Showing(show_request, show_exchange, show_moment)
