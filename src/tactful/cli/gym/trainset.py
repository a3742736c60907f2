"""`tactful gym trainset`: what an assistant should have said, for its training."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tactful.cli.options import DryRunFlag, JsonFlag, JudgeEndpointFlags, ModelFlags, RunFlags, SkipBadFlag
from tactful.cli.output import emit_json, next_command, print_lines, quoted, say, tell_end, tell_forecast

if TYPE_CHECKING:
    from tactful.api.gym.trainset import TrainsetRun

_SHARE = {"min": 0.0, "max": 0.9}


def trainset(
    run_or_file: Annotated[
        Path, typer.Argument(metavar="RUN", help="A run of `gym run`, or a file of episodes.")
    ],
    *,
    judge: Annotated[
        str,
        typer.Option(
            "--judge",
            help="Who accepts: `user` (the simulated one), `reward:FOLDER` (a trained reward model), or a model's name; "
            "`offline` rehearses.",
        ),
    ],
    model: Annotated[
        str, typer.Option("--model", help="Who proposes: a model's name, or `offline` for the rehearsal.")
    ],
    tries: Annotated[int, typer.Option("--tries", min=1, help="Most candidates at a point.")] = 15,
    points: Annotated[
        int, typer.Option("--points", min=1, help="Most event prefixes of an episode, drawn by the seed.")
    ] = 12,
    votes: Annotated[
        int, typer.Option("--votes", min=1, help="--judge MODEL: verdicts asked for of each candidate.")
    ] = 1,
    validation: Annotated[
        float, typer.Option("--validation", **_SHARE, help="Share of the groups of scenes that validate.")
    ] = 0.1,
    test: Annotated[
        float, typer.Option("--test", **_SHARE, help="Share of the groups of scenes held out.")
    ] = 0.1,
    max_tokens_row: Annotated[
        int,
        typer.Option(
            "--max-tokens-row",
            min=256,
            help="Most tokens of a row, prompt and answer: of longer ones whole events go, the oldest first.",
        ),
    ] = 4096,
    tokenizer: Annotated[
        Path | None,
        typer.Option(
            "--tokenizer",
            help="Count tokens by this tokenizer.json, or a model's folder; else they are estimated.",
        ),
    ] = None,
    max_chars: Annotated[
        int, typer.Option("--max-chars", min=500, help="Most characters of events that --model is sent.")
    ] = 12_000,
    at: ModelFlags,
    judge_at: JudgeEndpointFlags,
    run: RunFlags,
    skip_bad: SkipBadFlag = False,
    dry_run: DryRunFlag = False,
    as_json: JsonFlag = False,
) -> None:
    """Sample what an assistant could say at event prefixes until a judge accepts it, and write rows to train on.

    Example: `tactful gym trainset runs/gym --judge user --model offline --out runs/trainset`

    Silence is a candidate like any other. Written are SFT conversations, preference pairs and labelled moments, split by
    groups of scenes, with the judge's name in every row: to measure by the same judge what was trained on them is refused.
    """
    from tactful.api.gym import trainset as making

    chosen: making.TrainsetOptions = {
        "judge_base_url": judge_at.judge_base_url,
        "judge_api_key_env": judge_at.judge_api_key_env,
        "votes": votes,
        "tries": tries,
        "points": points,
        "max_chars": max_chars,
        "max_tokens_row": max_tokens_row,
        "tokenizer": tokenizer,
        "validation": validation,
        "test": test,
        "skip_bad": skip_bad,
        **at.given(),
        **run.given(),
    }
    if dry_run:
        expected = making.forecast_trainset(run_or_file, judge=judge, model=model, **chosen)
        words = (
            f"{expected.points} points at {expected.tries} tries each, at most {expected.most_calls} calls but for replies "
            "asked again; estimated, nothing was sent:"
        )
        tell_forecast(expected, words, [(model, expected)], as_json=as_json)
        return
    _tell(making.trainset(run_or_file, judge=judge, model=model, **chosen), as_json=as_json)


def _tell(done: TrainsetRun, *, as_json: bool) -> None:
    from tactful.gym.trainset.telling import trainset_lines
    from tactful.gym.trainset.writing import MANIFEST, PRODUCTS

    if as_json:
        emit_json(done.details)
    else:
        print_lines(*trainset_lines(done.made))
    if done.made.generator == "offline":
        say("a rehearsal: set phrases were proposed, no language model read anything")
    tell_end(done, "; then give this command again with --resume, which writes the files anew")
    parts = done.made.parts.values()
    there = [name for name, rows in PRODUCTS.items() if any(getattr(part, rows) for part in parts)]
    say(", ".join([f"written: {done.folder / MANIFEST}", *(f"{name}/" for name in there)]))
    if "sft" in there:
        longest = f"--max-length {done.made.max_tokens} --too-long leave-out"
        next_command(f"tactful train sft {quoted(done.folder)} --model smollm2 {longest} --out assistant")
