"""What a run of `utterance synthesize` will ask of its model, before anything is sent."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice

from tactful.llm.spending.prices import price_of
from tactful.text import estimate_tokens
from tactful.types import Record
from tactful.utterance.pipeline import PROMPTS, SynthesizeConfig
from tactful.utterance.stages import revise, similarity
from tactful.utterance.transcript import transcript
from tactful.utterance.types import Example, Untargeted

CALLS = 11
"""Of one target at the most, with nothing asked again: six stages, a wrong path, up to two revisions, each scored."""
CONTEXT_CALLS = 7
"""Those that are sent the whole context: all but the gold category and the three scorings."""
ANSWER_CALLS = 4
"""Those that are sent the last answer instead."""
MESSAGE_CALLS = 5
"""Those that are sent what the user wrote: the gold category, the gold path, and the scorings."""
SENT = {similarity.PROMPT.prompt_id: 3, revise.PROMPT.prompt_id: 2}
"""How often a prompt is sent that is sent more than once."""
REPLY_TOKENS = 350
"""Assumed length of a reply, in tokens; a reasoning model's thoughts come on top."""
MATERIAL_TOKENS = 400
"""Assumed length of what is sent beside prompt and context: tree, reasoning, predictions."""


class SynthesisForecast(Record):
    """All figures are estimates, from above."""

    dialogues_without_target: int
    targets: int
    calls: int
    prompt_tokens: int
    completion_tokens: int
    cost_usd: float | None
    """None: the price of this model at this endpoint is not known."""


def forecast(
    examples: Iterable[Example | Untargeted], config: SynthesizeConfig, *, limit: int | None = None
) -> SynthesisForecast:
    """Every context is measured; nothing is sent."""
    prose = sum(estimate_tokens(prompt.source) * SENT.get(prompt.prompt_id, 1) for prompt in PROMPTS)
    targets = without = sent = 0
    for item in islice(examples, limit):
        if isinstance(item, Untargeted):
            without += 1
            continue
        targets += 1
        context = estimate_tokens(transcript(item.context, config.max_chars))
        sent += prose + CONTEXT_CALLS * context + CALLS * MATERIAL_TOKENS + _hindsight(item)
    received = targets * CALLS * REPLY_TOKENS
    spec = config.assistant
    price = price_of(spec)
    return SynthesisForecast(
        dialogues_without_target=without,
        targets=targets,
        calls=targets * CALLS,
        prompt_tokens=sent,
        completion_tokens=received,
        cost_usd=price.cost_usd(sent, received) if price else None,
    )


def _hindsight(example: Example) -> int:
    """Tokens of the last answer, the message and the later ones, as often as each is sent."""
    answers = (message.content for message in reversed(example.context) if message.role == "assistant")
    return (
        ANSWER_CALLS * estimate_tokens(next(answers, ""))
        + MESSAGE_CALLS * estimate_tokens(example.hindsight.message)
        + estimate_tokens("\n".join(example.hindsight.later))
    )
