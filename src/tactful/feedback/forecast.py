"""What judging a chat log will ask of its models, before anything is sent."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice

from tactful.feedback.judging.judge import judge_prompt
from tactful.feedback.pipeline import JudgeConfig
from tactful.feedback.types import Turn
from tactful.llm.spending.prices import price_of
from tactful.prompts import Rendered
from tactful.text import estimate_tokens
from tactful.types import Record

REPLY_TOKENS = 100
"""Assumed length of a verdict; a reasoning model's thoughts come on top, and nobody knows them beforehand."""


class JudgeForecast(Record):
    """Calls and tokens of one judge; all figures are estimates."""

    judge: str
    calls: int
    prompt_tokens: int
    completion_tokens: int
    cost_usd: float | None
    """None: the price of this model at this endpoint is not known."""


class FeedbackForecast(Record):
    """What judging these turns will take."""

    turns: int
    judges: tuple[JudgeForecast, ...]


def forecast(turns: Iterable[Turn], config: JudgeConfig, *, limit: int | None = None) -> FeedbackForecast:
    """Every prompt is made and measured; nothing is sent."""
    prompt_tokens = count = 0
    for turn in islice(turns, limit):
        count += 1
        if config.models:
            prompt_tokens += sum(
                estimate_tokens(message.content) for message in _prompt(turn, config).messages
            )
    draws = _draws(config)
    judges = []
    for spec in config.models:
        sent, received = prompt_tokens * draws, count * draws * REPLY_TOKENS
        price = price_of(spec)
        judges.append(
            JudgeForecast(
                judge=spec.name,
                calls=count * draws,
                prompt_tokens=sent,
                completion_tokens=received,
                cost_usd=price.cost_usd(sent, received) if price else None,
            )
        )
    return FeedbackForecast(turns=count, judges=tuple(judges))


def _prompt(turn: Turn, config: JudgeConfig) -> Rendered:
    if not config.reader:
        return judge_prompt(turn, max_chars=config.max_chars)
    from tactful.reading import Exchange
    from tactful.reading.prompted.asking import reaction_prompt

    return reaction_prompt(Exchange(query=turn.q_t, answer=turn.a_t, next=turn.user_next))


def _draws(config: JudgeConfig) -> int:
    """Calls a turn; a decisions endpoint is asked once, with about as many words."""
    if not config.reader:
        return config.votes
    from tactful.reading.by_calls import ReaderByCalls

    return 1 if ReaderByCalls(config.reader).asked.way == "decisions" else config.samples
