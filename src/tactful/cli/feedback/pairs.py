"""`tactful feedback pairs`: training data from a judged chat log."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

import typer

from tactful.cli.feedback.options import JudgedArgument, PanelConfidenceOption
from tactful.cli.options import JsonFlag, OutOption, SeedOption, SkipBadFlag
from tactful.cli.output import emit_json, print_lines, say, tell_bad

if TYPE_CHECKING:
    from tactful.feedback.training.data import TrainingData


def pairs(
    source: JudgedArgument,
    *,
    min_reward: Annotated[
        float,
        typer.Option(
            "--min-reward", min=0.001, max=1, help="Least size of a reward; 0.5 leaves pos_progress out."
        ),
    ] = 0.05,
    similar: Annotated[
        float,
        typer.Option("--similar", min=0.01, max=1, help="Least similarity of two queries for the same need."),
    ] = 0.6,
    prompt: Annotated[
        Literal["told", "query"],
        typer.Option("--prompt", help="Pairs: all that the user said on the way, or the first query alone."),
    ] = "told",
    group_by: Annotated[
        str,
        typer.Option(
            "--group-by", help="Never in two splits: `dialogue`, or a key of the log such as a user id."
        ),
    ] = "dialogue",
    valid: Annotated[
        float, typer.Option("--valid", min=0, max=0.9, help="Share of groups for validation.")
    ] = 0.1,
    test: Annotated[float, typer.Option("--test", min=0, max=0.9, help="Share of groups for testing.")] = 0.1,
    confidence: PanelConfidenceOption = None,
    seed: SeedOption = 0,
    out: OutOption = None,
    skip_bad: SkipBadFlag = False,
    as_json: JsonFlag = False,
) -> None:
    """Make training data: wanted and unwanted answers (KTO), and pairs where a need was answered twice (DPO).

    Example: `tactful feedback pairs runs/feedback --out runs/training`
    """
    from tactful.api.feedback.pairs import feedback_pairs

    done = feedback_pairs(
        source,
        min_reward=min_reward,
        similar=similar,
        prompt=prompt,
        group_by=group_by,
        valid=valid,
        test=test,
        confidence=confidence,
        seed=seed,
        out=out,
        skip_bad=skip_bad,
    )
    _tell(done, as_json=as_json)


def _tell(data: TrainingData, *, as_json: bool) -> None:
    if as_json:
        emit_json(data.as_dict())
    else:
        for path, count in data.files.items():
            print_lines(f"{count:>7}  {path}")
    found = data.found
    left_out = ", ".join(f"{count} {reason}" for reason, count in found.left_out.most_common()) or "none"
    say(f"{found.turns} turns: {found.good} wanted and {found.bad} unwanted answers; left out: {left_out}")
    links = ", ".join(f"{count} by {link}" for link, count in found.pairs.most_common())
    say(
        f"{found.pairs.total()} preference pairs{f' ({links})' if links else ''}; split by {data.config.group_by}"
    )
    for reason, count in found.pairs_left_out.most_common():
        say(f"pairs left out: {count} {reason}")
    if found.contradicting:
        say(
            f"pairs that prefer what an earlier one rejects at the same prompt, both written: {found.contradicting}"
        )
    tell_bad(data.judged)
    say(f"rows with provenance: {data.run.folder.records_path}")
