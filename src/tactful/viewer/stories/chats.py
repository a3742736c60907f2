"""Logs of chats: judged answers, logged decisions, predicted and synthesized utterances."""

from __future__ import annotations

from collections.abc import Iterator

from tactful.viewer.stories.beats import Beat, Compared, Option, Options, Said, TurnAt
from tactful.viewer.stories.plain import messages
from tactful.viewer.strips.plain import Row, number, part, parts, texts, words

_VIEWS = ("mining", "exploration")


def judged_turn_beats(row: Row) -> Iterator[Beat]:
    """Request, answer, what the user said next, and what that says about the answer."""
    turn = part(row, "turn")
    yield Said(role="user", text=words(turn.get("q_t")))
    yield Said(role="assistant", text=words(turn.get("a_t")))
    if later := words(turn.get("user_next")):
        yield Said(role="user", text=later, note="next")
    yield TurnAt(turn=0)


def talk_beats(row: Row) -> Iterator[Beat]:
    """The conversation, with each logged decision before the message that it led to."""
    at = {logged.get("turn"): turn for turn, logged in enumerate(parts(row, "turns"))}
    for place, message in enumerate(messages(row, "messages")):
        if place in at:
            yield TurnAt(turn=at.pop(place))
        yield message
    yield from (TurnAt(turn=turn) for turn in at.values())


def replayed_beats(row: Row) -> Iterator[Beat]:
    """The request, what the log's assistant said, and the user's next message."""
    if request := words(row.get("request")):
        yield Said(role="user", text=request)
    yield TurnAt(turn=0)
    yield Said(role="assistant", text=words(row.get("answer")))
    if reply := words(row.get("reply")):
        yield Said(role="user", text=reply, note="next")


def prediction_beats(row: Row) -> Iterator[Beat]:
    """The dialogue so far, the predictions, and what really came."""
    yield from messages(row, "context")
    yield TurnAt(turn=0)
    predicted = texts(row, "predictions")
    tags = [(view,) if view else () for view in texts(row, "views")] + [()] * len(predicted)
    yield Options(
        name="predictions",
        options=tuple(Option(text=one, tags=tag) for one, tag in zip(predicted, tags, strict=False)),
    )
    yield from _came(part(row, "hindsight"))


def utterance_beats(row: Row) -> Iterator[Beat]:
    """The dialogue so far, what really came, and the two sides with what each predicted from which insight."""
    yield from messages(row, "context")
    yield TurnAt(turn=0)
    yield from _came(part(row, "gold"))
    sides = [part(row, side) for side in ("chosen", "rejected")]
    for name, side in zip(("chosen", "rejected"), sides, strict=True):
        if options := tuple(_predicted(side)):
            yield Options(name=name, options=options)
    if sides[1]:
        chosen, rejected = ("\n".join(_reasoned(side)) for side in sides)
        yield Compared(chosen=chosen, rejected=rejected)


def _came(gold: Row) -> Iterator[Beat]:
    if message := words(gold.get("message")):
        yield Said(role="user", text=message, note="came")


def _predicted(side: Row) -> Iterator[Option]:
    scores = iter(parts(side, "scores"))
    for view in _VIEWS:
        for text in texts(part(part(side, "insight"), view), "predictions"):
            yield Option(text=text, tags=(view,), score=number(next(scores, {}).get("score")))


def _reasoned(side: Row) -> Iterator[str]:
    yield words(side.get("category"))
    for view in _VIEWS:
        told = part(part(side, "insight"), view)
        yield f"{view}: {words(told.get('reasoning'))}"
        for path in parts(told, "paths"):
            yield " → ".join(
                filter(None, (words(path.get(name)) for name in ("topic", "attribute", "value")))
            )
        yield from texts(told, "predictions")
