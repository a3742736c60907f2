"""A language model reads the user's next message as a verdict on the last answer.

It sees the query, the answer and the next message, never history, labels or anything about who wrote them. The
three texts are fenced by a mark that is drawn from their own content, so that none of them can end its fence.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

from tactful.errors import ParseError, UsageError
from tactful.feedback.embedded import open_embedded
from tactful.feedback.labels import Label
from tactful.feedback.types import FeedbackConfig, Turn, TurnJudgement
from tactful.llm import ChatModel, ModelSpec, model_spec, open_model, within_context
from tactful.llm.judging import AskingJudge
from tactful.llm.replies.percent import Percent
from tactful.llm.types import rehearsal_for, spoken_by
from tactful.prompts import Rendered, load_prompt
from tactful.text.quoting.fence import mark_for
from tactful.text.quoting.shorten import shortened
from tactful.types import Record

PROMPT = load_prompt(__file__, fields={"mark", "query", "answer", "next_message"})
SCRIPTS = "feedback.judging"
"""What the offline model says in this room: goes into `ModelSpec.scripts`."""

EMBEDDED = "embedded"
"""Name of the judge that needs no model."""
DEFAULT_MODEL = "gpt-5-nano"
MAX_TOKENS = 4096
"""Room for a reasoning model to think before it answers; the door doubles it when a reply comes back empty."""
MAX_CHARS = 12_000
"""Longest text that is sent whole; of a longer one, its middle is left out and the gap is marked. Halved where the
model's context is too short."""


class FeedbackVerdict(Record):
    """The judge's reply."""

    rationale: str
    label: Label
    confidence: Percent


def judge_spec(name: str, *, base_url: str | None = None) -> ModelSpec:
    """The model that judges. No temperature: reasoning models take none."""
    return model_spec(name, scripts=SCRIPTS, base_url=base_url, max_tokens=MAX_TOKENS)


def judge_prompt(turn: Turn, *, max_chars: int = MAX_CHARS) -> Rendered:
    """The prompt as sent: equal texts give equal prompts, whatever dialogue they come from."""
    texts = [shortened(text, max_chars) for text in (turn.q_t, turn.a_t, turn.user_next)]
    query, answer, next_message = texts
    return PROMPT.render(mark=mark_for(texts), query=query, answer=answer, next_message=next_message)


@dataclass(frozen=True)
class FeedbackJudge(AskingJudge[Turn, TurnJudgement]):
    """A `TurnJudge` played by a chat model.

    judge = FeedbackJudge(model)                         # you close the model
    async with FeedbackJudge.open("gpt-5-nano") as judge:  # closed at the end of the block
        judgement = await judge.judge(turn)
    """

    model: ChatModel
    config: FeedbackConfig = FeedbackConfig()  # noqa: RUF009  (a frozen record)
    max_chars: int = MAX_CHARS
    concurrency: int = 32

    @classmethod
    def open(cls, model: ModelSpec | str = DEFAULT_MODEL, config: FeedbackConfig | None = None) -> Self:
        """A judge with a model of its own; close it with `aclose()` or `async with`. Raises: UserError (no key)."""
        if model == EMBEDDED:
            raise UsageError(
                "the embedded judge is no chat model; use tactful.feedback.embedded.open_embedded()"
            )
        spec = judge_spec(model) if isinstance(model, str) else model
        return cls(open_model(spec), config or FeedbackConfig())

    @property
    def name(self) -> str:
        """The model's."""
        return self.model.name

    async def judge(self, turn: Turn, *, sample: int = 0) -> TurnJudgement:
        """The judgement on one turn; unscored when no reply can be read, also after asking again.

        `sample` tells apart several draws of one turn.

        Raises: ProviderError (refused, filtered, out of reach), EndpointRefused and BudgetSpent (going on is
        pointless).
        """
        provenance = spoken_by(self.model, PROMPT)
        texts = {"query": turn.q_t, "answer": turn.a_t, "next_message": turn.user_next}
        rehearsal = rehearsal_for(self.model, "feedback", "feedback_judge", texts)

        async def ask(max_chars: int) -> FeedbackVerdict:
            prompt = judge_prompt(turn, max_chars=max_chars)
            return await self.model.structured(prompt, FeedbackVerdict, sample=sample, rehearsal=rehearsal)

        try:
            said = await within_context(ask, self.max_chars)
        except ParseError as error:
            return TurnJudgement.not_scored(turn.id, reason=f"unreadable: {error}", provenance=provenance)
        return TurnJudgement.scored(
            turn.id,
            said.label,
            said.confidence,
            self.config,
            provenance=provenance,
            rationale=said.rationale,
        )

    def unanswered(self, turn: Turn, why: str) -> TurnJudgement:
        """Unscored, because of `why`."""
        return TurnJudgement.not_scored(turn.id, reason=why, provenance=spoken_by(self.model))


# ---------------------------------------------------------------- for scripts


def judge_turns(
    turns: Sequence[Turn], model: ModelSpec | str = DEFAULT_MODEL, config: FeedbackConfig | None = None
) -> list[TurnJudgement]:
    """One judgement per turn, for scripts without an event loop. The model is opened and closed here.

    `model` may be `embedded` (no network) or `offline` (a rehearsal).

    Raises: UsageError inside a running event loop; UserError (no key); else as `FeedbackJudge.judge_batch`.
    """
    if model == EMBEDDED:
        return open_embedded(None, config).judge_now(turns)
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        pass
    else:
        raise UsageError(
            "judge_turns() was called inside a running event loop (a notebook, or async code); "
            "write: async with FeedbackJudge.open(...) as judge: await judge.judge_batch(turns)"
        )

    async def run() -> list[TurnJudgement]:
        async with FeedbackJudge.open(model, config) as judge:
            return await judge.judge_batch(turns)

    return asyncio.run(run())
