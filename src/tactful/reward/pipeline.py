"""The reward room's runs over a language model:

moments ──judge_job──▶ Acceptance                                    (`reward judge --judge MODEL`)
labelled moments ──reasons_job──▶ ReasonedMoment ──export──▶ training files   (`reward reasons`, `reward export`)
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice

from pydantic import Field

from tactful.llm import ModelSpec
from tactful.llm.prices import price_table
from tactful.reward.judging.judge import LMAcceptance, LMJudge
from tactful.reward.judging.prompt import MAX_CHARS, PROMPTS, Layout, judge_prompt
from tactful.reward.reasons.thoughts import (
    CHECK_PROMPT,
    REASON_PROMPT,
    LabelledItem,
    ReasonedMoment,
    Refused,
    reason_prompt,
    write_reason,
)
from tactful.runs import Context, Job, Skip
from tactful.text import estimate_tokens
from tactful.types import LabelledMoment, Moment, Record

THOUGHT_TOKENS = 100
"""Assumed length of a thought, in tokens; a reasoning model's own thinking comes on top."""
DEFAULT_URL = "https://api.openai.com/v1"


class LMJudgeConfig(Record):
    """What `tactful reward judge --judge MODEL` does; `config.toml` of the run folder holds it."""

    judge: ModelSpec
    votes: int = Field(default=1, ge=1)
    """Draws per moment."""
    layout: Layout = "tactful"
    max_chars: int = Field(default=MAX_CHARS, ge=500)
    """Most characters of events in a prompt; the latest are kept."""


class ReasonsConfig(Record):
    """What `tactful reward reasons` does."""

    model: ModelSpec
    checks: int = Field(default=5, ge=1)
    """Re-derivations that must all agree."""
    tries: int = Field(default=3, ge=1)
    """Most thoughts asked for per moment."""
    max_chars: int = Field(default=MAX_CHARS, ge=500)
    """Most characters of events in a prompt; the latest are kept."""


@dataclass(frozen=True)
class LMJudgeStage:
    """The model's votes on one moment."""

    config: LMJudgeConfig

    async def __call__(self, record: Moment, context: Context) -> LMAcceptance:
        """The judgement; unscored on a tie or without a readable vote. Raises: ProviderError, StopRun."""
        judge = LMJudge(
            context.models["judge"],
            votes=self.config.votes,
            layout=self.config.layout,
            max_chars=self.config.max_chars,
            run_id=context.run_id,
        )
        return await judge.judge(record)


@dataclass(frozen=True)
class ReasonStage:
    """The thought behind one verdict, checked; a moment for which none is kept is skipped with the reason."""

    config: ReasonsConfig

    async def __call__(self, record: LabelledItem, context: Context) -> ReasonedMoment | Skip:
        """Raises: ProviderError; ParseError when no try was readable; StopRun."""
        config = self.config
        made = await write_reason(
            record.item,
            context.models["model"],
            checks=config.checks,
            tries=config.tries,
            max_chars=config.max_chars,
            run_id=context.run_id,
        )
        return Skip(made.reason) if isinstance(made, Refused) else made


def judge_job(config: LMJudgeConfig, moments: Iterable[Moment]) -> Job:
    """The run that judges `moments` as `config` says; its records are `Acceptance` rows."""
    return Job(
        noun="reward",
        verb="judge",
        config=config,
        source=moments,
        stage=LMJudgeStage(config),
        models={"judge": config.judge},
        prompts=[PROMPTS[config.layout]],
    )


def reasons_job(config: ReasonsConfig, items: Iterable[LabelledMoment]) -> Job:
    """The run that writes the thoughts behind the verdicts of `items`; its records are `ReasonedMoment`s."""
    return Job(
        noun="reward",
        verb="reasons",
        config=config,
        source=_Items(items),
        stage=ReasonStage(config),
        models={"model": config.model},
        prompts=[REASON_PROMPT, CHECK_PROMPT],
    )


@dataclass(frozen=True)
class _Items:
    """The items as the runner takes them, read as they are asked for."""

    items: Iterable[LabelledMoment]

    def __iter__(self) -> Iterator[LabelledItem]:
        for item in self.items:
            yield LabelledItem(id=item.moment.id, item=item)


# ---------------------------------------------------------------- before anything is sent


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
    price = price_table().lookup(spec.name, spec.base_url or DEFAULT_URL)
    return RewardForecast(
        moments=moments,
        calls=calls,
        prompt_tokens=sent,
        completion_tokens=received,
        cost_usd=price.cost_usd(sent, received) if price else None,
    )
