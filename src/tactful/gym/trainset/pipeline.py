"""The training set of an assistant, stage by stage:

GymEpisode ──Points──▶ Point ──TrainsetStage──▶ JudgedPoint ──writing──▶ SFT · pairs · labelled moments

a point:  the proposer's candidate ─▶ the judge ─┬─ accepted: done
              ▲                                  │
              └──── the reason, up to N tries ◀──┴─ rejected     (the last of them is silence, where it was not tried)
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Annotated

from pydantic import Field

from tactful.errors import ParseError
from tactful.gym.play.asking import MAX_CHARS
from tactful.gym.rules.parameters import Parameters
from tactful.gym.trainset.offering import PROMPTS, Candidate, next_candidate
from tactful.gym.trainset.points import Points
from tactful.gym.trainset.types import CandidateJudge, JudgedPoint, Point, Try
from tactful.gym.types import GymEpisode
from tactful.llm import ModelSpec
from tactful.llm.types import spoken_by
from tactful.runs import Context, Job, OutsideHash
from tactful.text.lang import is_chinese
from tactful.types import Record

SCRIPTS = "gym.trainset"
"""What the offline model says in this room: goes into `ModelSpec.scripts`."""
SILENT_THOUGHT = {
    "en": "Nothing that could be offered is wanted right now.",
    "zh": "现在提出任何帮助都不合适。",
}
"""What is thought with the silence that is tried last."""


class TrainsetConfig(Record):
    """What `tactful gym trainset` does; `config.toml` of the run folder holds it."""

    judge: str
    """Who selects: `user`, a model's name, or `reward:` and the fingerprint of a trained one."""
    judge_given: Annotated[str, OutsideHash()]
    """The same as it was typed, a folder by its whole path: `reward:/srv/models/reward`."""
    votes: int = Field(default=1, ge=1)
    """Of a judge that is a model."""
    tries: int = Field(default=15, ge=1)
    """Most candidates at a point."""
    points: int = Field(default=12, ge=1)
    """Most event prefixes of an episode."""
    max_chars: int = Field(default=MAX_CHARS, ge=500)
    """Most characters of events in the proposer's prompt; the latest are kept."""
    seed: int = 0
    proposer: Annotated[ModelSpec, OutsideHash()]
    """How the proposer is reached. (The runner hashes the models by itself.)"""
    judge_model: Annotated[ModelSpec | None, OutsideHash()] = None
    """None: no model judges."""
    parameters: Parameters | None = None
    """What the rules suppose about the simulated user, where it judges: those that its run was played with."""


@dataclass(frozen=True)
class TrainsetStage:
    """From a point to what was tried there."""

    judge: CandidateJudge
    tries: int = 15
    max_chars: int = MAX_CHARS

    async def __call__(self, record: Point, context: Context) -> JudgedPoint:
        """Candidates until one is accepted. Raises: ProviderError; ParseError without one readable candidate; StopRun."""
        tried: list[Try] = []
        repeated = unreadable = 0
        why = ""
        for number in range(self.tries):
            try:
                candidate = await self._candidate(record, tried, number, context)
            except ParseError as error:
                unreadable += 1
                why = str(error)
                continue
            if any(_same(one.proposal, candidate.proposal) for one in tried):
                repeated += 1
                continue
            said = await self.judge.judge(record, candidate.proposal, context)
            tried.append(Try(**said.model_dump(), thought=candidate.thought, proposal=candidate.proposal))
            if said.accepted:
                break
        if not tried:
            raise ParseError(f"no candidate in {self.tries} tries is readable: {why}")
        return _judged(record, tried, self.judge, context, repeated=repeated, unreadable=unreadable)

    async def _candidate(
        self, point: Point, tried: Sequence[Try], number: int, context: Context
    ) -> Candidate:
        """The proposer's; in the last try silence, where nothing else was accepted and it was not tried."""
        if number == self.tries - 1 and tried and all(one.proposal is not None for one in tried):
            return Candidate(SILENT_THOUGHT["zh" if is_chinese(point.episode.lang) else "en"], None)
        model = context.models["proposer"]
        return await next_candidate(point, tried, model, sample=number, max_chars=self.max_chars)


def _same(one: str | None, other: str | None) -> bool:
    """Whether both say the same, whatever the case and the punctuation; silence is only like itself."""
    if one is None or other is None:
        return one is other
    bare = ["".join(filter(str.isalnum, text.casefold())) or text for text in (one, other)]
    return bare[0] == bare[1]


def _judged(
    point: Point,
    tried: Sequence[Try],
    judge: CandidateJudge,
    context: Context,
    *,
    repeated: int,
    unreadable: int,
) -> JudgedPoint:
    episode, outcome = point.episode, point.step.outcome
    model, prompts = context.models["proposer"], (*PROMPTS, *judge.prompts)
    return JudgedPoint(
        id=point.id,
        episode=episode.id,
        scene_id=episode.scene_id,
        group=episode.group,
        setting=episode.setting,
        lang=episode.lang,
        timing=outcome.timing,
        help_wanted=outcome.help_wanted,
        operations=point.operations,
        moment=point.moment,
        tries=tuple(tried),
        repeated=repeated,
        unreadable=unreadable,
        judge=judge.identity,
        provenance=spoken_by(model, *prompts, run_id=context.run_id, seed=context.seed),
    )


def trainset_job(config: TrainsetConfig, episodes: Iterable[GymEpisode], judge: CandidateJudge) -> Job:
    """The run that `config` describes over `episodes`; `judge` is the one that it names."""
    judging = {} if config.judge_model is None else {"judge": config.judge_model}
    return Job(
        noun="gym",
        verb="trainset",
        config=config,
        source=Points(episodes, config.points, config.seed),
        stage=TrainsetStage(judge, config.tries, config.max_chars),
        models={"proposer": config.proposer, **judging},
        prompts=[*PROMPTS, *judge.prompts],
    )
