"""`tactful calibrate reward`: what each action was worth."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from tactful.cli.options import JsonFlag, JudgeFlags, RewardFlags, RunFlags, SkipBadFlag
from tactful.cli.output import emit_json, end_empty, next_command, quoted, say, tell_failures

if TYPE_CHECKING:
    from tactful.calibration.reward.information import ActionRow, Information
    from tactful.calibration.reward.rewarding import Scoring
    from tactful.calibration.reward.rewards import RewardConfig
    from tactful.data.io import Rows
    from tactful.runs import RunSummary


def reward(
    source: Annotated[
        str,
        typer.Argument(
            metavar="TRAJECTORIES", help="A rollout run, a rewarded run, or JSONL of either; `-` is stdin."
        ),
    ],
    *,
    worth: RewardFlags,
    task_score: Annotated[
        Literal["all-or-nothing", "share"] | None,
        typer.Option("--task-score", help="Coding: all tests, or the share of them; overrides --config."),
    ] = None,
    judge: JudgeFlags,
    run: RunFlags,
    skip_bad: SkipBadFlag = False,
    as_json: JsonFlag = False,
) -> None:
    """Reward trajectories: task score minus interruption cost. No model call, any number of times.

    Example: `tactful calibrate reward runs/rollout --out runs/reward`

    Rewarded input is scored again from its stored counts, without the sandbox:
    `tactful calibrate reward runs/reward --config weighted.toml --out runs/weighted`
    """
    from dataclasses import replace

    from tactful.calibration.reward.rewarding import Scoring, parse_row, reward_job
    from tactful.calibration.reward.rubric import OFFLINE_SCRIPTS
    from tactful.data.io import Rows
    from tactful.runs import begun, count_lines, resolve_input, run_job

    path = resolve_input(source)
    config = worth.config()
    if task_score is not None:
        config = config.model_copy(update={"task_score": task_score})
    spec = judge.spec(OFFLINE_SCRIPTS, run, temperature=0.0)
    rows = Rows(path, parse_row, skip_bad=skip_bad, kind="trajectory")
    scoring = Scoring(config, unsafe=worth.unsafe_exec)
    fix = "give the folder of 'tactful calibrate rollout'"
    first = begun(scoring.rewarded(rows), rows.name, what="trajectory", fix=fix)
    job = replace(reward_job(config, first, spec), total=count_lines(path))
    if str(path) != "-":
        again = {
            "source": str(path.resolve()),
            "skip_bad": skip_bad,
            "unsafe": worth.unsafe_exec,
            "judge": spec.model_dump(mode="json") if spec else None,
        }
        job = replace(job, resume_args=again)
    _report_rewards(run_job(job, run.options()), scoring, rows, config, as_json=as_json)


def _report_rewards(
    summary: RunSummary, scoring: Scoring, rows: Rows[Any], config: RewardConfig, *, as_json: bool
) -> None:
    from collections import Counter

    from tactful.calibration.reward.information import RewardLedger
    from tactful.calibration.types import Rewarded

    ledger = RewardLedger(config)
    unscored: Counter[str] = Counter()
    modes: set[str] = set()
    weak = 0
    for record in summary.folder.records(Rewarded):
        ledger.add(record)
        weak += record.weak
        modes.add(record.trajectory.mode)
        if record.unscored:
            unscored[record.unscored_reason] += 1
    table, information = ledger.rows(), ledger.information()
    result = {
        "run": str(summary.folder.path),
        "trajectories": {
            "read": summary.read,
            "done": summary.done,
            "failed": summary.failed,
            "skipped": summary.skipped,
            "unscored": sum(unscored.values()),
            "unscored_by_reason": dict(unscored),
            "weak": weak,
            "scores_reused": scoring.reused,
            "bad_lines": rows.bad,
        },
        "programs_run": scoring.distinct_runs,
        "actions": [row.model_dump(mode="json") for row in table],
        "value_of_information": [item.model_dump(mode="json") for item in information],
        "probes": [probe.model_dump(mode="json") for probe in scoring.probes],
        "usage": summary.usage.model_dump(mode="json"),
    }
    summary.folder.save_summary(result)
    if as_json:
        emit_json(result)
    else:
        _print_table(table)
        _print_information(information)
    say(
        f"{summary.read} trajectories read: {summary.done - sum(unscored.values())} rewarded, "
        f"{sum(unscored.values())} unscored, {summary.failed} failed; "
        f"{scoring.distinct_runs} programs run, {scoring.reused} stored scores reused; "
        f"{len(scoring.probes)} probes hold; in {summary.folder.path}"
    )
    if rows.bad:
        say(f"{rows.bad} unusable lines left out, the first: {rows.problems[0]}")
    for reason, count in unscored.most_common():
        say(f"unscored: {count} ({reason})")
    if weak:
        say(f"weak: {weak} task scores rest on the word of the program's own process")
    _warn_of_little(information, single=modes == {"single"})
    tell_failures(summary)
    end_empty(summary)
    if summary.done > sum(unscored.values()):
        next_command(f"tactful calibrate pairs {quoted(summary.folder.path)}")


def _print_table(rows: Iterable[ActionRow]) -> None:
    heads = ("domain", "point", "action", "futures", "tasks", "unscored", "task score", "cost", "reward")
    lines = [
        (
            row.domain,
            str(row.decision_point),
            row.action,
            str(row.items),
            str(row.groups),
            str(row.unscored),
            row.task_score.text(),
            row.interruption_cost.text(),
            row.reward.text(),
        )
        for row in rows
    ]
    widths = [max(len(line[column]) for line in (heads, *lines)) for column in range(len(heads))]
    for line in (heads, *lines):
        print("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip())
    print("Means over base tasks with 95% intervals; cost and reward count from the decision point on.")


def _print_information(items: Iterable[Information]) -> None:
    for item in items:
        if item.value.value is None:
            print(f"value of information, {item.domain}: not estimable ({item.why_not})")
            continue
        best = ", ".join(f"{action} when {cell}" for cell, action in item.best_by_cell.items())
        print(
            f"value of information, {item.domain}: {item.value.text()} "
            f"(best: {best}; best fixed action: {item.best_fixed} at {item.best_fixed_reward:.2f})"
        )


def _warn_of_little(items: Iterable[Information], *, single: bool) -> None:
    from tactful.calibration.reward.information import LITTLE

    hint = (
        "in single-turn mode an answer comes too late to help; roll out with --turns multi"
        if single
        else "try other constants, or tasks that leave more open"
    )
    for item in items:
        if item.little:
            say(
                f"warning: {item.domain}: knowing whether the request is complete gains only "
                f"{item.value.value:.3f} (below {LITTLE}) over always {item.best_fixed}: there is nothing to "
                f"learn; {hint}"
            )
