"""What the viewer's pages are made of: rows of runs, pages of records, strips of turns, and how far the index has got."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal, get_args

from pydantic import Field

from tactful.types import Record

Did = Literal["asked", "answered", "offered", "silent"]
DIDS: tuple[Did, ...] = get_args(Did)
Scalar = bool | int | float | str
FieldType = Literal["yes/no", "number", "text"]
Standing = Literal["going", "done", "stopped", "damaged"]


# ---------------------------------------------------------------- runs


class RunRow(Record):
    """One run folder in a list."""

    name: str
    """Its path below the folder that is looked at."""
    path: str
    command: str = ""
    """Noun and verb."""
    standing: Standing
    problem: str = ""
    """Why it stopped; of a damaged one, what is wrong with it."""
    started_at: str = ""
    """ISO 8601, UTC."""
    read: int = 0
    done: int = 0
    failed: int = 0
    skipped: int = 0
    unscored: int = 0
    calls: int = 0
    tokens: int = 0
    cost_usd: float | None = None
    """None: a price is not known."""
    models: tuple[str, ...] = ()
    offline: bool = False
    """A rehearsal: no language model spoke."""
    figures: Mapping[str, float] = {}
    """The first numbers of `summary.json`, where the run has one."""


class Listed(Record):
    """A run, or a JSONL file, in a list of what can be looked at."""

    key: str
    """Names it in the address of a page."""
    name: str
    """Its path below the folder that is looked at."""
    path: str
    run: RunRow | None = None
    """None: a file."""
    size: int = 0
    """Of a file, bytes."""
    changed_at: datetime | None = None


# ---------------------------------------------------------------- turns


class Other(Record):
    """What another branch got at the same decision point: the road not taken."""

    action: str = ""
    did: Did | None = None
    said: str = ""
    reward: float | None = None
    task_score: float | None = None
    interruption_cost: float | None = None
    outcome: str = ""
    id: str = ""
    """Of the trajectory or candidate; empty: it has none of its own."""


class Strip(Record):
    """One turn: what the policy did, how sure it was, and what came of it. None and empty: the record does not say."""

    line: int = 0
    """Among the outputs of its record, from 0."""
    turn: int = 0
    """Among the decision points of its line, from 0."""
    id: str = ""
    """Of the trajectory, episode, exchange or moment."""
    did: Did | None = None
    action: str = ""
    """By the name in its action space."""
    p: float | None = None
    """Probability that decided: of acceptance, of need, of the action; `p_of` says which."""
    p_of: str = ""
    threshold: float | None = None
    reason: str = ""
    said: str = ""
    reply: str = ""
    outcome: str = ""
    """What came of it, in one word: accepted, rejected, ignored, a label, …"""
    needed: bool | None = None
    """Whether asking was needed, or help was wanted."""
    reward: float | None = None
    task_score: float | None = None
    interruption_cost: float | None = None
    parent: str = ""
    """Id of the mainline that this trajectory branches from."""
    branched: bool = False
    """This is the turn at which it does."""
    others: tuple[Other, ...] = ()
    """As far as the record itself tells; `View.record` adds those of other records."""
    facts: Mapping[str, Scalar] = {}
    """What else filters may ask for."""

    def all_facts(self) -> dict[str, Scalar]:
        """Name → value of everything that is known of this turn."""
        found: dict[str, Scalar] = {**self.facts, "turn": self.turn}
        if self.id:
            found["turn_id"] = self.id
        if self.did is not None:
            found |= {did: self.did == did for did in DIDS}
        found |= {name: value for name in _NUMBERS if (value := getattr(self, name)) is not None}
        found |= {name: value for name in _TEXTS if (value := getattr(self, name))}
        if self.branched:
            found["branched"] = True
        rewards = [other.reward for other in self.others if other.reward is not None]
        if rewards:
            found["other_reward"] = max(rewards)
        return found


_NUMBERS = ("p", "threshold", "needed", "reward", "task_score", "interruption_cost")
_TEXTS = ("action", "reason", "outcome", "parent")
"""What was said is found by its words; as a fact it would double the index."""


class Fact(Record):
    """A name that filters and sorting know, with the types of its values in this run."""

    name: str
    types: tuple[FieldType, ...]


# ---------------------------------------------------------------- records


class Query(Record):
    """Which records, in which order, and which page of them."""

    text: str = ""
    """Words that the record holds, each also as the beginning of a longer one; `"in quotes"` a phrase."""
    filter: str = ""
    """An expression over facts: `asked and not needed`."""
    state: Literal["", "done", "failed", "skipped"] = ""
    stage: str = ""
    error: str = ""
    unscored: bool = False
    """Only those that could not be judged."""
    sort: str = "order"
    """`order` of the input, `id`, `state`, `cost`, `elapsed`, `tokens`, or the name of a fact."""
    descending: bool = False
    offset: int = Field(default=0, ge=0)
    limit: int = Field(default=50, ge=1, le=1000)


class Progress(Record):
    """How far the index has got."""

    indexed: int
    total: int
    problem: str = ""
    """Why it cannot go on; pages without search and filter work all the same."""

    @property
    def complete(self) -> bool:
        """Everything that is stored can be found."""
        return self.indexed >= self.total and not self.problem


class Tally(Record):
    """How many turns a filter holds for."""

    filter: str
    turns: int = 0
    averages: Mapping[str, float] = {}
    """Over those turns of which the fact is known."""


class Mark(Record):
    """One turn in a list of records: what was done, as far as the record says."""

    line: int
    turn: int
    did: Did | None
    needed: bool | None
    reward: float | None
    outcome: str = ""


class Line(Record):
    """One record in a list."""

    ordinal: int
    """Place in the input, from 0; of a file, its line from 0."""
    id: str
    state: Literal["done", "failed", "skipped", "damaged"]
    outputs: int = 0
    unscored: bool = False
    stage: str = ""
    error: str = ""
    reason: str = ""
    cost_usd: float | None = None
    tokens: int = 0
    elapsed_s: float = 0.0
    preview: str = ""
    """How its text begins, or where the words were found."""
    matches: tuple[tuple[int, int], ...] = ()
    """(line, turn) of the turns that a filter holds for; empty without a filter."""
    marks: tuple[Mark, ...] = ()
    """Its turns in short; the first ones where they are many."""


class Page(Record):
    """Some records, and how many there are."""

    lines: tuple[Line, ...]
    total: int
    """Records that match, as far as the index has got."""
    progress: Progress | None = None
    """Of searches and filters: how far they reach; None where everything stored is covered."""


class Shown(Record):
    """One record with everything in it. Private parts are shown: the viewer is for whoever made the run."""

    line: Line
    outputs: tuple[Any, ...] = ()
    """The JSON objects that it became."""
    strips: tuple[Strip, ...] = ()
    detail: str = ""
    """Of a failure: where it came from."""
    attempts: int = 1
    raw: tuple[str, ...] = ()
    """`file:line` of each output; empty while `records.jsonl` is not written."""
