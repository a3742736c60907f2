"""Moments and chat-server scripts for the tests of language-model judges and of their training data."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import orjson
from tests.chat_server import Ask

from tactful.data.formats.moments import moment_row
from tactful.reward.reasons.thoughts import FEELINGS
from tactful.types import Event, LabelledMoment, Moment, MomentLabel


def moment(
    events: tuple[str, ...] = ("The user opens budget.ods.", "The user searches 'sum a column'."),
    proposal: str | None = "Insert the SUM formula",
    **changes: object,
) -> Moment:
    seen = tuple(Event(text=text, time=str(1000 + at)) for at, text in enumerate(events))
    return Moment(**{"id": "m1", "session": "s1", "events": seen, "proposal": proposal, **changes})


def labelled(number: int, *, sessions: int = 4) -> LabelledMoment:
    """Number by number through the four categories; two of three are proposals."""
    proposal = None if number % 3 == 0 else f"Offer number {number}"
    return LabelledMoment(
        moment=moment(
            (f"The user works on sheet {number}.",),
            proposal,
            id=f"m{number}",
            session=f"s{number % sessions}",
        ),
        label=MomentLabel(accepted=number % 2 == 0),
    )


def write_items(path: Path, count: int, *, sessions: int = 4) -> Path:
    rows = (moment_row(labelled(number, sessions=sessions)) for number in range(count))
    path.write_bytes(b"".join(orjson.dumps(row) + b"\n" for row in rows))
    return path


def says(judgement: str, thought: str = "I am busy.") -> dict[str, str]:
    return {"thought": thought, "judgement": judgement}


def asked(ask: Ask) -> str:
    """The prompt's own user message; when it is asked again, the last message is another one."""
    return ask.messages[1]["content"]


def feeling(ask: Ask) -> str | None:
    """The category that a `reason.md` prompt tells; None for another prompt."""
    text = asked(ask)
    return next((category for category, words in FEELINGS.items() if f"\n{words}\n" in text), None)


def writer(
    thought: Callable[[str], str] = lambda category: f"I think {category}.",
) -> Callable[[Ask], object]:
    """A model that writes thoughts and checks them honestly: `thought(category)` and a number, read back by the category."""

    def script(ask: Ask) -> object:
        category = feeling(ask)
        if category is not None:
            number = re.findall(r"sheet (\d+)", asked(ask))[0]
            return {"thought": f"{thought(category)} This is my thought number {number}."}
        said = json.loads(asked(ask).splitlines()[1])
        found = next((word for word in FEELINGS if word in said), None)
        verdicts = {None: "unclear", "hit": "accepted", "correct-silence": "accepted"}
        return {"judgement": verdicts.get(found, "rejected")}

    return script
