"""The three questions: their prompts with the texts of others fenced in, and the types of their replies."""

from __future__ import annotations

import json
from statistics import fmean
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, WithJsonSchema

from tactful.llm.replies.percent import Percent
from tactful.prompts import Rendered, load_prompt
from tactful.reading.types import Exchange, Request
from tactful.text.quoting.fence import mark_for
from tactful.text.quoting.shorten import shortened
from tactful.types import Gap, Label, Moment, Record

NEED = load_prompt(__file__, "need", fields={"mark", "before", "request"})
REACTION = load_prompt(__file__, "reaction", fields={"mark", "query", "answer", "next_message"})
OFFER = load_prompt(__file__, "offer", fields={"mark", "events", "history", "offer"})

MAX_CHARS = 12_000
"""Longest text that is sent whole; halved where the model's context is too short."""
_MOST_EVENTS = 40
_NOTHING = "(there are none)"

SAYS: dict[str, Label] = {
    "repeats": Label.NEG_CONSTRAINT_RESTATE,
    "corrects": Label.NEG_CORRECTION,
    "lost": Label.NEG_CONFUSION,
    "praises": Label.POS_PRAISE,
    "builds": Label.POS_PROGRESS,
    "neutral": Label.NEUTRAL,
    "shifts": Label.TOPIC_SHIFT,
}
"""Word of the prompt → label. Their first letters differ, so that one token tells which was meant."""


def _percent(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 100:
        raise ValueError("expected a whole number of percent from 0 to 100")
    if value > 1 and value != int(value):
        raise ValueError("expected a whole number of percent")
    return float(value)


Chance = Annotated[
    float, BeforeValidator(_percent), WithJsonSchema({"type": "integer", "minimum": 0, "maximum": 100})
]
"""As stated, 0 to 100. Here one percent is often meant: `1` beside a "no" is 1%, beside a "yes" the share 1.0."""


def _both(yes: bool, chance: float) -> float:
    """The mean of a verdict, as 0 or 1, and of the chance stated beside it."""
    share = chance if chance < 1 or (chance == 1 and yes) else chance / 100
    return fmean((yes, share))


class MissingThing(Record):
    """One thing that the request leaves open."""

    what: str
    kind: Gap
    critical: bool


class NeedReply(Record):
    """Does the request need a question?"""

    missing: tuple[MissingThing, ...]
    default_in_place: str
    default_would_do: bool
    verdict: Literal["ask", "answer"]
    chance_of_ask: Chance

    @property
    def share(self) -> float:
        """What this draw counts for asking, in [0, 1]."""
        return _both(self.verdict == "ask", self.chance_of_ask)


class ReactionReply(Record):
    """What does the next message say about the answer?"""

    why: str
    says: Literal["repeats", "corrects", "lost", "praises", "builds", "neutral", "shifts"]
    chance: Percent


class OfferReply(Record):
    """Would it be welcome now?"""

    why: str
    verdict: Literal["welcome", "unwelcome"]
    chance_of_welcome: Chance

    @property
    def share(self) -> float:
        """What this draw counts for welcome, in [0, 1]."""
        return _both(self.verdict == "welcome", self.chance_of_welcome)


def need_prompt(request: Request, max_chars: int = MAX_CHARS) -> Rendered:
    """The request and the turns before it; equal texts give equal prompts."""
    return NEED.render(**shown_request(request, max_chars))


def shown_request(request: Request, max_chars: int = MAX_CHARS) -> dict[str, str]:
    """`before` and `request`, long texts cut in the middle, and the `mark` that fences them."""
    turns = "\n".join(f"{turn.role.capitalize()}: {turn.content}" for turn in request.context)
    before, text = shortened(turns, max_chars) or _NOTHING, shortened(request.text, max_chars)
    return {"mark": mark_for((before, text)), "before": before, "request": text}


def reaction_prompt(exchange: Exchange, max_chars: int = MAX_CHARS) -> Rendered:
    """What was asked, answered and said next."""
    query, answer, said = (
        shortened(text, max_chars) for text in (exchange.query, exchange.answer, exchange.next)
    )
    mark = mark_for((query, answer, said))
    return REACTION.render(mark=mark, query=query or _NOTHING, answer=answer or _NOTHING, next_message=said)


def offer_prompt(moment: Moment, max_chars: int = MAX_CHARS) -> Rendered:
    """The latest events, what became of earlier offers, and the offer."""
    shown = shown_moment(moment, max_chars)
    return OFFER.render(mark=mark_for(tuple(shown.values())), **shown)


def shown_moment(moment: Moment, max_chars: int = MAX_CHARS) -> dict[str, str]:
    """`events`, `history` and `offer` of a moment: JSON, one value a line, long texts cut in the middle."""
    most = max(200, max_chars // _MOST_EVENTS)
    events = "\n".join(
        _line({"time": event.time, "event": shortened(event.text, most, joint=" ")})
        for event in moment.events[-_MOST_EVENTS:]
    )
    past = moment.history
    return {
        "events": events,
        "history": "(nothing is known)"
        if past is None
        else _line({"shown": past.shown, "taken": past.accepted}),
        "offer": _line(None if moment.proposal is None else shortened(moment.proposal, max_chars, joint=" ")),
    }


def _line(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)
