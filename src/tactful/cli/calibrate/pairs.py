"""`tactful calibrate pairs`: the better and the worse action at each decision point."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from tactful.cli.options import JsonFlag, OutOption, SkipBadFlag, finite
from tactful.cli.output import emit_json, next_command, quoted, say, tell_bad

if TYPE_CHECKING:
    from tactful.api.calibrate.pairs import PairsRun


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
    from tactful.api.calibrate.pairs import pairs as make

    run = make(
        source,
        select=select,
        min_margin=min_margin,
        view=view,
        repeats=repeats,
        config=config_file,
        actions=actions,
        out=out,
        skip_bad=skip_bad,
    )
    _report(run, view=view, actions=actions, as_json=as_json)


def _report(run: PairsRun, *, view: str, actions: str | None, as_json: bool) -> None:
    summary = run.made
    if as_json:
        emit_json(run.details)
    say(f"{summary.pairs} pairs from {summary.done} of {summary.read} decision points; in {run.folder}")
    dropped = ", ".join(f"{count} {reason}" for reason, count in summary.dropped.most_common())
    if dropped:
        say(f"decision points dropped: {dropped}")
    if summary.small_pairs:
        say(f"pairs below the margin: {summary.small_pairs}")
    if summary.unscored_trajectories:
        say(f"unscored trajectories: {summary.unscored_trajectories} of {summary.trajectories}")
    if summary.same_text:
        say(f"pairs whose two messages are identical: {summary.same_text}")
    tell_bad(run)
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
        space = "" if actions is None else f" --actions {quoted(actions)}"
        next_command(f"tactful policy train {quoted(run.folder)}{space} --out policy.json")
