"""What a run over a language model will ask of it, before anything is sent. All figures are estimates."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice

from tactful.llm import ModelSpec
from tactful.llm.spending.prices import price_of
from tactful.reward.judging.prompt import judge_prompt
from tactful.reward.pipeline import LMJudgeConfig, ReasonsConfig
from tactful.reward.reasons.thoughts import CHECK_PROMPT, reason_prompt
from tactful.text import estimate_tokens
from tactful.types import LabelledMoment, Moment, Record

THOUGHT_TOKENS = 100
"""Assumed length of a thought, in tokens; a reasoning model's own thinking comes on top."""


class RewardForecast(Record):
    """What a run will ask of its model. All figures are estimates."""

    moments: int
    calls: int
    """Of `reward reasons`: where the first thought is kept. At worst `tries` times as many."""
    prompt_tokens: int
    completion_tokens: int
    cost_usd: float | None
    """None: the price of this model at this endpoint is not known."""


def forecast_judging(
    moments: Iterable[Moment], config: LMJudgeConfig, *, limit: int | None = None
) -> RewardForecast:
    """Every prompt is made and measured; nothing is sent."""
    count = tokens = 0
    for moment in islice(moments, limit):
        count += 1
        prompt = judge_prompt(moment, layout=config.layout, max_chars=config.max_chars)
        tokens += sum(estimate_tokens(message.content) for message in prompt.messages)
    calls = count * config.votes
    return _forecast(config.judge, count, calls, tokens * config.votes, calls * THOUGHT_TOKENS)


def forecast_reasons(
    items: Iterable[LabelledMoment], config: ReasonsConfig, *, limit: int | None = None
) -> RewardForecast:
    """One thought and its checks for every item; nothing is sent."""
    check = estimate_tokens(CHECK_PROMPT.source) + THOUGHT_TOKENS
    count = tokens = 0
    for item in islice(items, limit):
        count += 1
        prompt = reason_prompt(item, max_chars=config.max_chars)
        tokens += sum(estimate_tokens(message.content) for message in prompt.messages) + config.checks * check
    received = count * (THOUGHT_TOKENS + config.checks * 10)
    return _forecast(config.model, count, count * (1 + config.checks), tokens, received)


def _forecast(spec: ModelSpec, moments: int, calls: int, sent: int, received: int) -> RewardForecast:
    price = price_of(spec)
    return RewardForecast(
        moments=moments,
        calls=calls,
        prompt_tokens=sent,
        completion_tokens=received,
        cost_usd=price.cost_usd(sent, received) if price else None,
    )
