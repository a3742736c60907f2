"""Items and annotations for the tests of agreement: one call states what matters."""

from __future__ import annotations

from datetime import UTC, datetime

from tactful.annotation.types import (
    Annotation,
    Asking,
    AskingAnswer,
    FollowUp,
    FollowUpAnswer,
    Item,
    Proposals,
    ProposalsAnswer,
)
from tactful.annotation.votes import Collected
from tactful.types import Event, Label, Message

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def proposals(accepted, wanted=True):
    return ProposalsAnswer(accepted=tuple(accepted), help_wanted=wanted)


def asking(verdict):
    return AskingAnswer(verdict=verdict)


def follow_up(label):
    return FollowUpAnswer(label=Label(label))


def item(id, answer, *, session="s", setting="", gold=None):
    """The item that `answer` is an answer of."""
    if answer.kind == "proposals":
        shown = Proposals(
            events=(Event(text="types"),),
            candidates=tuple(f"help {at}" for at in range(len(answer.accepted))),
        )
    elif answer.kind == "asking":
        shown = Asking(messages=(Message(role="user", content="Book it."),))
    else:
        shown = FollowUp(request="q", answer="a", next="n")
    return Item(id=id, session=session, setting=setting, shown=shown, gold=gold)


def collected(rows, *, gold=(), **more):
    """From (item, session, setting, annotator, answer, changes) each; `changes` go into the annotation."""
    items, annotations = {}, []
    for number, (id, session, setting, annotator, answer, *changes) in enumerate(rows):
        known = dict(gold).get(id)
        if answer is not None:
            items.setdefault(id, item(id, answer, session=session, setting=setting, gold=known))
        annotations.append(
            Annotation(
                id=f"a{number}",
                item=id,
                kind=items[id].kind,
                session=session,
                setting=setting,
                annotator=annotator,
                answer=answer,
                answered_at=NOW,
                gold=known is not None,
                **(changes[0] if changes else {}),
            )
        )
    return Collected(items=items, annotations=annotations, name="made", **more)
