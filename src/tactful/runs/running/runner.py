"""Run a stage over a source: the one way in which every pipeline works through its records."""

from __future__ import annotations

import asyncio
import shlex
from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing, suppress
from pathlib import Path
from time import monotonic

from pydantic import BaseModel

from tactful.errors import Interrupted, StopRun, TactfulError, UsageError
from tactful.llm.types import ModelSpec, Usage
from tactful.prompts import Prompt
from tactful.runs.read.export import export
from tactful.runs.read.folder import RunFolder, RunInfo, utc_now
from tactful.runs.running.executor import Executor, LocalExecutor, Work
from tactful.runs.running.intake import Intake, Wanted, not_stored
from tactful.runs.running.killed import lost_to_a_kill
from tactful.runs.running.opening import opened_run
from tactful.runs.running.progress import expected_total, open_progress, spent
from tactful.runs.running.session import Session
from tactful.runs.store.files import CannotWrite
from tactful.runs.store.known import remember
from tactful.runs.store.state import RunState
from tactful.runs.summary import RunSummary
from tactful.runs.types import Job, RunOptions, Stage

_AHEAD = 64
"""Records read ahead, at least as many as are worked on at a time."""


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
    )
    return run_job(job, options or RunOptions())


def run_job(
    job: Job, options: RunOptions, *, executor: Executor | None = None, wanted: Wanted = not_stored
) -> RunSummary:
    """Run `job`; results are stored as they come and the outputs written at the end, whatever the end is.

    `wanted` says which records of the input are worked on; the default takes those without a result.

    Raises: UsageError, RunLocked, ConfigChanged before anything runs. StopRun (Ctrl-C, a refused key, a spent
    budget), DataError of the source and UserError of a full disk after everything finished is stored; a StopRun
    says how to go on and carries the summary as `error.summary`. A new folder in which nothing was stored before
    that is removed again, unless Ctrl-C ended the run or a call was paid.
    """
    _refuse_running_loop()
    executor = executor or _executor(options)
    remember(job.models.values(), options.cache)
    with opened_run(job, options) as (folder, state, beginning):
        began, before = monotonic(), folder.info()
        info = _begun(before, options, lost_to_a_kill(job.models.values(), folder, before, state))
        folder.save_info(info)
        work = _work(job, options, folder, info, state)
        intake = Intake(
            job.source, state, limit=options.limit, wanted=wanted, ahead=max(_AHEAD, options.at_once)
        )
        total = expected_total(job.source, options.limit, job.total)
        with open_progress(options.progress, job.kind, total) as progress, closing(intake):
            if _budget_is_idle(job, options):
                progress.say(
                    "the budget does not apply: no endpoint is called, and the tokens of a rehearsal are estimates "
                    "that cost nothing"
                )
            session = Session(intake, state, executor, concurrency=options.at_once, progress=progress)
            why = asyncio.run(_worked(work, session, executor))
        if intake.at_end and why is None:
            intake.end()
        state.commit()
        if why is not None and beginning.ours and _nothing_came_of(why, state, executor):
            why.summary = _summary(folder, state, info, intake, interrupted=True)  # type: ignore[attr-defined]
            state.close()
            beginning.restore()
            raise _said_of_nothing(why)
        whole = why is None and (wanted is not_stored or before.state == "done")
        info = info.model_copy(
            update={
                "state": "done" if whole else "interrupted",
                "why_stopped": "" if why is None else str(why),
                "input_hash": state.input_hash() if whole else "",
                "ended_at": utc_now(),
                "elapsed_s": info.elapsed_s + monotonic() - began,
                "unfinished_usage": info.unfinished_usage + executor.unfinished,
                "kept_usage": info.kept_usage + executor.kept,
                "cached_prompt_tokens": info.cached_prompt_tokens + session.tally.cached_prompt_tokens,
            }
        )
        unwritten = _written(folder, info)
        summary = _summary(folder, state, info, intake, interrupted=why is not None)
        progress.say(_last_words(summary, intake))
    if why is not None:
        raise _said(why, summary, retrying=wanted is not not_stored)
    if unwritten is not None:
        raise unwritten
    return summary


def _executor(options: RunOptions) -> Executor:
    if options.executor == "local":
        return LocalExecutor()
    from tactful.runs.running.ray.executor import RayExecutor

    return RayExecutor(options.how_many_workers, options.at_once, options.ray_address)


def _refuse_running_loop() -> None:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return
    raise UsageError(
        "a run owns its event loop and cannot start inside another; in a notebook or an async function call it in "
        "a thread: await asyncio.to_thread(run_stage, ...)"
    )


