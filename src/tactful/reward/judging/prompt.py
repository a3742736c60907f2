"""A moment as a judge is shown it: the one place where prompts of judging and of training are made.

Everything that comes from a screen is written as JSON, one value per line, so that no text can end its line or forge
another event. The prompt is bounded: long texts are cut in the middle, and of long recordings the latest events are kept.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any, Literal

from tactful.prompts import Rendered, load_prompt
from tactful.text.shorten import shortened
from tactful.types import Event, Moment, Record

PROMPT = load_prompt(__file__, "judge", fields={"omitted", "events", "proposal", "history"})
PUBLISHED_PROMPT = load_prompt(__file__, "judge_published", fields={"observations", "proposal"})

Layout = Literal["tactful", "proactivebench"]
"""`tactful`: our prompt. `proactivebench`: the message layout of that benchmark's scripts, with our words."""
PROMPTS = {"tactful": PROMPT, "proactivebench": PUBLISHED_PROMPT}

MAX_CHARS = 24_000
"""Most characters of events in a prompt; the latest are kept."""
MAX_TEXT = 2_000
"""Longest single event or proposal; of a longer one, the middle is left out and the gap is marked."""

_ODD = re.compile("[\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]")
"""Control, direction and invisible characters, and lone surrogates: shown by their escapes, or they could mislead."""


class AcceptanceVerdict(Record):
    """A judge's reply. The names are those of ProactiveBench's format."""

    thought: str
    judgement: Literal["accepted", "rejected"]


def judge_prompt(moment: Moment, *, layout: Layout = "tactful", max_chars: int = MAX_CHARS) -> Rendered:
    """The prompt as sent and as trained on: the moment, and no label, session, user or id."""
    if layout == "proactivebench":
        rows, _ = shown_events(moment.events, max_chars)
        indented = json.dumps(rows, ensure_ascii=False, indent=4).replace("\n", "\n    ")
        return PUBLISHED_PROMPT.render(
            observations=_ODD.sub(_escape, indented), proposal=proposal_json(moment.proposal)
        )
    return PROMPT.render(**event_fields(moment, max_chars), history=_history(moment))


def event_fields(moment: Moment, max_chars: int = MAX_CHARS) -> dict[str, str]:
    """`omitted`, `events` and `proposal` of a prompt: JSON, one value per line."""
    rows, left_out = shown_events(moment.events, max_chars)
    return {
        "omitted": f"({left_out} earlier events are left out)\n" if left_out else "",
        "events": "\n".join(as_json(row) for row in rows),
        "proposal": proposal_json(moment.proposal),
    }


def shown_events(events: Sequence[Event], max_chars: int) -> tuple[list[dict[str, str]], int]:
    """(time and text of the latest events that fit in `max_chars`, how many earlier ones do not); the last always fits."""
    kept: list[dict[str, str]] = []
    room = max_chars
    for event in reversed(events):
        row = {"time": _on_one_line(event.time, 100), "event": _on_one_line(event.text, MAX_TEXT)}
        room -= len(row["time"]) + len(row["event"])
        if kept and room < 0:
            break
        kept.append(row)
    return kept[::-1], len(events) - len(kept)


def proposal_json(proposal: str | None) -> str:
    """The proposal as a JSON string; `null` for silence."""
    return as_json(None if proposal is None else _on_one_line(proposal, MAX_TEXT))


def _on_one_line(text: str, most: int) -> str:
    return shortened(text, most, joint=" ")


def as_json(value: Any) -> str:
    """One line of JSON in which nothing is invisible."""
    return _ODD.sub(_escape, json.dumps(value, ensure_ascii=False))


def _escape(match: re.Match[str]) -> str:
    return f"\\u{ord(match[0]):04x}"


def _history(moment: Moment) -> str:
    """What the user did with earlier proposals, as JSON; null when nothing is known."""
    if moment.history is None:
        return "null"
    since = moment.history.since_last_s
    known: dict[str, float] = {"shown": moment.history.shown, "taken": moment.history.accepted}
    if since is not None:
        known["seconds since the last"] = round(since)
    return as_json(known)
