"""The reward room's runs over a language model:

moments ──judge_job──▶ Acceptance                                    (`reward judge --judge MODEL`)
labelled moments ──reasons_job──▶ ReasonedMoment ──export──▶ training files   (`reward reasons`, `reward export`)
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from pydantic import Field

from tactful.llm import ModelSpec
from tactful.reward.judging.judge import LMAcceptance, LMJudge
from tactful.reward.judging.prompt import MAX_CHARS, PROMPTS, Layout
from tactful.reward.reasons.thoughts import (
    CHECK_PROMPT,
    REASON_PROMPT,
    LabelledItem,
    ReasonedMoment,
    Refused,
    write_reason,
)
from tactful.runs import Context, Job, Skip
from tactful.types import LabelledMoment, Moment, Record

MAX_TOKENS = 4096
"""Room for a reasoning model to think before it answers; the door doubles it when a reply comes back empty."""


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
