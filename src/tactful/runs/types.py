"""What passes between a stage and the runner."""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol

from pydantic import BaseModel, Field

from tactful.errors import UsageError
from tactful.llm.types import ChatModel, ModelSpec, Usage
from tactful.prompts import Prompt
from tactful.types import Record, seeded

if TYPE_CHECKING:
    from tactful.runs.read.folder import RunFolder

RowState = Literal["done", "failed", "skipped"]


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
    budget_usd: float | None = Field(default=None, ge=0)
    """For the whole run, over all resumes."""
    budget_tokens: int | None = Field(default=None, ge=0)
    cache: Path | None = None
    """Call cache shared between runs; None: `calls.sqlite` of the run folder."""
    seed: int = 0
    progress: Literal["auto", "rich", "plain", "off"] = "auto"
    limit: int | None = Field(default=None, ge=1)
    """Take only the first N records of the source."""


@dataclass(frozen=True)
class Job:
    """What to run: everything that decides the results, and how to build it again in another process."""

    noun: str
    verb: str
    config: BaseModel
    """Hashed, except fields marked `OutsideHash`."""
    source: Iterable[BaseModel]
    """Records with a unique `id`, read lazily."""
    stage: Stage
    models: Mapping[str, ModelSpec] = field(default_factory=dict)
    prompts: Sequence[Prompt] = ()
    resume_with: str = ""
    """`module:function`, called as `function(config, **resume_args) -> Job`; `runs retry` needs it."""
    resume_args: Mapping[str, Any] = field(default_factory=dict)
    """Plain JSON: what the function needs beside the configuration, such as the absolute path of the input."""
    total: int | None = None
    """Records in `source`, for progress and time left; may be off by unusable lines. None: not known beforehand."""

    def __post_init__(self) -> None:
        for word in (self.noun, self.verb):
            if not word or not word.replace("-", "").isalnum():
                raise UsageError(f"a run is named by noun and verb, letters and digits only; got '{word}'")


class Failure(Record):
    """A record that failed: kept, counted, and taken again only by `tactful runs retry`."""

    id: str
    stage: str
    error: str
    """Class of the exception, or the outcome of the call: `ParseError`, `out_of_reach`."""
    reason: str
    attempts: int
    input_hash: str
    detail: str = ""
    """Where an exception that nobody raised on purpose came from: the innermost calls."""


@dataclass(slots=True)
class Result:
    """What became of one record, ready to be stored. Made of bytes and numbers, so it crosses processes."""

    state: RowState
    lines: bytes = b""
    """The outputs as JSON lines, each ended by a newline."""
    outputs: int = 0
    unscored: bool = False
    """At least one output says `unscored`: it counts as done, and `runs retry --unscored` takes it again."""
    stage: str = ""
    error: str = ""
    reason: str = ""
    detail: str = ""
    usage: Usage | None = None
    elapsed_s: float = 0.0


@dataclass(frozen=True)
class RunSummary:
    """How a run stands: done + failed + skipped = read."""

    folder: RunFolder
    read: int
    done: int
    failed: int
    skipped: int
    unscored: int
    """Among the done."""
    unfinished: int
    """Taken but not finished when the run stopped; `--resume` takes them again."""
    usage: Usage
    interrupted: bool
    """The run stopped before the end of its input."""
