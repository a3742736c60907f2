"""What an audit found, as records: written as JSON, shown on the page, printed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from tactful.audit.types import Subject
from tactful.llm.types import Usage
from tactful.stats import Estimate
from tactful.types import Record

Fault = Literal["needless question", "wrong guess", "ignored constraint", "error"]


class Shared(Record):
    """A share of the log, with its interval over conversations, and over users where the log names them."""

    name: str
    of: str
    """What it is a share of, in words."""
    count: int
    total: int
    by_conversation: Estimate
    by_user: Estimate | None = None


class Slice(Record):
    """The same shares in one part of the log."""

    value: str
    conversations: int
    turns: int
    shares: Mapping[str, Estimate]


class Breakdown(Record):
    """The log by the values of one field."""

    by: str
    rows: tuple[Slice, ...]


class Trend(Record):
    """A share in the later half of the log minus that in the earlier half."""

    name: str
    earlier: float | None
    later: float | None
    change: Estimate


class UserTaste(Record):
    """How one user takes questions."""

    user: str
    questions: int
    """That could be judged."""
    welcome: int
    verdict: Literal["likes them", "minds them", "not clear"]


class Said(Record):
    """One turn of an example."""

    role: Literal["user", "assistant"]
    text: str
    marked: bool = False


class Example(Record):
    """A conversation that shows a fault."""

    conversation: str
    user: str
    turn: int
    why: str
    p: float
    turns: tuple[Said, ...]
    left_out: int
    """Turns of the conversation that are not shown."""


class Examples(Record):
    """The conversations that show one fault best."""

    fault: Fault
    count: int
    """Turns with it in the whole log."""
    shown: tuple[Example, ...]


class Agreement(Record):
    """The audit against other judgements of the same log: ratings, annotations, a prompted judge."""

    what: str
    fault: str
    both: int
    only_audit: int
    only_other: int
    neither: int
    precision: Estimate
    """Share of what the audit names that the other names too."""
    recall: Estimate
    alpha: float | None
    """Krippendorff's; None where it is undefined."""


class Difference(Record):
    """One passage on which the reader and a prompted judge differ."""

    conversation: str
    turn: int
    request: str
    answer: str
    reply: str
    reader: str
    model: str


class Audit(Record):
    """Everything that one audit found."""

    format: Literal["tactful-audit-1"] = "tactful-audit-1"
    logs: tuple[str, ...]
    read: Mapping[str, Any]
    """What was read, skipped and left out."""
    conversations: int
    turns: int
    """Of the assistant that answer a request."""
    users: int
    """0: the log names none."""
    first_week: str = ""
    last_week: str = ""
    headline: str
    paragraph: str
    shares: tuple[Shared, ...]
    outcomes: Mapping[str, int]
    """What became of the assistant's turns; sums to `turns`."""
    figures: Mapping[str, Estimate]
    """The field's metrics, over conversations."""
    figures_by_user: Mapping[str, Estimate] = {}
    reasons: Mapping[str, int]
    subjects: Mapping[Subject, int]
    breakdowns: tuple[Breakdown, ...]
    weeks: tuple[Slice, ...]
    trends: tuple[Trend, ...]
    tastes: tuple[UserTaste, ...]
    examples: tuple[Examples, ...]
    unjudged: Mapping[str, int]
    limits: tuple[str, ...]
    agreements: tuple[Agreement, ...] = ()
    differences: tuple[Difference, ...] = ()
    judged_by: str
    usage: Usage | None = None
    """What the models that were asked have used; None: none was."""
    version: str

    def share(self, name: str) -> Shared:
        """The share of that name."""
        return next(share for share in self.shares if share.name == name)
