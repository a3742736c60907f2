"""Chat logs and turns as items: what the next message says of an answer, or whether the assistant should have asked.

A log gives follow-ups, unless `asking` is wanted: a follow-up judges what was really said to an answer, while nearly every
request of a log can be acted on.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from tactful.annotation.items.making import File
from tactful.annotation.types import Asking, FollowUp, FollowUpAnswer, Item
from tactful.data.formats.chats import ASSISTANT, USER, ChatRows
from tactful.feedback.chats import ChatRow, Extraction, dialogue_of, spoken, turns_of
from tactful.feedback.types import JudgedTurn, Turn
from tactful.types import Message, plain

_Spoken = Sequence[tuple[str, str, Any]]


def from_chats(file: File) -> Iterator[Item]:
    """An item for each exchange with its next message; where `asking` is wanted, for each request."""
    kinds = file.wanted.kinds or {"follow-up"}
    rows = ChatRows(file.path, ChatRow, skip_bad=file.wanted.skip_bad)
    count = Extraction()
    for row in file.rows(rows):
        said = spoken(row)
        if "follow-up" in kinds:
            yield from _follow_ups(file, row, said, count)
        if "asking" in kinds:
            yield from _requests(file, row, said)
    left = {
        "an answer that nobody had asked for": count.no_query,
        "an answer after which the user wrote nothing": count.no_follow_up,
    }
    file.tally.left_out.update({why: number for why, number in left.items() if number})


def _follow_ups(file: File, row: ChatRow, said: _Spoken, count: Extraction) -> Iterator[Item]:
    answers = [at for at, (role, _, _) in enumerate(said) if role == ASSISTANT]
    label = row.label7
    sure = label is not None and not set(row.accept) - {label}  # no other label would do as well
    for turn in turns_of(row, count):
        at = answers[-1] if row.user_next is not None else answers[turn.index]
        told = {} if label is None else {"label": label.value, "accept": [one.value for one in row.accept]}
        yield _follow_up(
            file,
            turn,
            _messages(said[: at - 1]),
            session=f"{row.source}/{turn.dialogue_id}",
            origin=told,
            gold=FollowUpAnswer(label=label) if label is not None and sure else None,
        )


def _requests(file: File, row: ChatRow, said: _Spoken) -> Iterator[Item]:
    """Each message of the user's with what stands before it. What the assistant did then is not shown."""
    dialogue = dialogue_of(row)
    for at, (role, text, _) in enumerate(said):
        if role != USER:
            continue
        messages = _messages(said[: at + 1])
        yield file.item(
            Asking(messages=messages),
            *(dialogue, plain(messages)),
            session=f"{row.source}/{dialogue}",
            origin={
                "dialogue": dialogue,
                "message": at,
                "answer": said[at + 1][1] if at + 1 < len(said) else None,
            },
            text=text,
            lang=row.lang,
        )


def from_judged(file: File) -> Iterator[Item]:
    """An item for each judged turn; what the judge said is not shown."""
    for judged in file.records(JudgedTurn, "judged turn"):
        turn, judgement = judged.turn, judged.judgement.model_dump(mode="json")
        session = f"{turn.source}/{turn.dialogue_id}" if turn.source else turn.dialogue_id
        yield _follow_up(file, turn, (), session=session, origin={"judgement": judgement})


def _follow_up(
    file: File,
    turn: Turn,
    context: tuple[Message, ...],
    *,
    session: str,
    origin: dict[str, Any],
    gold: FollowUpAnswer | None = None,
) -> Item:
    return file.item(
        FollowUp(context=context, request=turn.q_t, answer=turn.a_t, next=turn.user_next),
        *(turn.id, plain(context), turn.q_t, turn.a_t, turn.user_next),
        session=session,
        origin={**origin, "turn": turn.model_dump(mode="json", exclude={"q_t", "a_t", "user_next"})},
        text=f"{turn.q_t}\n{turn.user_next}",
        lang=turn.lang,
        gold=gold,
    )


def _messages(said: _Spoken) -> tuple[Message, ...]:
    return tuple(Message.model_validate({"role": role, "content": text}) for role, text, _ in said)
