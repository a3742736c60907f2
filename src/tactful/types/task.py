"""Tasks and decision points: what the user really wants, and what a policy may see of it."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field, model_validator

from tactful.types.base import Message, Private, Record


class Requirement(Private):
    """One thing that the user wants, and how it can be found out and checked."""

    id: str
    text: str
    """The requirement as the user would state it."""
    weight: float = Field(gt=0, le=1)
    """Share of the task score in [0, 1]; the weights of a task sum to 1."""
    open: bool
    """True when the wording of this state does not tell it."""
    question: str = ""
    """The question that reveals it (open requirements)."""
    answer: str = ""
    """What the user says when asked (open requirements)."""
    keywords: tuple[str, ...] = ()
    """Text found in the complete wording and in the answer, never in the open wording."""
    tests: tuple[str, ...] = ()
    """Coding: assert statements that hold only when the requirement is met."""
    checks: tuple[str, ...] = ()
    """Planning: case-insensitive regular expressions that must all be found in the plan; a leading `!` negates."""
    step_known: str = ""
    """Planning, offline model: the line of the plan when the requirement is known."""
    step_unknown: str = ""
    """Planning, offline model: the line of the plan when it is not."""


class Hidden(Private):
    """The private side of a state: what the user really wants, and how it is checked."""

    requirements: tuple[Requirement, ...] = ()
    tests: tuple[str, ...] = ()
    """Coding: asserts that no single requirement owns (MBPP: all of them)."""
    setup: str = ""
    """Coding: runs after the solution and before the tests."""
    reference: str = ""
    """A solution that passes everything."""
    uninformed: str = ""
    """What a competent reader of this wording alone would write."""
    plan_opening: str = ""
    """Planning, offline model: the lines that every plan starts with."""


class UserHistory(Record):
    """What this user has shown in this session before the present task. Counts; visible to the policy."""

    tasks: int = 0
    questions: int = 0
    """Questions put to this user."""
    answered: int = 0
    rejected: int = 0

    def __add__(self, later: UserHistory) -> UserHistory:
        counts = type(self).model_fields
        return UserHistory(**{name: getattr(self, name) + getattr(later, name) for name in counts})


class PublicState(Record):
    """A decision point as the policy sees it."""

    id: str
    domain: str
    query: str
    dialogue_turn: int = Field(default=0, ge=0)
    """Finished exchanges (assistant message and user reaction) of this task; 0 at the start."""
    query_clarity: float = Field(ge=0, le=1)
    """1 − p(need) of a reader; 1 = clear, nothing left to ask."""
    need_unknown: str = ""
    """Why the reader did not know whether a question is needed (clarity is then 1); empty: it knew."""
    missing: tuple[str, ...] = ()
    """Kinds of what the reader found missing: goal, constraint, input, context; the likeliest first."""
    task_complexity: float = Field(ge=0, le=1)
    """Estimated from the text; 1 = complex."""
    prev_reject: int = Field(default=0, ge=0)
    """Rejections so far in this task."""
    questions_asked: int = Field(default=0, ge=0)
    answered: int = Field(default=0, ge=0)
    """Questions of this task that the user answered."""
    history: tuple[Message, ...] = ()
    """The messages after the query, oldest first."""
    user: UserHistory = UserHistory()
    group: str = ""
    """The base task, user or session that splits and intervals go by."""
    lang: str = "en"

    @property
    def questions_put(self) -> int:
        """Questions put in this task; a rejection implies one, also where the caller keeps no count."""
        return max(self.questions_asked, self.prev_reject)


class State(PublicState):
    """A decision point with its private side. Policies and prompts get `public()`."""

    query_clarity: float | None = Field(default=None, ge=0, le=1)  # type: ignore[assignment]
    """None until estimated (`calibrate states`)."""
    task_complexity: float | None = Field(default=None, ge=0, le=1)  # type: ignore[assignment]
    source: str = ""
    """`seed:coding`, `mbpp`, or the name of the user's file."""
    wording: Literal["complete", "open", ""] = ""
    """For scoring and reports only; `public()` leaves it out."""
    hidden: Hidden = Hidden()

    @model_validator(mode="before")
    @classmethod
    def _gather_private_keys(cls, row: Any) -> Any:
        """Users may write the keys of `Hidden` (tests, reference, …) beside `query`; they move into `hidden`."""
        if not isinstance(row, dict):
            return row
        flat = {key: row[key] for key in Hidden.model_fields if key in row}
        if not flat:
            return row
        if "hidden" in row:
            raise ValueError(f"has both 'hidden' and {sorted(flat)}; write them in one place")
        rest = {key: value for key, value in row.items() if key not in flat}
        return {**rest, "hidden": flat}

    def public(self, **changes: Any) -> PublicState:
        """What a policy may see. Raises ValueError while clarity or complexity is not estimated."""
        shown = {name: getattr(self, name) for name in PublicState.model_fields}
        return PublicState(**{**shown, **changes})
