"""Which questions our readers can answer, and how a question is known to be one of them.

By its `name`, or by instructions that are word for word ours (blanks aside), which `GET /v1/decisions` gives out. What a
question of another wording means is never guessed: it is refused.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Literal, get_args

from tactful.live.types import Described
from tactful.prompts import load_prompt
from tactful.reading.decisions.reader import (
    CRITICAL,
    GAP,
    GAP_MEANINGS,
    NEED,
    OFFER,
    REACTION,
    instructions_of,
)
from tactful.types import NEGATIVE, Label

Reads = Literal["request", "exchange", "moment"]
Form = Literal["predicate", "choice", "score"]
FORMS: tuple[Form, ...] = get_args(Form)
COMPLAINT = load_prompt(__file__, "complaint", fields=set())
NEEDLESS = load_prompt(__file__, "needless_question", fields=set())


class KnownQuestion(Described):
    """A question that can be answered."""

    name: str
    about: str
    reads: Reads
    """Of the input: the user's last message with the turns before it; that message and the answer before it; a moment of work
    with an offer."""
    forms: tuple[Form, ...]
    """As which types it can be asked."""
    instructions: str
    """Our wording: a question that has it needs no name."""


_REQUEST, _EXCHANGE, _MOMENT = get_args(Reads)
NEEDS, NEEDLESS_QUESTION, CRITICAL_GAP = (
    "tactful.needs_question",
    "tactful.needless_question",
    "tactful.critical",
)
MISSING = "tactful.missing."
COMPLAINS, REACTS, ACCEPTS = "tactful.complaint", "tactful.reaction", "tactful.accepts"

QUESTIONS: tuple[KnownQuestion, ...] = (
    KnownQuestion(
        name=NEEDS,
        about="answering the last user message at once would go against what the person wanted, and no stated default would do",
        reads=_REQUEST,
        forms=FORMS,
        instructions=instructions_of(NEED),
    ),
    KnownQuestion(
        name=NEEDLESS_QUESTION,
        about="the opposite: a question about the last user message would be needless",
        reads=_REQUEST,
        forms=FORMS,
        instructions=instructions_of(NEEDLESS),
    ),
    KnownQuestion(
        name=CRITICAL_GAP,
        about="what is missing decides the outcome; refused where nothing is missing",
        reads=_REQUEST,
        forms=FORMS,
        instructions=instructions_of(CRITICAL),
    ),
    *(
        KnownQuestion(
            name=f"{MISSING}{kind}",
            about=f"the last user message leaves open {meaning}",
            reads=_REQUEST,
            forms=FORMS,
            instructions=instructions_of(GAP, meaning=meaning),
        )
        for kind, meaning in GAP_MEANINGS.items()
    ),
    KnownQuestion(
        name=COMPLAINS,
        about="the last user message complains about the answer before it",
        reads=_EXCHANGE,
        forms=FORMS,
        instructions=instructions_of(COMPLAINT),
    ),
    KnownQuestion(
        name=REACTS,
        about="what the last user message says about the answer before it: a choice among the labels or their groups, "
        "or a score of three levels from complaint to approval",
        reads=_EXCHANGE,
        forms=("choice", "score"),
        instructions=instructions_of(REACTION),
    ),
    KnownQuestion(
        name=ACCEPTS,
        about="this person would welcome this offer, or silence, at this moment of their work",
        reads=_MOMENT,
        forms=FORMS,
        instructions=instructions_of(OFFER),
    ),
)
GROUPS: Mapping[str, frozenset[Label]] = {
    "complaint": NEGATIVE,
    "other": frozenset({Label.NEUTRAL, Label.TOPIC_SHIFT}),
    "approval": frozenset({Label.POS_PRAISE, Label.POS_PROGRESS}),
}
"""Names that stand for several labels in a choice about a reaction; in this order, the levels of a score."""


def _plain(text: str) -> str:
    return " ".join(text.split())


_NAMED = {question.name: question for question in QUESTIONS}
_WORDED = {_plain(question.instructions): question for question in QUESTIONS}


def known_question(name: str | None, instructions: str) -> KnownQuestion | None:
    """The question of this name, or of these very words; None: not one of ours.

    A name of ours decides alone: the instructions beside it are not read.
    """
    return _NAMED.get(name or "") or _WORDED.get(_plain(instructions))


def parted(values: Iterable[str | bool]) -> Mapping[str, frozenset[Label]] | None:
    """Value → the labels that it stands for; None where the values do not hold each label exactly once."""
    found: dict[str, frozenset[Label]] = {}
    for value in values:
        if value in GROUPS and isinstance(value, str):
            found[value] = GROUPS[value]
        elif isinstance(value, str) and value in set(Label):
            found[value] = frozenset({Label(value)})
        else:
            return None
    held = [label for labels in found.values() for label in labels]
    return found if sorted(held) == sorted(Label) else None
