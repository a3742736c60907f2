"""`tactful gym run`: scenes become episodes of people at work and an assistant that offers help."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast

import typer

from tactful.cli.options import DryRunFlag, JsonFlag, ModelFlags, ModelOption, RunFlags, StrictFlag, finite
from tactful.cli.output import emit_json, next_command, print_lines, quoted, tell_end, tell_forecast

if TYPE_CHECKING:
    from tactful.api.gym.run import GymRun


@dataclass(frozen=True, kw_only=True)
class PlayFlags:
    """Who plays which part, how long, and what errors cost."""

    assistant: Annotated[
        str | None,
        typer.Option(
            "--assistant",
            help="Who decides on offers: `none`, `always`, `every:N`, `gate:FOLDER`, `policy:PATH`, or a model by "
            "its own judgement; default: --model.",
        ),
    ] = None
    proposer: Annotated[
        str | None,
        typer.Option(
            "--proposer", help="Words the offers where a rule, gate or policy decides; default: --model."
        ),
    ] = None
    user: Annotated[
        str | None, typer.Option("--user", help="Plays the person; `offline` is rules. Default: --model.")
    ] = None
    environment: Annotated[
        str | None,
        typer.Option("--environment", help="Plays the surroundings; `offline` is rules. Default: --model."),
    ] = None
    rounds: Annotated[int, typer.Option("--rounds", min=1, help="Most rounds of an episode.")] = 60
    max_events: Annotated[
        int, typer.Option("--max-events", min=1, help="An episode ends when it has so many.")
    ] = 200
    questions: Annotated[
        int,
        typer.Option("--questions", min=0, help="Most questions about the surroundings before work begins."),
    ] = 3
    operations: Annotated[
        int, typer.Option("--operations", min=0, help="Most steps in which an accepted offer is carried out.")
    ] = 3
    passes: Annotated[int, typer.Option("--passes", min=1, help="Times that every scene is played.")] = 1
    people: Annotated[
        Path | None,
        typer.Option(
            "--people",
            help="TOML with [[person]] tables, who work in turn; default: somebody drawn for each play.",
        ),
    ] = None
    parameters: Annotated[
        Path | None,
        typer.Option("--parameters", help="TOML over the table of what the rules suppose about people."),
    ] = None
    max_chars: Annotated[
        int, typer.Option("--max-chars", min=500, help="Most characters of what has happened in a prompt.")
    ] = 12_000
    cost_false_alarm: Annotated[
        float,
        typer.Option(
            "--cost-false-alarm",
            min=0,
            callback=finite,
            help="In the utility of the summary: of an offer that is not accepted; an accepted one is worth 1.",
        ),
    ] = 1.0
    cost_miss: Annotated[
        float,
        typer.Option(
            "--cost-miss",
            min=0,
            callback=finite,
            help="In the utility of the summary: of a round in which help was wanted and none offered.",
        ),
    ] = 0.0


def run(
    scenes: Annotated[
        str,
        typer.Argument(
            metavar="SCENES",
            help="Scenes in YAML or JSONL, ours or ProactiveBench's; a run that made some; or `bundled`.",
        ),
    ],
    *,
    model: ModelOption,
    playing: PlayFlags,
    at: ModelFlags,
    flags: RunFlags,
    strict: StrictFlag = False,
    dry_run: DryRunFlag = False,
    as_json: JsonFlag = False,
) -> None:
    """Play scenes: somebody works, things happen, an assistant offers help, and it is accepted or not.

    Example: `tactful gym run bundled --model offline --assistant every:5 --out runs/gym`

    With an endpoint: `tactful gym run scenes.yaml --model gpt-4.1-mini --assistant gate:MODEL --budget-usd 2`
    """
    from tactful.api.gym import run as gym

    play = {**asdict(playing), "assistant": playing.assistant or model, "strict": strict}
    chosen = cast("gym.PlayOptions", {**play, **at.given(), **flags.given()})
    if dry_run:
        expected = gym.forecast_play(scenes, model=model, **chosen)
        words = f"{expected.plays} plays, each to its last round and every offer taken; nothing was sent:"
        if not expected.roles:
            words = f"{expected.plays} plays by rules; no model is asked"
        roles = [(f"{one.role} {one.model}", one) for one in expected.roles]
        tell_forecast(expected, words, roles, as_json=as_json)
        return
    _tell(gym.play(scenes, model=model, **chosen), as_json=as_json)


def _tell(run: GymRun, *, as_json: bool) -> None:
    if as_json:
        emit_json(run.details)
    else:
        print_lines(*run.made.lines())
    tell_end(run)
    if run.made.groups > 1:
        next_command(f"tactful reward train {quoted(run.folder)} --out MODEL")
    elif run.made.episodes:  # a model is trained on some scenes and calibrated on others
        next_command(f"tactful gym show {quoted(run.folder)}")
