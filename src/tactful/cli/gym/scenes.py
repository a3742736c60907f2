"""`tactful gym scenes`: from seeds to finished scenes."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from tactful.cli.options import DryRunFlag, JsonFlag, ModelFlags, ModelOption, RunFlags, SkipBadFlag
from tactful.cli.output import emit_json, next_command, print_lines, quoted, say, tell_end, tell_forecast

if TYPE_CHECKING:
    from tactful.api.gym.scenes import ScenesRun


@dataclass(frozen=True, kw_only=True)
class ScenesRunFlags(RunFlags):
    """How the run goes on; `out` is the file that comes of it."""

    out: Annotated[
        Path, typer.Option("--out", help="File of the scenes; the run lies beside it, as scenes.run.")
    ] = Path("scenes.yaml")


def scenes(
    *,
    model: ModelOption,
    seeds: Annotated[
        str,
        typer.Option(
            "--seeds", help="Tasks to build from, in ProactiveBench's form or ours; `ours`: the bundled ones."
        ),
    ] = "ours",
    per_task: Annotated[
        int, typer.Option("--per-task", min=1, max=1000, help="Scenes built from each task.")
    ] = 1,
    from_events: Annotated[
        list[Path] | None,
        typer.Option(
            "--from-events",
            metavar="FILE",
            help="Follow the settings, habits and rhythm of real work: imported activity, traces or moments. Figures "
            "alone are sent, never what stands there. May be given several times.",
        ),
    ] = None,
    alike: Annotated[
        float,
        typer.Option("--alike", min=0.01, max=1, help="Likeness from which a scene repeats an earlier one."),
    ] = 0.8,
    form: Annotated[
        Literal["ours", "proactivebench"], typer.Option("--form", help="In which the scenes are written.")
    ] = "ours",
    at: ModelFlags,
    run: ScenesRunFlags,
    skip_bad: SkipBadFlag = False,
    dry_run: DryRunFlag = False,
    as_json: JsonFlag = False,
) -> None:
    """Build the scenes that `gym run` plays: person, place, goal and things at hand, in six steps.

    Example: `tactful gym scenes --model offline --out scenes.yaml`

    With an endpoint, three scenes a task that follow real work: `tactful gym scenes --model gpt-4.1-mini --per-task 3
    --from-events events.jsonl --out scenes.yaml --budget-usd 2`
    """
    from tactful.api.gym import scenes as building

    chosen: building.ScenesOptions = {
        **at.given(),
        **run.given(),
        "per_task": per_task,
        "from_events": from_events or None,
        "alike": alike,
        "form": form,
        "skip_bad": skip_bad,
    }
    if dry_run:
        expected = building.forecast_scenes(seeds, model=model, **chosen)
        words = f"{expected.scenes} scenes; estimated, nothing was sent:"
        tell_forecast(expected, words, [(model, expected)], as_json=as_json)
        return
    _tell(building.build_scenes(seeds, model=model, **chosen), as_json=as_json)


def _tell(run: ScenesRun, *, as_json: bool) -> None:
    told = run.details
    if as_json:
        emit_json(told)
    else:
        by_setting = ", ".join(f"{count} {name}" for name, count in told["settings"].items())
        by_lang = ", ".join(f"{count} {name}" for name, count in told["languages"].items())
        print_lines(f"{told['scenes']} scenes ({by_setting or 'none'}; {by_lang or 'none'}) in {run.path}")
        print_lines(f"{len(run.dropped)} near-duplicates dropped")
    if run.rhythm is not None:
        rhythm = run.rhythm
        pace = "" if rhythm.events_per_hour is None else f", {rhythm.events_per_hour:g} events an hour"
        say(
            f"followed {rhythm.events} events of {rhythm.sessions} sessions{pace}; nothing but figures was sent"
        )
    tell_end(run, then=", then once more with --resume")
    if run.scenes:
        next_command(f"tactful gym run {quoted(run.path)} --out runs/gym --assistant none --model offline")
