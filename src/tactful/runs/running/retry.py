"""Taking failures again, and building the job of a run folder once more in a later process."""

from __future__ import annotations

import importlib

from tactful.errors import ConfigError, DataError, UserError
from tactful.runs.read.folder import RunFolder
from tactful.runs.running.executor import Executor
from tactful.runs.running.intake import failed, failed_or_unscored
from tactful.runs.running.runner import run_job
from tactful.runs.types import Job, RunOptions, RunSummary

_TRUSTED = "tactful."
"""A run folder may come from someone else: only our own modules are imported on its word."""


def reopen(folder: RunFolder) -> Job:
    """The job whose results the folder holds, built by the function that the run named in `resume_with`.

    Raises: UserError when the run named none, or one outside Tactful (then pass the job to `retry_run`).
    """
    info = folder.info()
    module, _, function = info.resume_with.partition(":")
    if not module:
        raise UserError(
            f"{folder.path}: this run cannot be opened again by itself; call retry_run(folder, job=...)"
        )
    if not module.startswith(_TRUSTED):
        raise UserError(
            f"{folder.path}: run.json asks to import '{info.resume_with}', which is no part of Tactful; "
            "call retry_run(folder, job=...) from your own code"
        )
    try:
        build = getattr(importlib.import_module(module), function)
    except (ImportError, AttributeError) as error:
        raise DataError(
            f"{folder.info_path}: resume_with names '{info.resume_with}', which is not there ({error})"
        ) from error
    try:
        job = build(dict(info.config), **info.resume_args)
    except TypeError as error:
        raise DataError(
            f"{folder.info_path}: {info.resume_with} does not take what the run kept ({error})"
        ) from error
    if not isinstance(job, Job):
        raise ConfigError(f"{info.resume_with} returned a {type(job).__name__}, expected a Job")
    return job


def retry_run(
    folder: RunFolder,
    *,
    unscored: bool = False,
    job: Job | None = None,
    options: RunOptions | None = None,
    executor: Executor | None = None,
) -> RunSummary:
    """Take the failed records again, with `unscored` also those done but unscored. Others are left alone.

    Of `options` only concurrency, budgets, cache and progress count. What earlier attempts cost stays counted.

    Raises: ConfigChanged when the job is not the one that made this run; else as `run_job`.
    """
    job = job or reopen(folder)
    options = (options or RunOptions()).model_copy(
        update={"out": folder.path, "resume": True, "seed": folder.info().seed, "limit": None}
    )
    return run_job(job, options, executor=executor, wanted=failed_or_unscored if unscored else failed)
