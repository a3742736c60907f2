"""A chat model judges passages: one structured question each, many at a time, beside what the reader says."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import AsyncExitStack
from typing import Literal

from tactful.audit.types import REASONS, SUBJECTS, Finding, Passage, Reason, Subject
from tactful.errors import BudgetSpent, ParseError, ProviderError, UsageError
from tactful.llm import (
    Budget,
    CallCache,
    ChatModel,
    Usage,
    metered,
    open_model,
    within_context,
)
from tactful.llm.judging import each
from tactful.llm.replies.percent import Percent
from tactful.llm.types import rehearsal_for
from tactful.prompts import Rendered, load_prompt
from tactful.reading.setup import ReaderSetup, asked_model, asked_name
from tactful.text.quoting.fence import mark_for
from tactful.text.quoting.shorten import shortened
from tactful.types import Record

PROMPT = load_prompt(__file__, "judge_passage", fields={"mark", "before", "request", "answer", "reply"})
MAX_CHARS = 8_000
"""Longest text that is sent whole; halved where the model's context is too short."""
_NOTHING = "(there are none)"
_UNSAID = "(nothing: the log ends here)"


class PassageReply(Record):
    """What the model says of one passage."""

    why: str
    question: Literal["none", "needed", "needless", "cannot tell"]
    reason: Literal["none", Reason]
    complaint: Literal["none", Subject, "cannot tell"]
    chance: Percent


class PromptedJudge:
    """Judges passages with one model; its budget and usage go on over batches.

    Raises: UsageError for a name that asks in another way than by chat; from `findings`: UserError (no key, no such
    endpoint), EndpointRefused. When the budget is spent, the rest is not judged, and says so.
    """

    def __init__(self, name: str, setup: ReaderSetup | None = None) -> None:
        self._setup = setup or ReaderSetup()
        asked = asked_name(name)
        if asked.way != "prompted":
            raise UsageError(
                f"model '{name}': a chat model judges here; give its name, as MODEL or MODEL@URL"
            )
        self.name = asked.named
        self._spec = asked_model(asked, self._setup, scripts="audit", calls=self._setup.concurrency)
        self._budget = Budget(self._setup.budget_usd, self._setup.budget_tokens)
        self.usage = Usage()
        """What judging has cost so far."""
        self._spent = ""

    def findings(self, passages: Sequence[Passage]) -> list[Finding]:
        """What the model finds, in order."""
        return asyncio.run(self._all(passages))

    async def _all(self, passages: Sequence[Passage]) -> list[Finding]:
        async with AsyncExitStack() as stack:
            cache = None
            if self._setup.cache is not None:
                cache = stack.enter_context(CallCache(self._setup.cache))
            model = open_model(self._spec, cache=cache, budget=self._budget)
            stack.push_async_callback(model.aclose)
            meter = stack.enter_context(metered())
            try:
                return await each(passages, lambda one: self._one(one, model), self._setup.concurrency)
            finally:
                self.usage += meter.usage

    async def _one(self, passage: Passage, model: ChatModel) -> Finding:
        if not passage.asked and passage.reply is None:
            return Finding.of(passage, unjudged="the log ends with the answer")
        if self._spent:
            return Finding.of(passage, unjudged=self._spent)
        try:
            return found_by(passage, await _ask(passage, model))
        except BudgetSpent:
            self._spent = "the budget was spent"
            return Finding.of(passage, unjudged=self._spent)
        except ParseError:
            return Finding.of(passage, unjudged="the model gave no usable reply")
        except ProviderError as error:
            return Finding.of(passage, unjudged=f"the model did not answer ({error.outcome})")


async def _ask(passage: Passage, model: ChatModel) -> PassageReply:
    facts = {
        "asked": passage.asked,
        "request": passage.request,
        "answer": passage.answer,
        "reply": passage.reply,
    }
    rehearsal = rehearsal_for(model, "audit", "judge_passage", facts)

    async def ask(max_chars: int) -> PassageReply:
        return await model.structured(passage_prompt(passage, max_chars), PassageReply, rehearsal=rehearsal)

    return await within_context(ask, MAX_CHARS)


def passage_prompt(passage: Passage, max_chars: int = MAX_CHARS) -> Rendered:
    """The prompt for one passage; equal texts give equal prompts."""
    turns = "\n".join(f"{turn.role.capitalize()}: {turn.content}" for turn in passage.context)
    before, request, answer, reply = (
        shortened(text, max_chars)
        for text in (turns or _NOTHING, passage.request, passage.answer, passage.reply or _UNSAID)
    )
    mark = mark_for((before, request, answer, reply))
    return PROMPT.render(mark=mark, before=before, request=request, answer=answer, reply=reply)


def found_by(passage: Passage, said: PassageReply) -> Finding:
    """The model's reply as a finding. Whether the assistant asked is the detector's word, not the model's."""
    sure = (1 + said.chance) / 2  # the mean of the verdict, as 1, and of the chance stated beside it
    subject: Subject | None = next((one for one in SUBJECTS if one == said.complaint), None)
    complaint = (
        None if said.complaint == "cannot tell" or passage.reply is None else sure if subject else 1 - sure
    )
    if passage.asked:
        if said.question in ("none", "cannot tell"):
            return Finding.of(passage, complaint=complaint, subject=subject, unjudged="the model cannot tell")
        needless = said.question == "needless"
        reason: Reason | None = next((one for one in REASONS if one == said.reason), None)
        return Finding.of(
            passage,
            needless=sure if needless else 1 - sure,
            reason=(reason or "a default would do") if needless else None,
            complaint=complaint,
            subject=subject,
        )
    if complaint is None:
        return Finding.of(passage, unjudged="the model cannot tell")
    guess = sure if subject == "a wrong guess" else 1 - sure
    return Finding.of(passage, complaint=complaint, guess=guess, subject=subject)
