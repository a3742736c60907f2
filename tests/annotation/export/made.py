"""Items of every kind with answers of named annotators, for tests of exports.

`moments(("s1", "code", ["offer"], {"a": ([True], True)}))`: session, event, candidates, annotator → (accepted, help wanted).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from tactful.annotation.types import (
    Adjudication,
    Annotation,
    Answer,
    AskingAnswer,
    FollowUpAnswer,
    Item,
    Proposals,
    ProposalsAnswer,
    RepliesAnswer,
)
from tactful.annotation.votes import Collected
from tactful.types import Event

AT = datetime(2026, 3, 2, 9, tzinfo=UTC)


def answer(accepted: Sequence[bool], wanted: bool | None) -> ProposalsAnswer:
    return ProposalsAnswer(accepted=tuple(accepted), help_wanted=wanted)


def moment(session: str, event: str, candidates: Sequence[str], **more: Any) -> Item:
    shown = Proposals(events=(Event(text=event),), candidates=tuple(candidates))
    return Item(id=f"{session}-{event}", session=session, setting="coding", shown=shown, **more)


def annotation(item: Item, who: str, said: Answer | None, **more: Any) -> Annotation:
    return Annotation(
        id=f"{item.id}/{who}{'-again' if more.get('repeat') else ''}",
        item=item.id,
        kind=item.kind,
        session=item.session,
        setting=item.setting,
        annotator=who,
        answer=said,
        answered_at=AT,
        **more,
    )


def collected(answers: Sequence[tuple[Item, Mapping[str, Answer]]], **more: Any) -> Collected:
    """Items with annotator → answer."""
    return Collected(
        items={item.id: item for item, _ in answers},
        annotations=[annotation(item, who, said) for item, told in answers for who, said in told.items()],
        name="made",
        **more,
    )


def moments(
    *rows: tuple[str, str, Sequence[str], Mapping[str, tuple[Sequence[bool], bool | None]]], **more: Any
) -> Collected:
    return collected(
        [
            (moment(session, event, candidates), {who: answer(*said) for who, said in told.items()})
            for session, event, candidates, told in rows
        ],
        **more,
    )


def of_shown(
    kind: str, session: str, number: int, shown: Any, verdicts: Mapping[str, str]
) -> tuple[Item, dict[str, Answer]]:
    """An item of another kind with annotator → verdict."""
    item = Item(
        id=f"{session}-{number}", session=session, setting="chat", lang="en", shown=shown, source="made"
    )
    made: dict[str, Any] = {
        "replies": lambda said: RepliesAnswer(better=said),
        "follow-up": lambda said: FollowUpAnswer(label=said),
        "asking": lambda said: AskingAnswer(verdict=said),
    }
    return item, {who: made[kind](said) for who, said in verdicts.items()}


def adjudicated(item: Item, said: Answer) -> Adjudication:
    return Adjudication(item=item.id, answer=said, by="boss", at=AT)
