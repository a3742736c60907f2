"""A moment as a judge is shown it: the one place where prompts of judging and of training are made.

Everything that comes from a screen is written as JSON, one value per line, so that no text can end its line or forge
another event. The prompt is bounded: long texts are cut in the middle, and of long recordings the latest events are kept.
"""

from __future__ import annotations

import json
from typing import Literal

from tactful.prompts import Rendered, load_prompt
from tactful.text.quoting.lines import as_json, on_one_line, shown_events, visible
from tactful.types import Moment, Record

PROMPT = load_prompt(__file__, "judge", fields={"omitted", "events", "proposal", "history"})
PUBLISHED_PROMPT = load_prompt(__file__, "judge_published", fields={"observations", "proposal"})

Layout = Literal["tactful", "proactivebench"]
"""`tactful`: our prompt. `proactivebench`: the message layout of that benchmark's scripts, with our words."""
PROMPTS = {"tactful": PROMPT, "proactivebench": PUBLISHED_PROMPT}

MAX_CHARS = 24_000
"""Most characters of events in a prompt; the latest are kept."""


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
            observations=visible(indented), proposal=proposal_json(moment.proposal)
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


def proposal_json(proposal: str | None) -> str:
    """The proposal as a JSON string; `null` for silence."""
    return as_json(None if proposal is None else on_one_line(proposal))


def _history(moment: Moment) -> str:
    """What the user did with earlier proposals, as JSON; null when nothing is known."""
    if moment.history is None:
        return "null"
    since = moment.history.since_last_s
    known: dict[str, float] = {"shown": moment.history.shown, "taken": moment.history.accepted}
    if since is not None:
        known["seconds since the last"] = round(since)
    return as_json(known)
