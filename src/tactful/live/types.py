"""What is decided on a turn, what came of it, and what is known of a user."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Literal, Self

from pydantic import ConfigDict, Field

from tactful.mend.types import Outcome
from tactful.types import Decision, Record, Written

Mode = Literal["shadow", "advise", "act"]
"""`shadow`: decide and log, change nothing. `advise`: tell the assistant, which may do otherwise. `act`: also veto what
goes against the decision, where an interface lets us (an ask tool, a hook)."""
Choice = Literal["answer", "ask"]
QUESTION_OUTCOMES: frozenset[Outcome] = frozenset({"welcome", "needless", "rejected", "left"})
"""What can come of a question alone."""


class Described(Record):
    """What stands under a field stands in the schema too, for whoever reads it over HTTP."""

    model_config = ConfigDict(use_attribute_docstrings=True)


class SuggestedQuestion(Described):
    """A question that could be put, and what to assume where nobody answers."""

    text: str
    options: tuple[str, ...] = ()
    default: str = ""
    """What to assume and say where it is not asked or not answered."""


class Advice(Decision, Written, Described):
    """What an `Advisor` decided on one turn, and why. A `Decision` with the rest of what a caller needs."""

    row_kind = "advice"

    id: str
    at: datetime
    conversation: str
    turn: int = Field(ge=0)
    """Place of the request among the turns of user and assistant that came with it, from 0."""
    user: str = ""
    """A hash of the caller's name for them; empty: nobody said."""
    mode: Mode
    treated: bool
    """Whether the assistant was to be told: not in shadow, outside the share of traffic, with the kill switch on or after a
    failure."""
    choice: Choice
    behaviour: str = ""
    """What the assistant is told, as a fact; empty: nothing."""
    need: float | None = Field(default=None, ge=0, le=1)
    """Probability that answering at once would go against what the person wanted; None: not known, see `need_unknown`."""
    need_unknown: str = ""
    missing: tuple[str, ...] = ()
    """Kinds of what is missing, the likeliest first."""
    question: SuggestedQuestion | None = None
    """Where `choice` is `ask`."""
    reason: str = ""
    propensity: float | None = Field(default=None, gt=0, le=1)
    """Probability with which this choice was made, given what was seen; None where the policy does not draw."""
    explored: bool = False
    """The draw decided otherwise than the best guess would have."""
    rejects: float | None = Field(default=None, ge=0, le=1)
    """P(this user rejects a needed question), as it was reckoned with."""
    failed: str = ""
    """Why there is no decision (error, timeout): `choice` is then `answer` and nothing is told; empty: there is one."""
    took_ms: float = Field(default=0.0, ge=0)
    policy: str = ""
    reader: str = ""

    def untold(self) -> Self:
        """The same, of an assistant that is not told."""
        return self.model_copy(update={"treated": False, "behaviour": ""})


class Observation(Written, Described):
    """What came of one turn: a person's next message as it was read, or what an interface told."""

    row_kind = "observations"

    advice: str
    """The id of the advice."""
    at: datetime
    conversation: str
    user: str = ""
    asked: bool
    """Whether the assistant did ask, whatever was advised."""
    outcome: Outcome
    complaint: float | None = Field(default=None, ge=0, le=1)
    how: Literal["read", "told"]
    """`read`: judged from the next message; `told`: by a button, an ask tool or a hook."""
    subject: str = ""
    """Of a complaint; of a needless question, why it was."""


class Spell(Record):
    """What a user did since they last changed, if that was then. See `learning/patience.py`."""

    weight: float = Field(ge=0, le=1)
    """How likely it is that they changed just then, and not since; over all spells they sum to 1."""
    no: float = Field(ge=0)
    yes: float = Field(ge=0)


class Counted(Record):
    """Reactions of one user to one thing."""

    no: float = Field(default=0.0, ge=0)
    """Questions rejected or left; offers dismissed: all that were seen."""
    yes: float = Field(default=0.0, ge=0)
    """Questions answered; offers accepted."""
    spells: tuple[Spell, ...] = ()
    at: datetime | None = None
    """Of the last reaction."""


class Taste(Record):
    """What one user has shown."""

    user: str
    questions: Counted = Counted()
    offers: Mapping[str, Counted] = {}
    """By kind of offer."""
    seen: int = 0
    """Turns observed, of all kinds."""
    streak: float = Field(default=0.0, ge=0)
    """Questions rejected in a row, up to now; a mild rejection counts less than one."""
    recent: tuple[float, ...] = ()
    """The last questions, the latest last: how far the reaction to each says that this user rejects needed ones, in [0, 1]."""