def _budget_is_idle(job: Job, options: RunOptions) -> bool:
    """A budget was given, but there is nothing that it could cap."""
    given = options.budget_usd is not None or options.budget_tokens is not None
    return given and all(spec.name == "offline" for spec in job.models.values())


def _begun(info: RunInfo, options: RunOptions, lost: Usage) -> RunInfo:
    cache = str(options.cache.absolute()) if options.cache is not None else info.cache
    return info.model_copy(
        update={
            "state": "running",
            "ended_at": None,
            "sessions": info.sessions + 1,
            "session_at": utc_now(),
            "cache": cache,
            "unfinished_usage": info.unfinished_usage + lost,
        }
    )


def _work(job: Job, options: RunOptions, folder: RunFolder, info: RunInfo, state: RunState) -> Work:
    return Work(
        stage=job.stage,
        run_id=info.run_id,
        seed=info.seed,
        models={role: _for_this_session(spec, options) for role, spec in job.models.items()},
        cache_path=Path(info.cache) if info.cache else folder.calls_path.absolute(),
        budget_usd=options.budget_usd,
        budget_tokens=options.budget_tokens,
        spent=state.usage() + info.usage_beside_rows() + info.kept_usage,
    )


def _for_this_session(spec: ModelSpec, options: RunOptions) -> ModelSpec:
    """The model with the deadline and the room that this session gives; what comes back has the same identity."""
    changed = {"timeout_s": options.timeout_s, "least_max_tokens": options.least_max_tokens}
    return spec.model_copy(update={name: value for name, value in changed.items() if value is not None})


async def _worked(work: Work, session: Session, executor: Executor) -> Exception | None:
    """Work through the intake; what stopped it before the end, or None."""
    try:
        await executor.start(work)
        return await session.run()
    except TactfulError as error:
        return error
    finally:
        await executor.aclose()


def _written(folder: RunFolder, info: RunInfo) -> TactfulError | None:
    """Write the outputs and `run.json`; what went wrong with it, if anything. The state is safe in any case."""
    problem: TactfulError | None = None
    try:
        export(folder)
    except CannotWrite as error:
        problem = CannotWrite(
            f"{error}; the results are safe in run.sqlite: make room, then run "
            f"`tactful runs export {shlex.quote(str(folder.path))}`"
        )
    except TactfulError as error:
        problem = error
    with suppress(CannotWrite):  # the same full disk; `running` with no process behind it reads as `killed`
        folder.save_info(info)
    return problem


def _nothing_came_of(why: Exception, state: RunState, executor: Executor) -> bool:
    """Nothing stored, nothing paid: the folder of a new run would only be in the way. Ctrl-C keeps it."""
    paid = executor.unfinished + executor.kept
    tokens = paid.prompt_tokens + paid.completion_tokens
    return not isinstance(why, Interrupted) and state.is_empty() and tokens == 0


def _said_of_nothing(why: Exception) -> Exception:
    if isinstance(why, StopRun):
        why.args = (f"{why}; nothing was stored, so nothing stays behind: give the corrected command",)
    return why


def _summary(
    folder: RunFolder, state: RunState, info: RunInfo, intake: Intake, *, interrupted: bool
) -> RunSummary:
    usage = state.usage() + info.usage_beside_rows()
    return RunSummary.of(folder, state.counts(), usage, interrupted=interrupted, unfinished=intake.in_hand)


def _last_words(summary: RunSummary, intake: Intake) -> str:
    usage = summary.usage
    parts = [
        f"read {summary.read} = {summary.done} done + {summary.failed} failed + {summary.skipped} skipped"
    ]
    if summary.unscored:
        parts.append(f"{summary.unscored} of the done are unscored")
    if summary.unfinished:
        parts.append(f"{summary.unfinished} left unfinished")
    if intake.damaged:
        parts.append(f"{intake.damaged} stored results were damaged on the disk and taken again")
    if usage.calls or usage.cached:
        parts.append(f"{usage.calls} calls, {usage.cached} from the cache, {spent(usage)}")
    return "; ".join([*parts, str(summary.folder.path)])


def _said(why: Exception, summary: RunSummary, *, retrying: bool) -> Exception:
    """What stopped the run, with what is stored and how to go on."""
    if isinstance(why, StopRun):
        path = shlex.quote(str(summary.folder.path))
        onward = f"tactful runs retry {path}" if retrying else f"--resume --out {path}"
        why.args = (f"{why}; {summary.read} finished records are stored; go on with: {onward}",)
        why.summary = summary  # type: ignore[attr-defined]
    return why
