"""A conversation as passages: each turn of the assistant with the request before it and what the user wrote next."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache

from tactful.audit.judging.signs import signs_of
from tactful.audit.types import Passage
from tactful.text import questions
from tactful.types import ChatTurn, Conversation, Message

CONTEXT = 4
"""Turns before the request that the reader sees."""
_EARLIER = 12
"""Messages of the user that count as said before."""


def passages(conversation: Conversation) -> Iterator[Passage]:
    """Every turn of the assistant that answers a request, in order.

    Turns of the assistant in a row are one, as they are where tools were called between them; of the user's in a row,
    the last is the request (before an answer) and the first the reply (after one).
    """
    turns = conversation.said
    said: list[str] = []
    first = True
    at = 0
    while at < len(turns):
        if turns[at].role == "user":
            said.append(turns[at].content)
            at += 1
            continue
        end = next((place for place in range(at, len(turns)) if turns[place].role == "user"), len(turns))
        if said:
            yield _passage(conversation, turns, at, end, said, first or _is_fresh(turns, at))
            first = False
        at = end


def _is_fresh(turns: Sequence[ChatTurn], at: int) -> bool:
    """Whether the request before `at` opens a new matter: the user closed the last one with thanks, in a message of its own."""
    if at < 3 or turns[at - 2].role != "user":
        return False
    closing = turns[at - 2].content
    return signs_of(closing, "", "").agrees


def _passage(
    conversation: Conversation,
    turns: Sequence[ChatTurn],
    at: int,
    end: int,
    said: Sequence[str],
    first: bool,
) -> Passage:
    answers = turns[at:end]
    answer = "\n\n".join(turn.content for turn in answers)
    ask = next((turn.ask for turn in reversed(answers) if turn.ask is not None), None)
    last = answers[-1]
    return Passage(
        conversation=conversation.id,
        turn=end - 1,
        first=first,
        request=turns[at - 1].content,
        context=tuple(
            Message(role="user" if turn.role == "user" else "assistant", content=turn.content[:2000])
            for turn in turns[max(0, at - 1 - (0 if first else CONTEXT)) : at - 1]
        ),
        earlier="\n".join(said[-_EARLIER:]),
        answer=answer,
        questions=tuple(ask.questions) if ask else asked(last.content),
        ask=ask,
        reply=turns[end].content if end < len(turns) else None,
        ratings=tuple(rating for turn in answers for rating in turn.ratings),
    )


@lru_cache(maxsize=4096)
def asked(text: str) -> tuple[str, ...]:
    """The questions in a message; equal messages are looked at once."""
    return tuple(questions(text))
