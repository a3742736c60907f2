"""`tactful calibrate reward`: what each action was worth."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from tactful.cli.options import JsonFlag, JudgeFlags, RewardFlags, RunFlags, SkipBadFlag
from tactful.cli.output import (
    emit_json,
    end_empty,
    next_command,
    print_lines,
    quoted,
    say,
    tell_bad,
    tell_failures,
)

if TYPE_CHECKING:
    from tactful.api.calibrate.reward import RewardRun
    from tactful.calibration.reward.information import Information


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
    from tactful.api.calibrate.reward import reward as rewarded

    done = rewarded(
        source,
        config=worth.config_file,
        task_score=task_score,
        unsafe_exec=worth.unsafe_exec,
        skip_bad=skip_bad,
        **judge.given(),
        **run.given(),
    )
    _report(done, _own_space(source), as_json=as_json)


def _own_space(source: str) -> str:
    """`--actions FOLDER` where the rollout was played with an action space of the user's: pairs need it for the order."""
    from tactful.runs import RunFolder

    if not (Path(source) / "run.json").is_file():
        return ""
    actions = RunFolder.open(source).info().config.get("actions", "levels")
    return "" if actions in ("levels", "clarify-execute") else f" --actions {quoted(actions)}"


def _report(run: RewardRun, space: str, *, as_json: bool) -> None:
    summary, told = run.summary, run.details
    if as_json:
        emit_json(told)
    else:
        print_lines(run.table())
        _print_information(run.information)
    counts = told["trajectories"]
    say(
        f"{summary.read} trajectories read: {summary.done - counts['unscored']} rewarded, "
        f"{counts['unscored']} unscored, {summary.failed} failed; "
        f"{told['programs_run']} programs run, {counts['scores_reused']} stored scores reused; "
        f"{len(run.probes)} probes hold; in {run.folder}"
    )
    tell_bad(run)
    for reason, count in sorted(counts["unscored_by_reason"].items(), key=lambda item: -item[1]):
        say(f"unscored: {count} ({reason})")
    if counts["weak"]:
        say(f"weak: {counts['weak']} task scores rest on the word of the program's own process")
    _warn_of_little(run.information, single=run.modes == {"single"})
    tell_failures(summary)
    end_empty(summary)
    if summary.done > counts["unscored"]:
        next_command(f"tactful calibrate pairs {quoted(run.folder)}{space}")


def _print_information(items: Iterable[Information]) -> None:
    for item in items:
        if item.value.value is None:
            print_lines(f"value of information, {item.domain}: not estimable ({item.why_not})")
            continue
        best = ", ".join(f"{action} when {cell}" for cell, action in item.best_by_cell.items())
        print_lines(
            f"value of information, {item.domain}: {item.value.short(2)} "
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
