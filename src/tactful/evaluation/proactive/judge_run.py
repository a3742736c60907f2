"""A chat model judges the moments of a benchmark, as a resumable run of its own: one moment in, one judgement out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from pydantic import Field

from tactful.data.io import read_jsonl, write_jsonl
from tactful.llm import ModelSpec
from tactful.reward.judging.judge import LMJudge
from tactful.reward.judging.prompt import PROMPT
from tactful.reward.types import Acceptance
from tactful.runs import Context, Job, RunFolder
from tactful.types import Moment, Record

ROLE = "judge"


class MomentJudgeConfig(Record):
    """What a run of the judge depends on, beside the model."""

    votes: int = Field(default=1, ge=1)
    """Verdicts asked for per moment."""


class JudgedMoment(Record):
    """What the judge said of one moment."""

    id: str
    acceptance: Acceptance
    unscored: bool = False
    """No verdict could be read; `runs retry --unscored` takes it again."""


@dataclass(frozen=True)
class MomentStage:
    """One moment in, its judgement out; unscored when no reply can be read."""

    config: MomentJudgeConfig

    async def __call__(self, record: Moment, context: Context) -> JudgedMoment:
        """Raises: ProviderError, when the judge gives no answer; StopRun."""
        judge = LMJudge(context.models[ROLE], votes=self.config.votes, run_id=context.run_id)
        said = Acceptance(**dict(await judge.judge(record)))
        return JudgedMoment(id=record.id, acceptance=said, unscored=said.accepted is None)


def judge_job(config: MomentJudgeConfig, moments: Sequence[Moment], model: ModelSpec) -> Job:
    """The run that has `moments` judged; their ids must differ."""
    return Job(
        noun="bench",
        verb="judge-moments",
        config=config,
        source=moments,
        stage=MomentStage(config),
        models={ROLE: model},
        prompts=[PROMPT],
        total=len(moments),
    )


def judge_file(config: MomentJudgeConfig, moments: Sequence[Moment], asked: Path, model: ModelSpec) -> Job:
    """The run that has `moments` judged, which are written to `asked`, so that `runs retry` can make it again."""
    write_jsonl(asked, moments)
    again = {"moments": str(asked.resolve()), "spec": model.model_dump(mode="json")}
    return replace(judge_job(config, moments, model), resume_args=again)


def retry_judge(config: dict[str, Any], moments: str, spec: dict[str, Any]) -> Job:
    """The judge's run of a folder once more; `tactful runs retry` calls it."""
    return judge_job(
        MomentJudgeConfig.model_validate(config),
        list(read_jsonl(moments, Moment)),
        ModelSpec.model_validate(spec),
    )


def read_judgements(folder: RunFolder, moments: Sequence[Moment]) -> list[Acceptance]:
    """What a run's judge said, in the order of `moments`; unscored where it gave no answer."""
    said = {one.id: one.acceptance for one in folder.records(JudgedMoment)}
    return [
        said.get(moment.id) or Acceptance.unscored(moment.id, reason="the judge gave no answer")
        for moment in moments
    ]
