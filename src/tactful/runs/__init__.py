"""Run folders and the runner: bounded concurrency, storing, resuming, failures, progress.

summary = run_stage(noun="calibrate", verb="rollout", config=config, source=records, stage=stage, ...)
for record in summary.folder.records(Trajectory): ...
"""

from tactful.runs.read.folder import RunFolder, RunInfo, resolve_input
from tactful.runs.result import Failure
from tactful.runs.running.retry import retry_run
from tactful.runs.running.runner import run_job, run_stage
from tactful.runs.running.source import begun, count_lines, reopening, worth_counting
from tactful.runs.store.files import atomic_write, write_atomic
from tactful.runs.summary import RunSummary
from tactful.runs.types import Context, Job, OutsideHash, RunOptions, Skip, Stage

__all__ = [
    "Context",
    "Failure",
    "Job",
    "OutsideHash",
    "RunFolder",
    "RunInfo",
    "RunOptions",
    "RunSummary",
    "Skip",
    "Stage",
    "atomic_write",
    "begun",
    "count_lines",
    "reopening",
    "resolve_input",
    "retry_run",
    "run_job",
    "run_stage",
    "worth_counting",
    "write_atomic",
]
