"""Follow-ups, asking and replies as rows for training: labelled turns, labelled requests, preference pairs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from tactful.annotation.export.aggregate import Told
from tactful.annotation.export.units import Unit, units_of
from tactful.annotation.types import Asking, FollowUp, Item, Kind, Question, Replies
from tactful.annotation.votes import Collected
from tactful.text.sameness import as_read
from tactful.types import Message, plain

Row = dict[str, Any]
EITHER, ODD, SAME = "either is right", "does not end with the user", "two equal replies"
"""Why a row whose votes were kept cannot be one."""


class Asked(NamedTuple):
    """What was asked of items of a kind, and what makes a row of an answer."""

    kind: Kind
    question: Question
    row: Callable[[Item, Told], Row | str]
    """The row, or why there is none."""


def asked_of(collected: Collected, asked: Asked) -> list[tuple[Item, Unit]]:
    """The items of the kind with their votes, in order."""
    found = ((item, units.get(("", asked.question))) for item, units in units_of(collected, asked.kind))
    return [(item, unit) for item, unit in found if unit is not None]


def turn_row(item: Item, told: Told) -> Row:
    """A labelled turn, as `feedback train` and `feedback evaluate` read it; labels that the rule gives a share are tolerable."""
    shown = item.shown
    assert isinstance(shown, FollowUp)
    said = [
        *shown.context,
        Message(role="user", content=shown.request),
        Message(role="assistant", content=shown.answer),
    ]
    return {
        "id": item.id,
        "dialogue_id": item.session,
        **_known(item),
        "conversation": plain(said),
        "user_next": shown.next,
        "label7": told.value,
        "accept": sorted(
            str(value) for value, share in told.shares.items() if value != told.value and share >= 0.2
        ),
    }


def request_row(item: Item, told: Told) -> Row | str:
    """A labelled request, as `reader train` and `reader calibrate` read it: open where the assistant should have asked."""
    shown = item.shown
    assert isinstance(shown, Asking)
    if told.value == "either":
        return EITHER
    if shown.messages[-1].role != "user":
        return ODD
    return {
        "id": item.id,
        "group": item.session,
        "lang": item.lang,
        "domain": item.setting or "own",
        "context": plain(shown.messages[:-1]),
        "text": shown.messages[-1].content,
        "label": "open" if told.value == "ask" else "complete",
    }


def pair_row(item: Item, told: Told) -> Row | str:
    """A preference pair in TRL's columns; weight and margin are how far the better reply leads, in (0, 1]."""
    shown = item.shown
    assert isinstance(shown, Replies)
    if told.value == "tie":
        return EITHER
    if as_read(shown.first) == as_read(shown.second):
        return SAME
    better, worse = (shown.first, shown.second) if told.value == "first" else (shown.second, shown.first)
    lead = abs(told.share("first") - told.share("second"))
    return {
        "prompt": plain(shown.messages),
        "chosen": [{"role": "assistant", "content": better}],
        "rejected": [{"role": "assistant", "content": worse}],
        "weight": round(lead, 6),
        "margin": round(lead, 6),
    }


ASKED = {
    "feedback": Asked("follow-up", "label", turn_row),
    "states": Asked("asking", "verdict", request_row),
    "pairs": Asked("replies", "better", pair_row),
}
"""Form → what its rows are made of."""


def _known(item: Item) -> Row:
    """Source and language, where they are known; a reader of logs finds them otherwise."""
    turn = item.origin.get("turn")
    source = turn.get("source") if isinstance(turn, Mapping) else None
    return {key: value for key, value in (("source", source or item.source), ("lang", item.lang)) if value}
