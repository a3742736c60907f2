"""Taking failures again."""

from __future__ import annotations

from tactful.runs.read.folder import RunFolder
from tactful.runs.running.executor import Executor
from tactful.runs.running.intake import failed, failed_or_unscored
from tactful.runs.running.runner import run_job
from tactful.runs.summary import RunSummary
from tactful.runs.types import Job, RunOptions


def retry_run(
    folder: RunFolder,
    job: Job,
    *,
    unscored: bool = False,
    options: RunOptions | None = None,
    executor: Executor | None = None,
) -> RunSummary:
    """Take the failed records of `job` again, with `unscored` also those done but unscored. Others are left alone.

    `tactful.jobs.job_of(folder)` builds the job of a command. Of `options` only concurrency, budgets, cache, deadline,
    room for replies and progress count. What earlier attempts cost stays counted.

    Raises: DataError where the folder has no state, from which its outputs would be written anew; ConfigChanged when the
    job is not the one that made this run; else as `run_job`.
    """
    folder.counts()  # refuses a folder without state
    options = (options or RunOptions()).model_copy(
        update={"out": folder.path, "resume": True, "seed": folder.info().seed, "limit": None}
    )
    return run_job(job, options, executor=executor, wanted=failed_or_unscored if unscored else failed)
