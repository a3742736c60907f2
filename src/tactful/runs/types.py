"""What a run is made of: the stage, its context, the job and how to run it."""

from __future__ import annotations

import os
import random
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Literal, Protocol, Self

from pydantic import BaseModel, Field, model_validator

from tactful.errors import UsageError
from tactful.llm.types import ChatModel, ModelSpec
from tactful.prompts import Prompt
from tactful.types import Record, seeded


@dataclass
class Context:
    """Given to a stage with every record."""

    record_id: str
    seed: int
    run_id: str
    """Follows from the configuration alone, so that equal runs write equal records."""
    models: Mapping[str, ChatModel] = field(default_factory=dict)
    """By role: `assistant`, `user`, `judge`."""

    @cached_property
    def rng(self) -> random.Random:
        """Seeded by (run seed, record id): neither order nor resuming changes a draw."""
        return seeded(self.seed, self.record_id)


@dataclass(frozen=True)
class Skip:
    """A stage returns this for a record that it has nothing to do with. Counted by reason."""

    reason: str


class Stage(Protocol):
    """One async function from record to record, to several, or to a `Skip`.

    Picklable and free of global state: an executor may run it in another process. It raises to say that this
    record failed (`ProviderError`, `ParseError`, anything) or that the run must stop (`StopRun`).
    """

    async def __call__(self, record: Any, context: Context, /) -> BaseModel | Sequence[BaseModel] | Skip:
        """The outputs for `record`."""
        ...


class OutsideHash:
    """Marks a field of a configuration that may change on resume: `concurrency: Annotated[int, OutsideHash()]`."""


class RunOptions(Record):
    """How to run, as opposed to what: nothing here is part of the configuration's hash except `seed`."""

    out: Path | None = None
    """Folder of this run; None: `runs/<noun>-<verb>-<UTC time>/`."""
    resume: bool = False
    """Go on with the run in `out`."""
    concurrency: int = Field(default=32, ge=1)
    """Records worked on at a time."""
    executor: Literal["local", "ray"] = "local"
    """Where stages run: in this process, or in worker actors on Ray. What comes out is the same."""
    ray_address: str | None = None
    """The Ray cluster to join, `auto` for the one of this machine; None: Ray is started here for this run."""
    workers: int | None = Field(default=None, ge=1)
    """ray: worker processes; None: as many as this machine has cores."""
    per_worker_concurrency: int | None = Field(default=None, ge=1)
    """ray: records that one worker works on at a time; None: `concurrency` is divided among them."""
    budget_usd: float | None = Field(default=None, ge=0)
    """For the whole run, over all resumes."""
    budget_tokens: int | None = Field(default=None, ge=0)
    cache: Path | None = None
    """Call cache shared between runs; None: `calls.sqlite` of the run folder."""
    seed: int = 0
    progress: Literal["auto", "rich", "plain", "off"] = "auto"
    limit: int | None = Field(default=None, ge=1)
    """Take only the first N records of the source."""
    timeout_s: float | None = Field(default=None, gt=0)
    """Deadline of one call, for this session alone; None: what the models say."""
    least_max_tokens: int | None = Field(default=None, gt=0)
    """Raises every call's token limit to at least this, for this session alone: room for what was too long."""

    @property
    def how_many_workers(self) -> int:
        """Worker processes, 1 for the run in this process."""
        return 1 if self.executor == "local" else self.workers or os.cpu_count() or 1

    @property
    def at_once(self) -> int:
        """Records worked on at a time, over all workers."""
        if self.per_worker_concurrency is None:
            return self.concurrency
        return self.per_worker_concurrency * self.how_many_workers

    @model_validator(mode="after")
    def _ray_alone(self) -> Self:
        given = {
            "--ray-address": self.ray_address,
            "--workers": self.workers,
            "--per-worker-concurrency": self.per_worker_concurrency,
        }
        idle = [flag for flag, value in given.items() if value is not None]
        if self.executor == "local" and idle:
            raise UsageError(f"{idle[0]} is for --executor ray; this run has --executor local")
        return self


@dataclass(frozen=True)
class Job:
    """What to run: everything that decides the results, and what is needed to build it again in another process."""

    noun: str
    verb: str
    config: BaseModel
    """Hashed, except fields marked `OutsideHash`."""
    source: Iterable[BaseModel]
    """Records with a unique `id`, read lazily."""
    stage: Stage
    models: Mapping[str, ModelSpec] = field(default_factory=dict)
    prompts: Sequence[Prompt] = ()
    resume_args: Mapping[str, Any] | None = None
    """Plain JSON: what the builder of this kind (`tactful.jobs`) needs beside the configuration, such as the absolute
    path of the input; None: only whoever has the job can go on with the run."""
    total: int | None = None
    """Records in `source`, for progress and time left; may be off by unusable lines. None: not known beforehand."""

    @property
    def kind(self) -> str:
        """Noun and verb: `calibrate rollout`."""
        return f"{self.noun} {self.verb}"

    def __post_init__(self) -> None:
        for word in (self.noun, self.verb):
            if not word or not word.replace("-", "").isalnum():
                raise UsageError(f"a run is named by noun and verb, letters and digits only; got '{word}'")
