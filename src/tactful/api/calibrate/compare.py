"""Several evaluations of the same tasks in one table."""

from __future__ import annotations

from pathlib import Path

from tactful.api.calibrate.evaluate import EvaluationRun
from tactful.api.tables import Table
from tactful.errors import UsageError


def compare(*runs: EvaluationRun | Path | str) -> Table:
    """Every policy of every run, with its paired difference in reward to the same policy in the first run.

    Paired by task, user and pass, intervals (95%) by base task; users of training only. Runs are called by their model
    where all have different ones, else by their folder.

    Raises UsageError for fewer than two runs, or runs of other tasks than the first; DataError where a run has no
    `outcomes.json` (measured before there were any: measure again with `resume=True`).
    """
    from tactful.evaluation.policies.compare import compared, read_outcomes
    from tactful.evaluation.policies.report import read_evaluation

    folders = [Path(run) for run in runs]
    if len({folder.resolve() for folder in folders}) < max(2, len(folders)):
        raise UsageError("a comparison needs two different runs or more")
    found = [(read_evaluation(folder), read_outcomes(folder)) for folder in folders]
    models = [evaluation.provenance.model for evaluation, _ in found]
    called = [folder.name for folder in folders]
    if all(models) and len(set(models)) == len(models):
        called = models
    elif len(set(called)) < len(called):
        called = [str(folder) for folder in folders]
    rows = compared(dict(zip(called, found, strict=True)))
    cells = [
        (row.run, row.policy, row.reward.text(), "" if row.difference is None else row.difference.text())
        for row in rows
    ]
    return Table(
        ("run", "policy", "reward", f"minus {called[0]}"),
        cells,
        [row.model_dump(mode="json") for row in rows],
        "Differences are paired by task, user and pass; 95% intervals by base task.",
    )
