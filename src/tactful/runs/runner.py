"""Run a stage over a source: the one way in which every pipeline works through its records."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from pydantic import BaseModel

from tactful.errors import StopRun, TactfulError, UserError
from tactful.llm.types import ModelSpec, Usage
from tactful.prompts import Prompt
from tactful.runs.executor import Executor, LocalExecutor, Work
from tactful.runs.export import export
from tactful.runs.files import make_private_file
from tactful.runs.folder import RunFolder, RunInfo, monotonic, utc_now
from tactful.runs.intake import Intake, Wanted, not_stored
from tactful.runs.opening import opened_run
from tactful.runs.progress import PlainProgress, Progress
from tactful.runs.session import Session
from tactful.runs.state import RunState
from tactful.runs.types import Job, RunOptions, RunSummary, Stage


def run_stage(
    *,
    noun: str,
    verb: str,
    config: BaseModel,
    source: Iterable[BaseModel],
    stage: Stage,
    models: Mapping[str, ModelSpec] | None = None,
    prompts: Sequence[Prompt] = (),
    options: RunOptions | None = None,
    resume_with: str = "",
    resume_args: Mapping[str, Any] | None = None,
) -> RunSummary:
    """Run `stage` on every record of `source` into a run folder. Owns the event loop, Ctrl-C and progress.

    See `Job` for the arguments and `run_job` for what is raised.
    """
    job = Job(
        noun=noun,
        verb=verb,
        config=config,
        source=source,
        stage=stage,
        models=models or {},
        prompts=prompts,
        resume_with=resume_with,
        resume_args=resume_args or {},
    )
    return run_job(job, options or RunOptions())


def run_job(
    job: Job, options: RunOptions, *, executor: Executor | None = None, wanted: Wanted = not_stored
) -> RunSummary:
    """Run `job`; results are stored as they come and the outputs written at the end, whatever the end is.

    Raises: UsageError, RunLocked, ConfigChanged before anything runs. StopRun (Ctrl-C, a refused key, a spent
    budget), DataError of the source and UserError of a full disk after everything finished is stored; a StopRun
    carries the summary as `error.summary` and says how to go on.
    """
    with opened_run(job, options) as (folder, state):
        began, info = monotonic(), folder.info()
        info = info.model_copy(update={"state": "running", "ended_at": None, "sessions": info.sessions + 1})
        folder.save_info(info)
        executor = executor or LocalExecutor()
        intake = Intake(job.source, state, limit=options.limit, wanted=wanted)
        progress = Progress() if options.progress == "off" else PlainProgress(f"{job.noun} {job.verb}")
        why = asyncio.run(_worked(job, options, folder, state, info, executor, intake, progress))
        if intake.at_end and why is None:
            intake.end()
        summary = _closed(folder, state, info, intake, executor.unfinished, why, monotonic() - began)
    if why is not None:
        raise _said(why, summary)
    return summary


async def _worked(
    job: Job,
    options: RunOptions,
    folder: RunFolder,
    state: RunState,
    info: RunInfo,
    executor: Executor,
    intake: Intake,
    progress: Progress,
) -> Exception | None:
    spent = state.usage() + info.unfinished_usage
    cache_path = options.cache or folder.calls_path
    if job.models:
        make_private_file(cache_path)
    work = Work(
        stage=job.stage,
        run_id=info.run_id,
        seed=info.seed,
        models=job.models,
        cache_path=cache_path,
        budget_usd=_left(options.budget_usd, spent.cost_usd),
        budget_tokens=_left(options.budget_tokens, spent.prompt_tokens + spent.completion_tokens),
    )
    try:
        await executor.start(work)
        return await Session(
            intake, state, executor, concurrency=options.concurrency, progress=progress
        ).run()
    except TactfulError as error:
        return error
    finally:
        await executor.aclose()


def _left(budget: Any, spent: Any) -> Any:
    return None if budget is None else max(0, budget - (spent or 0))


def _closed(
    folder: RunFolder,
    state: RunState,
    info: RunInfo,
    intake: Intake,
    unfinished: Usage,
    why: Exception | None,
    elapsed_s: float,
) -> RunSummary:
    """Write the outputs and `run.json`, and sum up."""
    counts = state.counts()
    info = info.model_copy(
        update={
            "state": "done" if why is None else "interrupted",
            "why_stopped": "" if why is None else str(why),
            "input_hash": _input_hash(state) if intake.at_end and why is None else info.input_hash,
            "ended_at": utc_now(),
            "elapsed_s": info.elapsed_s + elapsed_s,
            "unfinished_usage": info.unfinished_usage + unfinished,
        }
    )
    try:
        export(folder)
        folder.save_info(info)
    except OSError as error:
        if why is None:
            raise UserError(
                f"{folder.path}: the outputs could not be written ({error.strerror}); the results are safe in "
                f"run.sqlite: make room, then run `tactful runs export {folder.path}`"
            ) from error
    return RunSummary(
        folder=folder,
        read=counts.read,
        done=counts.done,
        failed=counts.failed,
        skipped=counts.skipped,
        unscored=counts.unscored,
        unfinished=intake.in_hand,
        usage=state.usage() + info.unfinished_usage,
        interrupted=why is not None,
    )


def _input_hash(state: RunState) -> str:
    digest = hashlib.sha256()
    for row in state.rows():
        digest.update(f"{row.record_id}\x1f{row.record_hash}\n".encode())
    return digest.hexdigest()[:32]


def _said(why: Exception, summary: RunSummary) -> Exception:
    """What stopped the run, with what is stored and how to go on."""
    if isinstance(why, StopRun):
        left = f", {summary.unfinished} left unfinished" if summary.unfinished else ""
        why.args = (
            f"{why}; {summary.read} records are stored{left}; go on with: --resume --out {summary.folder.path}",
        )
        why.summary = summary  # type: ignore[attr-defined]
    return why
