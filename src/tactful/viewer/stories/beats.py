"""The pieces of a story. Every text in them is foreign: pages show it as text and nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from tactful.types import Record

Role = Literal["user", "assistant", "system", "other"]


class Said(Record):
    """A message."""

    beat: Literal["said"] = "said"
    role: Role
    text: str
    note: str = ""
    """Key of a word below `view.notes`: what is special about it."""
    new: bool = True
    """Not already known from the turns before."""


class Happened(Record):
    """An event of a timeline."""

    beat: Literal["happened"] = "happened"
    at: str
    text: str


class TurnAt(Record):
    """Here the policy decided: the strip of this turn belongs here."""

    beat: Literal["turn"] = "turn"
    turn: int
    depth: int = 0
    """Of a tree: how many turns came before it."""
    path: str = ""
    """Of a tree: the actions that led here."""


class Told(Record):
    """A text with a name: the goal, the theme, who the user is."""

    beat: Literal["told"] = "told"
    name: str
    """Key of a word below `view.told`."""
    text: str


class Option(Record):
    """One of several candidates."""

    text: str
    tags: tuple[str, ...] = ()
    score: float | None = None


class Options(Record):
    """Candidates beside each other."""

    beat: Literal["options"] = "options"
    name: str
    options: tuple[Option, ...]


class Compared(Record):
    """Chosen and rejected."""

    beat: Literal["compared"] = "compared"
    chosen: str
    rejected: str


Beat = Said | Happened | TurnAt | Told | Options | Compared


class Story(Record):
    """One output of a record."""

    kind: str
    """As `tactful data check` names it; empty: none that we know."""
    id: str = ""
    beats: tuple[Beat, ...] = ()
    private: Mapping[str, Any] = {}
    """What no policy may see."""
    rest: Any = None
    """What the beats do not say, as JSON; None: nothing is left."""
    provenance: Mapping[str, Any] = {}
