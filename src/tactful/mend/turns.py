"""A judged conversation as decision points, in the order of its turns.

A task begins with a request and ends with an answer that nobody complains about; then the next request begins another.
So `dialogue_turn`, `questions_asked` and `prev_reject` of a state count from there. `user` holds what this user showed in
earlier tasks: of the same conversation here, of earlier conversations once `with_history` has seen them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from tactful.audit.domains import OTHER, domain_of
from tactful.audit.types import Finding, Passage
from tactful.calibration.tasks.states import complete_states
from tactful.mend.rows import rows_of
from tactful.mend.types import LoggedTalk, LoggedTurn, Outcome
from tactful.reading.types import Need, ReaderAtOnce, Request
from tactful.text import detect_lang
from tactful.text.quoting.shorten import shortened
from tactful.types import Conversation, Message, State, UserHistory

_LONGEST = 700  # characters of a text that is kept to be shown
_REJECTS = ("already said", "just do it", "answered with annoyance")
PROPENSITY = "propensity"
"""Key of an assistant's message: the probability with which its policy did what it did."""


def logged_talk(
    conversation: Conversation, found: Sequence[tuple[Passage, Finding]], reader: ReaderAtOnce
) -> LoggedTalk:
    """The conversation's decision points, and what can be learned from its answers."""
    needs = reader.needs_now([Request(text=one.request, context=one.context) for one, _ in found])
    messages, places = _messages(conversation)
    states = complete_states(list(_states(conversation, found, needs)))
    propensities = _propensities(conversation)
    turns = tuple(
        _turn(state, passage, finding, propensities.get(passage.turn))
        for state, (passage, finding) in zip(states, found, strict=True)
    )
    pairs, answers, left_out = rows_of(conversation, found, places)
    return LoggedTalk(
        id=conversation.id,
        user=conversation.user,
        messages=messages if pairs or answers else (),
        turns=turns,
        pairs=pairs,
        answers=answers,
        left_out=left_out,
    )


def with_history(talks: Iterable[LoggedTalk]) -> Iterator[LoggedTalk]:
    """The conversations in their order, each state knowing what its user showed in earlier ones."""
    known: dict[str, UserHistory] = {}
    for talk in talks:
        before = known.get(talk.user) if talk.user else None
        turns = talk.turns if before is None else tuple(_after(turn, before) for turn in talk.turns)
        if talk.user and turns:
            known[talk.user] = history_after(turns[-1])
        yield talk.model_copy(update={"turns": turns})


def _after(turn: LoggedTurn, before: UserHistory) -> LoggedTurn:
    known = {"user": before + turn.state.user}
    return turn.model_copy(update={"state": turn.state.model_copy(update=known)})


@dataclass
class Task:
    """What happened in the present task so far, and in the user's earlier ones."""

    request: str = ""
    turn: int = 0
    asked: int = 0
    answered: int = 0
    rejected: int = 0
    user: UserHistory = field(default_factory=UserHistory)

    def note(self, asked: bool, outcome: Outcome) -> None:
        """Go on by one turn that asked, or did not, with this outcome."""
        self.turn += 1
        self.asked += asked
        self.answered += outcome in ("welcome", "needless")
        self.rejected += outcome in ("rejected", "left")

    @property
    def over(self) -> UserHistory:
        """The user's history with this task in it."""
        return UserHistory(
            tasks=self.user.tasks + 1,
            questions=self.user.questions + self.asked,
            answered=self.user.answered + self.answered,
            rejected=self.user.rejected + self.rejected,
        )


def history_after(turn: LoggedTurn) -> UserHistory:
    """The user's history with the task of `turn`, as far as that turn, in it."""
    state = turn.state
    task = Task(
        asked=state.questions_asked,
        answered=state.answered,
        rejected=state.prev_reject,
        user=state.user,
    )
    task.note(turn.asked, turn.outcome)
    return task.over


def _states(
    conversation: Conversation, found: Sequence[tuple[Passage, Finding]], needs: Sequence[Need]
) -> Iterator[State]:
    first = domain_of(found[0][0].request)
    task = Task()
    for (passage, finding), need in zip(found, needs, strict=True):
        task.request = task.request or passage.request
        mine = domain_of(task.request)
        yield State(
            id=passage.id,
            domain=first if mine == OTHER else mine,
            query=shortened(passage.request, _LONGEST),
            dialogue_turn=task.turn,
            query_clarity=1.0 if need.need is None else round(1 - need.need, 4),
            need_unknown=need.unknown,
            missing=tuple(gap.kind for gap in need.missing),
            prev_reject=task.rejected,
            questions_asked=task.asked,
            answered=task.answered,
            user=task.user,
            group=f"user {conversation.user}" if conversation.user else conversation.id,
            lang=conversation.lang or detect_lang(passage.request),
        )
        outcome = outcome_of(passage, finding)
        task.note(passage.asked, outcome)
        if not passage.asked and outcome not in ("guess", "faulty"):
            task = Task(user=task.over)


def outcome_of(passage: Passage, finding: Finding) -> Outcome:
    """What followed a turn of the assistant."""
    if not passage.asked:
        if passage.reply is None:
            return "nothing said next"
        if finding.guess is None:
            return "not judged"
        return "guess" if finding.is_guess else "faulty" if finding.is_complaint else "fine"
    declined = passage.ask is not None and passage.ask.declined
    if declined or finding.subject == "being asked" or finding.reason in _REJECTS:
        return "rejected"
    if passage.reply is None or finding.reason == "unanswered":
        return "left"
    if finding.needless is None:
        return "not judged"
    return "needless" if finding.is_needless else "welcome"


def _turn(state: State, passage: Passage, finding: Finding, propensity: float | None) -> LoggedTurn:
    bad = finding.needless if passage.asked else finding.complaint
    return LoggedTurn(
        state=state.public(),
        turn=passage.turn,
        asked=passage.asked,
        questions=tuple(shortened(text, 200) for text in passage.questions),
        outcome=outcome_of(passage, finding),
        reason=finding.reason or finding.subject or "",
        sure=0.0 if bad is None else max(bad, 1 - bad),
        answer=shortened(passage.answer, _LONGEST),
        reply=shortened(passage.reply or "", _LONGEST),
        propensity=propensity,
    )


def _messages(conversation: Conversation) -> tuple[tuple[Message, ...], list[int]]:
    """What was said, and where each turn of user and assistant stands in it."""
    messages: list[Message] = []
    places: list[int] = []
    for turn in conversation.turns:
        if turn.blank or turn.role == "tool":
            continue
        if turn.role != "system":
            places.append(len(messages))
        messages.append(Message(role=turn.role, content=turn.content))
    return tuple(messages), places


def _propensities(conversation: Conversation) -> dict[int, float]:
    """Turn → the probability that its message was logged with; whatever is no probability is left out."""
    found = {}
    for at, turn in enumerate(conversation.said):
        value: Any = turn.meta.get(PROPENSITY)
        if turn.role == "assistant" and isinstance(value, int | float) and 0 < value <= 1:
            found[at] = float(value)
    return found
