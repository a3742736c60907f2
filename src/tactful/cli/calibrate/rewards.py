"""`tactful calibrate reward` and `tactful calibrate pairs`: what each action was worth, and which was better."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from tactful.cli.common import (
    ApiKeyEnvOption,
    BaseUrlOption,
    BudgetTokensOption,
    BudgetUsdOption,
    CacheOption,
    ConcurrencyOption,
    JsonFlag,
    LimitOption,
    OutOption,
    ResumeFlag,
    SeedOption,
    SkipBadFlag,
    begun,
    count_lines,
    emit_json,
    end_empty,
    finite,
    model_spec,
    next_command,
    quoted,
    say,
    tell_failures,
)
from tactful.errors import DataError

if TYPE_CHECKING:
    from tactful.calibration.pairs import Order, PairSummary
    from tactful.calibration.reward.information import ActionRow, Information
    from tactful.calibration.reward.rewarding import PairRunConfig, Scoring
    from tactful.calibration.reward.rewards import RewardConfig
    from tactful.data.io import Rows
    from tactful.llm import ModelSpec
    from tactful.runs import RunFolder, RunSummary

_MOVES = {
    "few_repeats": "--select mean averages {repeats} repeats of every action: roll out with --passes {repeats}, "
    "or lower --repeats",
    "one_action": "roll out with branches (--turns multi), so that actions can be compared",
    "duplicate_action": "the file holds the same rollout twice: leave one out",
    "unscored": "see why in the reward run, then: tactful runs retry RUN --unscored",
    "tie": "the actions are worth the same here: take tasks that leave more open, or other reward constants",
    "small_margin": "rewards differ by less than {margin:g}: lower --min-margin",
}
"""What to do when most decision points are dropped for a reason."""


def register(calibrate: typer.Typer) -> None:
    """Add the verbs `reward` and `pairs` to the noun `calibrate`."""
    calibrate.command("reward")(reward)
    calibrate.command("pairs")(pairs)


# ---------------------------------------------------------------- reward


def reward(
    source: Annotated[
        str,
        typer.Argument(
            metavar="TRAJECTORIES", help="A rollout run, a rewarded run, or JSONL of either; `-` is stdin."
        ),
    ],
    config_file: Annotated[
        Path | None, typer.Option("--config", help="TOML with the reward's form and constants.")
    ] = None,
    task_score: Annotated[
        Literal["all-or-nothing", "share"] | None,
        typer.Option("--task-score", help="Coding: all tests, or the share of them; overrides --config."),
    ] = None,
    judge_model: Annotated[
        str | None,
        typer.Option("--judge-model", help="Let this model judge tasks without tests, by a rubric."),
    ] = None,
    base_url: BaseUrlOption = None,
    api_key_env: ApiKeyEnvOption = "OPENAI_API_KEY",
    unsafe_exec: Annotated[
        bool,
        typer.Option("--unsafe-exec", help="Run solutions without a cage where none is at hand: dangerous."),
    ] = False,
    seed: SeedOption = 0,
    concurrency: ConcurrencyOption = 32,
    out: OutOption = None,
    resume: ResumeFlag = False,
    limit: LimitOption = None,
    cache: CacheOption = None,
    budget_usd: BudgetUsdOption = None,
    budget_tokens: BudgetTokensOption = None,
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
    from tactful.data.io import Rows
    from tactful.runs import RunOptions, resolve_input, run_job

    path = resolve_input(source)
    config = _reward_config(config_file)
    if task_score is not None:
        config = config.model_copy(update={"task_score": task_score})
    judge = _judge(judge_model, base_url, api_key_env, seed, concurrency)
    rows = Rows(path, parse_row, skip_bad=skip_bad, kind="trajectory")
    scoring = Scoring(config, unsafe=unsafe_exec)
    fix = "give the folder of 'tactful calibrate rollout'"
    first = begun(scoring.rewarded(rows), rows.name, what="trajectory", fix=fix)
    job = replace(reward_job(config, first, judge), total=count_lines(path))
    if str(path) != "-":
        again = {
            "source": str(path.resolve()),
            "skip_bad": skip_bad,
            "unsafe": unsafe_exec,
            "judge": judge.model_dump(mode="json") if judge else None,
        }
        job = replace(job, resume_with="tactful.calibration.reward.rewarding:retry_reward", resume_args=again)
    options = RunOptions(
        out=out,
        resume=resume,
        concurrency=concurrency,
        budget_usd=budget_usd,
        budget_tokens=budget_tokens,
        cache=cache,
        seed=seed,
        limit=limit,
    )
    _report_rewards(run_job(job, options), scoring, rows, config, as_json=as_json)


def _judge(
    name: str | None, base_url: str | None, api_key_env: str, seed: int, concurrency: int
) -> ModelSpec | None:
    if name is None:
        return None
    from tactful.calibration.reward.rubric import OFFLINE_SCRIPTS

    return model_spec(
        name,
        scripts=OFFLINE_SCRIPTS,
        seed=seed,
        base_url=base_url,
        api_key_env=api_key_env,
        temperature=0.0,
        concurrency=concurrency,
    )


def _reward_config(path: Path | None) -> RewardConfig:
    from tactful.calibration.reward.rewards import RewardConfig, load_reward_config

    return RewardConfig() if path is None else load_reward_config(path)


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
    _save_summary(summary.folder, result)
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


# ---------------------------------------------------------------- pairs


def pairs(
    source: Annotated[
        str, typer.Argument(metavar="REWARDED", help="A reward run, or its JSONL; `-` is stdin.")
    ],
    select: Annotated[
        Literal["best-worst", "all", "adjacent", "mean"],
        typer.Option(
            "--select",
            help="`best-worst`, every two actions, neighbours in intensity, or every two `mean`s of repeats.",
        ),
    ] = "best-worst",
    min_margin: Annotated[
        float,
        typer.Option("--min-margin", min=0, callback=finite, help="Drop pairs whose rewards differ by less."),
    ] = 0.05,
    view: Annotated[
        Literal["full", "policy"],
        typer.Option("--view", help="`policy` leaves out the persona, which no policy sees."),
    ] = "full",
    repeats: Annotated[
        int, typer.Option("--repeats", min=2, help="mean: passes that every action needs.")
    ] = 4,
    config_file: Annotated[
        Path | None,
        typer.Option("--config", help="The reward configuration; default: that of the reward run."),
    ] = None,
    actions: Annotated[
        str | None, typer.Option("--actions", help="Folder of your own action space, for the actions' order.")
    ] = None,
    out: OutOption = None,
    skip_bad: SkipBadFlag = False,
    as_json: JsonFlag = False,
) -> None:
    """Make preference pairs: the better and the worse action at each decision point.

    Example: `tactful calibrate pairs runs/reward --out runs/pairs`

    To train a policy on everything: `tactful calibrate pairs runs/reward --select all --view policy`
    """
    from tactful.calibration.pairs import PairMaker
    from tactful.calibration.reward.rewarding import PairRunConfig, pairs_job, parse_rewarded
    from tactful.data.io import Rows
    from tactful.runs import RunOptions, resolve_input, run_job

    path = resolve_input(source)
    rewards = _reward_config(config_file or _config_of_run(source))
    config = PairRunConfig(select=select, min_margin=min_margin, view=view, repeats=repeats, reward=rewards)
    maker = PairMaker(config, rewards, _order(actions))
    rows = Rows(path, parse_rewarded, skip_bad=skip_bad, kind="rewarded trajectory")
    for record in rows:
        maker.add(record)
    if not maker.summary.trajectories:
        fix = "give the folder of 'tactful calibrate reward'"
        raise DataError.at(rows.name, None, "holds no rewarded trajectory", fix=fix)
    made = maker.pairs()
    first = next(made, None)
    if first is None:
        raise _no_pair(rows.name, maker.summary, config)
    summary = run_job(pairs_job(config, chain((first,), made)), RunOptions(out=out))
    _report_pairs(summary.folder, maker.summary, rows, view=view, as_json=as_json)


def _no_pair(path: str, summary: PairSummary, config: PairRunConfig) -> DataError:
    """Why nothing is left, and what would help against the most frequent reason."""
    counted = ", ".join(f"{count} {reason}" for reason, count in summary.dropped.most_common())
    most = summary.dropped.most_common(1)[0][0] if summary.dropped else ""
    fix = _MOVES.get(most, "roll out more states").format(repeats=config.repeats, margin=config.min_margin)
    problem = f"gives no pair; of {summary.read} decision points were dropped: {counted or 'none'}"
    return DataError.at(path, None, problem, fix=fix)


def _config_of_run(source: str) -> Path | None:
    """The configuration that a reward run was made with; None for a file. Raises DataError for another run."""
    from tactful.runs import RunFolder

    if not Path(source).is_dir():
        return None
    folder = RunFolder.open(source)
    info = folder.info()
    if (info.noun, info.verb) != ("calibrate", "reward"):
        raise DataError(
            f"{source}: is a run of '{info.noun} {info.verb}', expected one of 'calibrate reward'; "
            f"run: tactful calibrate reward {quoted(source)}"
        )
    return folder.config_path


def _order(actions: str | None) -> Order | None:
    if actions is None:
        return None
    from tactful.calibration.play.actions import load_action_space

    return lambda space, domain: load_action_space(actions, domain).names


def _report_pairs(
    folder: RunFolder, summary: PairSummary, rows: Rows[Any], *, view: str, as_json: bool
) -> None:
    result = {"run": str(folder.path), **summary.as_dict(), "bad_lines": rows.bad}
    _save_summary(folder, result)
    if as_json:
        emit_json(result)
    say(f"{summary.pairs} pairs from {summary.done} of {summary.read} decision points; in {folder.path}")
    dropped = ", ".join(f"{count} {reason}" for reason, count in summary.dropped.most_common())
    if dropped:
        say(f"decision points dropped: {dropped}")
    if summary.small_pairs:
        say(f"pairs below the margin: {summary.small_pairs}")
    if summary.unscored_trajectories:
        say(f"unscored trajectories: {summary.unscored_trajectories} of {summary.trajectories}")
    if summary.same_text:
        say(f"pairs whose two messages are identical: {summary.same_text}")
    if rows.bad:
        say(f"{rows.bad} unusable lines left out, the first: {rows.problems[0]}")
    if view == "policy" and summary.contradicting_share is not None:
        say(
            f"contradicting pairs: {summary.contradicting} ({summary.contradicting_share:.1%}): another pair "
            "has the same public state and the same two actions and prefers the other"
        )
    for row in summary.misleading:
        better, worse = (row.first, row.second) if row.won > row.lost else (row.second, row.first)
        won, lost = max(row.won, row.lost), min(row.won, row.lost)
        say(
            f"warning: {row.domain}: best against worst prefers {better} to {worse} ({won} to {lost}), but the mean "
            f"reward of {worse} is higher by {abs(row.mean_difference):.3f} ({row.groups} decision points): it "
            "counts wins, not their size; train on --select all or mean"
        )
    if summary.pairs:
        next_command(f"tactful policy train {quoted(folder.path)}")


def _save_summary(folder: RunFolder, result: dict[str, Any]) -> None:
    """`summary.json` beside the records: what was printed, for reports."""
    import json

    from tactful.runs import write_atomic

    text = json.dumps(result, ensure_ascii=False, indent=2)
    write_atomic(folder.path / "summary.json", (text.encode(), b"\n"))
