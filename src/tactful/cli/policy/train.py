"""`tactful policy train`: from preference pairs to a policy file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from tactful.cli.options import JsonFlag, SeedOption, SkipBadFlag
from tactful.cli.output import emit_json, next_command, quoted, say
from tactful.errors import UsageError


def train(
    pairs: Annotated[
        str,
        typer.Argument(metavar="PAIRS", help="A run of `calibrate pairs`, or JSONL of pairs; `-` is stdin."),
    ],
    *,
    out: Annotated[Path, typer.Option("--out", help="The policy file to write (JSON).")],
    head: Annotated[
        Literal["dpo", "ridge"],
        typer.Option(
            "--head", help="`dpo`: pairs weighted by margin; `ridge`: regression of rewards, to compare with."
        ),
    ] = "dpo",
    actions: Annotated[
        str | None,
        typer.Option(
            "--actions",
            help="The action space of the pairs, which orders its actions: needed for your own folder.",
        ),
    ] = None,
    l2: Annotated[
        float | None,
        typer.Option("--l2", help="Above 0; default: chosen by cross-validation over base tasks."),
    ] = None,
    folds: Annotated[int, typer.Option("--folds", min=2, help="Folds for choosing L2.")] = 5,
    seed: SeedOption = 0,
    skip_bad: SkipBadFlag = False,
    as_json: JsonFlag = False,
) -> None:
    """Train the embedded policy: a linear softmax over actions. Seconds on a CPU.

    Example: `tactful policy train runs/pairs --out policy.json`

    Train on all pairs (`calibrate pairs --select all`): best-against-worst pairs count wins, not their size.
    """
    from tactful.api.policy import train_policy

    if out.exists():
        raise UsageError(f"{out}: exists already; give --out a new name")
    policy = train_policy(pairs, head=head, actions=actions, l2=l2, folds=folds, seed=seed, skip_bad=skip_bad)
    policy.save(out)
    card = {key: value for key, value in policy.training.items() if key not in ("base_tasks", "left_out")}
    left_out = policy.training.get("left_out", {"lines": 0})
    if left_out["lines"]:
        say(f"{left_out['lines']} unusable lines left out, the first: {left_out['first']}")
    say(
        f"trained on {card['pairs']} pairs of {card['groups']} base tasks; actions {', '.join(policy.actions)}; "
        f"L2 {policy.l2:g}"
    )
    if as_json:
        emit_json(
            {"policy": str(out), "actions": policy.actions, "l2": policy.l2, "bad": left_out["lines"], **card}
        )
    next_command(f"tactful policy act {quoted(out)} --query 'Can you sort out my invoices?'")
