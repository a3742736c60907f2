"""`tactful calibrate pairs`: the better and the worse action at each decision point."""

from __future__ import annotations

from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from tactful.cli.options import JsonFlag, OutOption, SkipBadFlag, finite
from tactful.cli.output import emit_json, next_command, quoted, say
from tactful.errors import DataError

if TYPE_CHECKING:
    from tactful.calibration.pairs import Order, PairSummary
    from tactful.calibration.reward.rewarding import PairRunConfig
    from tactful.data.io import Rows
    from tactful.runs import RunFolder

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
    from tactful.calibration.reward.rewards import RewardConfig, load_reward_config
    from tactful.data.io import Rows
    from tactful.runs import RunOptions, resolve_input, run_job

    path = resolve_input(source)
    chosen = config_file or _config_of_run(source)
    rewards = RewardConfig() if chosen is None else load_reward_config(chosen)
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
    folder.save_summary(result)
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
