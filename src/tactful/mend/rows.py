"""Training rows from a log: what was regenerated, what was asked needlessly and then answered, what was complained
about and then repaired. Nothing that the judge is unsure of, and no answer that rests on tools.

The later answer knew what the user wrote in between. Where that told something new it joins the prompt, so that the
pair does not teach guessing; "just do it" tells nothing.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from tactful.audit.types import Finding, Passage
from tactful.feedback.training.pairs import SURE
from tactful.mend.types import AnswerAt, PairAt
from tactful.text.objections import objects
from tactful.types import Branch, ChatTurn, Conversation

Found = Sequence[tuple[Passage, Finding]]
_APOLOGY = re.compile(
    r"\b(?:sorry|apolog\w+|my (?:bad|mistake|error)|you(?:'?re| are) (?:absolutely |quite |completely )?right|good catch"
    r"|thank(?:s| you) for (?:pointing|catching|the (?:correction|clarification|feedback)|clarifying|letting))\b"
    r"|对不起|抱歉|不好意思|[您你]说得对",
    re.IGNORECASE,
)
"""How an answer begins that speaks of a complaint: nonsense under a prompt that holds none."""
_BEGINS = 120
_TELLS_NOTHING = ("already said", "just do it", "answered with annoyance")


def rows_of(
    conversation: Conversation, found: Found, places: Sequence[int]
) -> tuple[tuple[PairAt, ...], tuple[AnswerAt, ...], tuple[str, ...]]:
    """Pairs, single answers, and why turns gave none. `places`: turn of user or assistant → its message."""
    spoken = conversation.said
    starts = [_start(passage, spoken) for passage, _ in found]
    tools = [
        any(turn.calls and turn.ask is None for turn in spoken[start : passage.turn + 1])
        for start, (passage, _) in zip(starts, found, strict=True)
    ]
    left_out: list[str] = []
    answers: list[AnswerAt] = []
    for at, (passage, finding) in enumerate(found):
        wanted = wanted_or_not(passage, finding)
        if tools[at]:
            left_out.append("tools were called")
        elif wanted is None:
            left_out.append("the judge is not sure")
        else:
            answers.append(
                AnswerAt(id=passage.id, end=places[starts[at]], answer=passage.answer, wanted=wanted)
            )
    pairs = [
        pair
        for at in range(len(found))
        if not tools[at] and (pair := _repaired(found, tools, at, places[starts[at]])) is not None
    ]
    pairs += _regenerated(conversation, found, places, spoken)
    return tuple(pairs), tuple(answers), tuple(left_out)


def wanted_or_not(passage: Passage, finding: Finding) -> bool | None:
    """Whether the turn was wanted; None where the judge is not sure, or the reply bears a sign of an objection."""
    if passage.reply is None:
        return None
    bad = finding.needless if passage.asked else finding.complaint
    if bad is None:
        return None
    if bad >= SURE:
        return False
    if bad > 1 - SURE or (finding.guess or 0) > 1 - SURE or (not passage.asked and objects(passage.reply)):
        return None
    return True


def _start(passage: Passage, spoken: Sequence[ChatTurn]) -> int:
    """The first of the assistant's turns in a row that end with the passage's."""
    at = passage.turn
    while at > 0 and spoken[at - 1].role == "assistant":
        at -= 1
    return at


def _repaired(found: Found, tools: Sequence[bool], at: int, end: int) -> PairAt | None:
    """The turn that was surely unwanted against the next answer, where that was surely wanted."""
    passage, finding = found[at]
    if at + 1 == len(found) or tools[at + 1] or wanted_or_not(passage, finding) is not False:
        return None
    later, next_finding = found[at + 1]
    settled = later.reply is None and passage.asked
    if (
        later.asked
        or _APOLOGY.search(later.answer[:_BEGINS])
        or not (settled or wanted_or_not(later, next_finding))
    ):
        return None
    tells = not (passage.asked and finding.reason in _TELLS_NOTHING)
    return PairAt(
        id=f"{passage.id}>{later.turn}",
        end=end,
        told=(passage.reply or "") if tells else "",
        chosen=later.answer,
        rejected=passage.answer,
        link="needless question" if passage.asked else "complaint",
    )


def _regenerated(
    conversation: Conversation, found: Found, places: Sequence[int], spoken: Sequence[ChatTurn]
) -> list[PairAt]:
    """The answer that was kept against those that it replaced, unless the user complained of it too."""
    by_turn = {passage.turn: (passage, finding) for passage, finding in found}
    made = []
    for number, branch in enumerate(conversation.branches):
        kept = _first_answer(conversation, branch)
        lost = next((turn for turn in branch.turns if not turn.blank), None)
        if kept is None or lost is None or lost.role != "assistant" or kept.calls or lost.calls:
            continue
        at = next(at for at, turn in enumerate(spoken) if turn is kept)
        passage, finding = by_turn.get(at, (None, None))
        if passage and finding and passage.reply is not None and not wanted_or_not(passage, finding):
            continue
        made.append(
            PairAt(
                id=f"{conversation.id}#{at}~{number}",
                end=places[at],
                chosen=kept.content,
                rejected=lost.content,
                link="regenerated",
            )
        )
    return made


def _first_answer(conversation: Conversation, branch: Branch) -> ChatTurn | None:
    """The answer that was kept in the place of `branch`."""
    turn = conversation.turns[branch.start] if branch.start < len(conversation.turns) else None
    return turn if turn is not None and turn.role == "assistant" and not turn.blank else None
