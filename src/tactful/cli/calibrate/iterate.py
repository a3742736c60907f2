"""`tactful calibrate iterate`: the loop, round after round."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, cast

import typer

from tactful.cli.options import (
    ActionsOption,
    CacheOption,
    ConcurrencyOption,
    ExecutorFlags,
    JsonFlag,
    ModelFlags,
    ModelOption,
    RewardFlags,
    SeedOption,
    UserModelOption,
)
from tactful.cli.output import emit_json, next_command, print_lines, quoted, say

if TYPE_CHECKING:
    from tactful.api.calibrate.iterate import IterateOptions


def iterate(
    source: Annotated[
        str,
        typer.Argument(
            metavar="STATES", help="`coding`, `planning`, or a file of states with what checks them."
        ),
    ],
    *,
    model: ModelOption,
    out: Annotated[
        Path, typer.Option("--out", help="Folder of the loop; one that was begun is gone on with.")
    ],
    rounds: Annotated[int, typer.Option("--rounds", min=1, help="At most so many, in all.")] = 3,
    n: Annotated[
        int | None, typer.Option("--n", min=2, help="Tasks that are drawn of a domain; default: 60.")
    ] = None,
    held_out: Annotated[
        float,
        typer.Option(
            "--held-out", min=0.05, max=0.9, help="Share of the base tasks that is only measured on."
        ),
    ] = 0.3,
    start: Annotated[
        str, typer.Option("--start", help="Who plays the first round: `random`, `rule` or `policy:PATH`.")
    ] = "random",
    train: Annotated[
        Literal["embedded", "dpo"],
        typer.Option("--train", help="The embedded policy, or a language model by DPO (extra [train])."),
    ] = "embedded",
    base: Annotated[
        str | None,
        typer.Option("--base", help="--train dpo: a name on the Hub, a folder, a .gguf file, or `smollm2`."),
    ] = None,
    train_config: Annotated[
        Path | None,
        typer.Option(
            "--train-config",
            help="--train dpo: TOML as `train dpo --config` takes it; `seed` and `learn` are the loop's.",
        ),
    ] = None,
    actions: ActionsOption = "levels",
    worth: RewardFlags,
    passes: Annotated[
        int,
        typer.Option("--passes", min=1, help="Repeats of each task with fresh luck, played and measured."),
    ] = 1,
    user_model: UserModelOption = "rules",
    at: ModelFlags,
    seed: SeedOption = 0,
    concurrency: ConcurrencyOption = 32,
    cache: CacheOption = None,
    on: ExecutorFlags,
    as_json: JsonFlag = False,
) -> None:
    """Roll out the current policy, reward, pair, train, measure on held-out tasks; and again while it gains.

    Example: `tactful calibrate iterate coding --model offline --rounds 3 --out runs/loop`

    Stops where the interval of the paired gain contains 0. A killed loop goes on at its last finished step with the same
    command. Each round trains anew on the pairs of all rounds; `iterate.json` keeps the figures.
    """
    from tactful.api.calibrate.iterate import iterate as looped

    chosen: IterateOptions = {
        "n": n,
        "held_out": held_out,
        "start": start,
        "train": train,
        "base": base,
        "train_config": train_config,
        "actions": actions,
        "config": worth.config_file,
        "unsafe_exec": worth.unsafe_exec,
        "passes": passes,
        "user_model": user_model,
        "seed": seed,
        "concurrency": concurrency,
        "cache": cache,
        "say": say,
    }
    chosen.update(cast("IterateOptions", {**at.given(), **on.chosen()}))
    loop = looped(source, model=model, rounds=rounds, out=out, **chosen)
    if as_json:
        emit_json({"folder": str(out), "policy": loop.policy, **loop.found.model_dump(mode="json")})
    else:
        print_lines(*str(loop.table()).splitlines())
    say(
        loop.found.stopped
        or f"all {len(loop.found.rounds)} rounds gained; more: --rounds {len(loop.found.rounds) + 1}"
    )
    if model == "offline":
        say("A rehearsal, not a language model, spoke.")
    if loop.policy is None:
        say("no round showed a gain: there is no policy to keep")
    else:
        next_command(f"tactful policy explain {quoted(loop.policy)}")
