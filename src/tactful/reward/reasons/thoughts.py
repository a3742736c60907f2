"""From an annotated moment to a thought that leads to its verdict: training data for a judge that thinks first.

A model writes the thought of the person, in the first person, knowing what people said. Then the same model re-derives the
verdict from the thought alone, several times; the thought is kept only when every one of these checks agrees. A thought
that shows that the verdict was known is refused before it is checked. Tries are bounded.

The label is private by type. Here, and nowhere else, it is put into a prompt on purpose: as one sentence of how the
person felt (`FEELINGS`), in `prompts/reason.md`. The checks, and whatever is trained on the result, never see it.
Source: reward-model data of arXiv:2410.12361; prompts, checks and guard are ours.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from tactful.errors import ParseError
from tactful.llm import ChatModel, or_afresh, within_context
from tactful.llm.judging import all_of
from tactful.llm.types import rehearsal_for, spoken_by
from tactful.prompts import Rendered, load_prompt
from tactful.reward.judging.prompt import MAX_CHARS, event_fields
from tactful.text.quoting.lines import as_json
from tactful.types import LabelledMoment, Moment, Provenance, Record, Written

REASON_PROMPT = load_prompt(__file__, "reason", fields={"omitted", "events", "proposal", "verdict"})
CHECK_PROMPT = load_prompt(__file__, "reason_check", fields={"thought"})

FEELINGS = {
    "hit": "The offer was welcome at this moment.",
    "false-alarm": "The offer was unwelcome at this moment.",
    "correct-silence": "Being left alone was right at this moment: no help was needed.",
    "missed-need": "Being left alone was wrong at this moment: help was needed and none came.",
}
"""Category of the moment → how the prompt puts it."""

LEAKED = "the thought shows that the verdict was known"
DISAGREED = "the checks do not all re-derive the verdict from the thought"
UNREADABLE = "the reply with the thought is unreadable"

_LEAK = re.compile(
    r"\b(the |this |that |my )?(given |known |final |correct |expected |true )?(label|verdict|judge?ment)s?\b( \w+)?"
    r"|\bground[- ]truth\b|\bannotat(or|ion|e|ed)s?\b|\b(accepted|rejected)\b"
    r"|\b(i (was|am|have been|'ve been) (told|given|informed|instructed)|as (instructed|requested|told|stated above))\b"
    r"|\b(expected|given|correct) (answer|outcome|decision|feeling)\b|\bwhat the person felt\b|\bthe (instructions?|prompt)\b"
    r"|标签|标注|给定的(结论|判断|答案)|已知的(结论|判断|答案)|指令要求",
    re.IGNORECASE,
)
_HEAD = re.compile(
    r"label|verdict|judge?ment|annotat|accepted|rejected|instruction|prompt|标签|标注", re.IGNORECASE
)


class Thought(Record):
    """The reply to `reason.md`."""

    thought: str


class Rederived(Record):
    """The reply to `reason_check.md`."""

    judgement: Literal["accepted", "rejected", "unclear"]


class LabelledItem(Record):
    """A labelled moment as the runner takes it: under the moment's id."""

    id: str
    item: LabelledMoment


class ReasonedMoment(Written):
    """A moment, its verdict, and the thought that leads to it. The verdict is open here: this is training data."""

    row_kind = "reasoned-moments"

    id: str
    moment: Moment
    category: Literal["hit", "false-alarm", "correct-silence", "missed-need"]
    accepted: bool
    thought: str
    tries: int
    """Thoughts that were asked for until this one was kept."""
    checks: int
    """Re-derivations that all agreed."""
    provenance: Provenance


@dataclass(frozen=True)
class Refused:
    """No thought was kept: why, for each try."""

    reasons: tuple[str, ...]

    @property
    def reason(self) -> str:
        """The most frequent one (the earlier on a tie), in words that can be counted."""
        return max(dict.fromkeys(self.reasons), key=self.reasons.count)


def reason_prompt(item: LabelledMoment, *, max_chars: int = MAX_CHARS) -> Rendered:
    """The prompt that knows the verdict: the one deliberate use of a private label."""
    return REASON_PROMPT.render(**event_fields(item.moment, max_chars), verdict=FEELINGS[item.category])


def check_prompt(thought: str) -> Rendered:
    """The prompt that sees the thought and nothing else."""
    return CHECK_PROMPT.render(thought=as_json(thought))


def leak(thought: str, moment: Moment) -> str:
    """The words by which a thought shows that the verdict was known; empty when it does not.

    A word that the moment itself uses (a rejected pull request, the label of an axis) is no leak.
    """
    own = " ".join([*(event.text for event in moment.events), moment.proposal or ""]).lower()
    for match in _LEAK.finditer(thought):
        head = _HEAD.search(match[0])
        if head is None or head[0].lower() not in own:
            return match[0]
    return ""


async def write_reason(
    item: LabelledMoment,
    model: ChatModel,
    *,
    checks: int = 5,
    tries: int = 3,
    max_chars: int = MAX_CHARS,
    run_id: str = "",
) -> ReasonedMoment | Refused:
    """The first thought of at most `tries` that leaks nothing and from which all `checks` re-derive the verdict.

    Raises: ProviderError; ParseError when no try gave a readable thought; StopRun.
    """
    refused: list[str] = []
    broken: ParseError | None = None
    for number in range(tries):
        try:
            thought = await _thought(item, model, number, max_chars)
        except ParseError as error:
            broken = error
            refused.append(UNREADABLE)
            continue
        if leak(thought, item.moment):
            refused.append(LEAKED)
        elif not all(await _rederive(thought, item, model, checks)):
            refused.append(DISAGREED)
        else:
            return ReasonedMoment(
                id=item.moment.id,
                moment=item.moment,
                category=item.category,
                accepted=item.label.accepted,
                thought=thought,
                tries=number + 1,
                checks=checks,
                provenance=spoken_by(model, REASON_PROMPT, CHECK_PROMPT, run_id=run_id),
            )
    if broken is not None and set(refused) == {UNREADABLE}:
        raise broken
    return Refused(tuple(refused))


async def _thought(item: LabelledMoment, model: ChatModel, number: int, max_chars: int) -> str:
    facts = {"category": item.category, "last": item.moment.events[-1].text, "try": number}
    rehearsal = rehearsal_for(model, "reward", "moment_reason", facts)

    async def ask(most: int) -> str:
        prompt = reason_prompt(item, max_chars=most)
        said = await model.structured(prompt, Thought, sample=number, rehearsal=rehearsal)
        if not said.thought.strip():
            raise ParseError("the thought is empty", reply=said.model_dump_json())
        return said.thought.strip()

    return await or_afresh(lambda: within_context(ask, max_chars))


async def _rederive(thought: str, item: LabelledMoment, model: ChatModel, checks: int) -> Sequence[bool]:
    """For each check whether it agrees with the label; an unreadable one does not."""
    wanted = "accepted" if item.label.accepted else "rejected"
    rehearsal = rehearsal_for(model, "reward", "reason_check", {"thought": thought})

    async def one(sample: int) -> bool:
        try:
            said = await model.structured(
                check_prompt(thought), Rederived, sample=sample, rehearsal=rehearsal
            )
        except ParseError:
            return False
        return said.judgement == wanted

    return await all_of(*map(one, range(checks)))
