"""A request as a decision point: the conversation so far, as a policy sees it, and what came of the turn before.

The same reading as that of logs (`audit`, `mend`): what is decided live and what is said of its log afterwards agree.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from tactful.audit.domains import domain_of
from tactful.audit.judging.judge import Judge
from tactful.audit.judging.signs import signs_of
from tactful.audit.turns import CONTEXT, asked, passages
from tactful.audit.types import Passage
from tactful.calibration.tasks.states import complete_states
from tactful.mend.turns import Task, outcome_of
from tactful.mend.types import Outcome
from tactful.reading.types import ReaderAtOnce, Request
from tactful.text import detect_lang
from tactful.text.similarity import ngram_counts
from tactful.types import ChatTurn, Conversation, Message, NativeAsk, PublicState, State, UserHistory


@dataclass(frozen=True)
class Followed:
    """What came of one turn of the assistant, as its next message reads."""

    asked: bool
    outcome: Outcome
    complaint: float | None
    subject: str = ""


def said(messages: Sequence[Message]) -> list[Message]:
    """The messages of user and assistant in which anything is said."""
    return [one for one in messages if one.role != "system" and one.content.strip()]


def is_due(messages: Sequence[Message]) -> bool:
    """Whether it is the assistant's turn: the user spoke last."""
    turns = said(messages)
    return bool(turns) and turns[-1].role == "user"


def whole(messages: Iterable[Message]) -> tuple[Message, ...]:
    """The messages as a reader and a database take them: a lone half of a character, where a client cut, is a question mark."""
    return tuple(map(_whole, messages))


def _whole(one: Message) -> Message:
    try:
        one.content.encode()
    except UnicodeEncodeError:
        return one.model_copy(update={"content": one.content.encode("utf-8", "replace").decode()})
    return one


def last_exchange(messages: Sequence[Message], ask: NativeAsk | None = None) -> Passage | None:
    """The assistant's last turn with the request before it and the user's reply; None: there was none, or no reply yet.

    `ask`: the assistant asked by a tool.
    """
    if not any(one.role == "assistant" for one in messages):
        return None
    turns = tuple(ChatTurn(role=one.role, content=one.content) for one in said(messages))
    if ask is not None:
        at = next((at for at in range(len(turns) - 1, -1, -1) if turns[at].role == "assistant"), None)
        if at is not None:
            turns = (*turns[:at], turns[at].model_copy(update={"ask": ask}), *turns[at + 1 :])
    found = [one for one in passages(Conversation(id="live", turns=turns)) if one.reply is not None]
    return found[-1] if found else None


def glance(passage: Passage) -> Followed:
    """What the signs alone say of a turn, in well under a millisecond: whether it asked, and whether that was rejected."""
    signs = signs_of(passage.reply or "", passage.request, passage.earlier)
    declined = passage.ask is not None and passage.ask.declined
    rejected = passage.asked and (declined or signs.rejects)
    outcome: Outcome = "rejected" if rejected else "welcome" if passage.asked else "fine"
    return Followed(passage.asked, outcome, None)


def followed(passage: Passage, reader: ReaderAtOnce) -> Followed:
    """What came of a turn, judged as an audit judges it."""
    ((_, finding),) = Judge(reader).findings([passage])
    return Followed(
        asked=passage.asked,
        outcome=outcome_of(passage, finding),
        complaint=finding.complaint,
        subject=finding.reason or finding.subject or "",
    )


def state_of(
    messages: Sequence[Message],
    task: Task,
    reader: ReaderAtOnce,
    *,
    id: str,
    domain: str,
    user: UserHistory,
    complexity: float | None = None,
) -> PublicState:
    """The decision point at the user's last message; `complexity` None: it is estimated, which takes longer than all else."""
    turns = said(messages)
    request = turns[-1].content
    (need,) = reader.needs_now([Request(text=request, context=tuple(turns[-1 - CONTEXT : -1]))])
    shown: dict[str, Any] = {
        "id": id,
        "domain": domain or domain_of(task.request or request),
        "query": request,
        "dialogue_turn": task.turn,
        "query_clarity": 1.0 if need.need is None else round(1 - need.need, 4),
        "need_unknown": need.unknown,
        "missing": tuple(gap.kind for gap in need.missing),
        "prev_reject": task.rejected,
        "questions_asked": task.asked,
        "answered": task.answered,
        "user": user,
        "lang": detect_lang(request),
    }
    if complexity is None:
        return complete_states([State(**shown)])[0].public()
    return PublicState(**shown, task_complexity=complexity)


def empty_caches() -> None:
    """Let go of the texts that were read: what helps with a log, whose texts come again, grows with every text here."""
    for cached in (signs_of, asked, ngram_counts):
        cached.cache_clear()
