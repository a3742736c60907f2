"""Where stages run. The runner hands records in and gets `Result`s back; nothing else crosses."""

from __future__ import annotations

import asyncio
import os
import time
import traceback
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from pydantic import BaseModel
from pydantic_core import from_json

from tactful.errors import StopRun, TactfulError
from tactful.llm.types import ChatModel, ModelSpec, Usage
from tactful.runs.result import Result
from tactful.runs.types import Context, Skip, Stage
from tactful.types import tagged

if TYPE_CHECKING:
    from tactful.llm import Budget, Calls

_FRAMES = 12
_SURELY_READABLE = 150
"""Containers that a line may open without a try whether it can be read: pydantic reads 200 levels."""


@dataclass(frozen=True)
class Work:
    """What an executor needs to work on records, in this process or another. Picklable."""

    stage: Stage
    run_id: str
    seed: int
    models: Mapping[str, ModelSpec] = field(default_factory=dict)
    cache_path: Path | None = None
    budget_usd: float | None = None
    budget_tokens: int | None = None
    spent: Usage = field(default_factory=Usage)
    """What earlier sessions of this run have used of the budget."""

    @property
    def stage_name(self) -> str:
        """As failures and the progress line call it."""
        return getattr(self.stage, "__name__", None) or type(self.stage).__name__


class Executor(Protocol):
    """Runs a stage on records. `start` once, `process` any number of times concurrently, `aclose` once."""

    unfinished: Usage
    """What was paid for records that did not finish."""
    kept: Usage
    """What a budget counts beyond that: set aside for requests whose cost stayed unknown. Known when closed."""

    @property
    def standing(self) -> str:
        """Who works, for the progress line: `4 workers, 1 lost, 1 restarted`; empty where it goes without saying."""
        ...

    async def start(self, work: Work) -> None:
        """Open the models. Raises: ConfigError, EndpointRefused."""
        ...

    async def process(self, record: BaseModel) -> Result:
        """What became of `record`; a failure is a result. Raises: StopRun, when the whole run must stop."""
        ...

    async def aclose(self) -> None:
        """Close the models."""
        ...


class LocalExecutor:
    """Runs stages in the event loop of this process."""

    standing = ""

    def __init__(self) -> None:
        self.unfinished = Usage()
        self.kept = Usage()
        self._models: dict[str, ChatModel] = {}
        self._calls: Calls | None = None
        self._budget: Budget | None = None

    async def start(self, work: Work) -> None:
        """Open each model once; roles with equal specs share it."""
        self._work = work
        self._secrets = _secrets(work.models)
        if not work.models:
            return
        from tactful.llm import open_model

        self._calls, self._budget = self._shared(work)
        opened: dict[ModelSpec, ChatModel] = {}
        for role, spec in work.models.items():
            if spec not in opened:
                opened[spec] = open_model(spec, cache=self._calls, budget=self._budget)
            self._models[role] = opened[spec]

    async def process(self, record: BaseModel) -> Result:
        """Run the stage on one record and catch, here and nowhere else, whatever it raises."""
        work = self._work
        context = Context(str(record.id), work.seed, work.run_id, self._models)  # type: ignore[attr-defined]
        began = time.perf_counter()
        result: Result | None = None
        with self._meter(context) as meter:
            try:
                result = _outcome(await work.stage(record, context))
            except StopRun:
                raise
            except asyncio.CancelledError as error:
                if _asked_to_stop():
                    raise
                result = self._failure(error)
            except Exception as error:
                result = self._failure(error)
            finally:
                usage = meter.usage if meter is not None else None
                if result is None and usage is not None:
                    self.unfinished += usage
        result.usage, result.elapsed_s = usage, time.perf_counter() - began
        return result

    async def aclose(self) -> None:
        """Close every model once, then the call cache."""
        for model in {id(model): model for model in self._models.values()}.values():
            await model.aclose()
        if self._budget is not None:
            self.kept = self._budget.kept
        if self._calls is not None:
            self._calls.close()

    def _shared(self, work: Work) -> tuple[Calls | None, Budget]:
        """What all calls of the run share: where answers are kept, and what may be spent."""
        from tactful.llm import Budget, CallCache

        calls = None if work.cache_path is None else CallCache(work.cache_path)
        return calls, Budget(usd=work.budget_usd, tokens=work.budget_tokens, spent=work.spent)

    def _meter(self, context: Context) -> AbstractContextManager[Any]:
        if not self._models:
            return nullcontext()
        from tactful.llm import metered

        return metered((context.run_id, context.record_id))

    def _failure(self, error: BaseException) -> Result:
        on_purpose = isinstance(error, TactfulError)
        detail = "" if on_purpose else _where(error)
        return Result(
            state="failed",
            stage=self._work.stage_name,
            error=str(getattr(error, "outcome", None) or type(error).__name__),
            reason=_printable(str(error) or type(error).__name__, self._secrets),
            detail=_printable(detail, self._secrets),
        )


def _outcome(returned: Any) -> Result:
    """What a stage returned, as bytes. Raises TypeError for anything but records or a Skip."""
    if isinstance(returned, Skip):
        return Result(state="skipped", reason=returned.reason)
    records = (returned,) if isinstance(returned, BaseModel) else returned
    if not isinstance(records, Sequence) or not all(isinstance(item, BaseModel) for item in records):
        raise TypeError(
            f"a stage returns a record, a sequence of records or a Skip; got {type(returned).__name__}"
        )
    made: Sequence[BaseModel] = records
    return Result(
        state="done",
        lines=b"".join(map(_line, made)),
        outputs=len(made),
        unscored=any(
            _can_be_unscored(type(item)) and getattr(item, "unscored", False) is True for item in made
        ),
    )


def _line(record: BaseModel) -> bytes:
    """The record as a line that can be read again. Raises ValueError where it nests too deeply for that."""
    line = tagged(record, record.model_dump_json().encode())
    if line.count(b"{") + line.count(b"[") > _SURELY_READABLE:
        from_json(line)
    return line + b"\n"


@cache
def _can_be_unscored(kind: type[BaseModel]) -> bool:
    """Whether records of this type say `unscored`: asking each record would cost more than storing it."""
    return "unscored" in kind.model_fields or hasattr(kind, "unscored")


def _asked_to_stop() -> bool:
    """Whether the runner cancelled this task; else a cancellation is the stage's own accident."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


def _where(error: BaseException) -> str:
    """The innermost calls, outermost first: `file:line in function`, joined by ' > '."""
    frames = list(traceback.walk_tb(error.__traceback__))[-_FRAMES:]
    return " > ".join(
        f"{frame.f_code.co_filename}:{line} in {frame.f_code.co_name}" for frame, line in frames
    )


def _secrets(models: Mapping[str, ModelSpec]) -> tuple[str, ...]:
    values = {os.environ.get(spec.api_key_env, "") for spec in models.values()}
    return tuple(value for value in values if len(value) >= 8)


def _printable(text: str, secrets: tuple[str, ...]) -> str:
    """Text that can be stored: keys masked, lone surrogates escaped."""
    for secret in secrets:
        text = text.replace(secret, "[key]")
    return text.encode("utf-8", "backslashreplace").decode()
