"""What a turn is about, in the words of its record; of an audit's findings, in those of the log that was audited."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from tactful.audit.turns import passages
from tactful.audit.types import Passage
from tactful.data.logs import Log, LogOptions
from tactful.errors import TactfulError
from tactful.viewer.stories.beats import Happened, Said, TurnAt
from tactful.viewer.stories.kinds import story_of

_AUDIT = "audit.json"
_EVENTS = 3
Place = tuple[str, int]
"""(conversation, turn) of a finding."""


def request_at(row: Any, turn: int) -> str:
    """What stood before the assistant at this turn: the user's last words, or the last events; empty: not in the record."""
    said, happened = "", []
    for beat in story_of(row).beats:
        if isinstance(beat, TurnAt) and beat.turn == turn:
            break
        if isinstance(beat, Said) and beat.role == "user":
            said = beat.text
        elif isinstance(beat, Happened):
            happened.append(beat.text)
    return said or "\n".join(happened[-_EVENTS:])


def place_of(row: Any) -> Place | None:
    """Where in its log a finding was made; None for another row."""
    if not isinstance(row, Mapping):
        return None
    conversation, turn = row.get("conversation"), row.get("turn")
    if isinstance(conversation, str) and isinstance(turn, int):
        return conversation, turn
    return None


def audited(findings: Path) -> tuple[Path, ...]:
    """The logs that the audit in whose folder these findings lie was made of; none where it does not say, they are gone, or
    are none: the folder may come from somebody else."""
    try:
        told = json.loads((findings.parent / _AUDIT).read_bytes())
        named = [Path(path) for path in told["logs"]]
    except (OSError, ValueError, LookupError, TypeError, RecursionError):
        return ()
    around = findings.resolve().parents
    sound = (path.is_file() or (path.is_dir() and path.resolve() not in around) for path in named)
    return tuple(named) if all(sound) else ()


def passages_at(logs: Iterable[Path], places: Iterable[Place]) -> dict[Place, Passage]:
    """The passages of logs at these places. What cannot be read is left out: the log may have changed since."""
    wanted, found = set(places), dict[Place, Passage]()
    names = {conversation for conversation, _ in wanted}
    try:
        for conversation in Log(list(logs), LogOptions()) if wanted else ():
            if conversation.id not in names:
                continue
            for passage in passages(conversation):
                if (place := (passage.conversation, passage.turn)) in wanted:
                    found[place] = passage
            if len(found) == len(wanted):
                break
    except (TactfulError, OSError):
        pass
    return found
