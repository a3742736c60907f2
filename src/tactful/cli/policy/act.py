"""`tactful policy act`: the action and its probabilities for a state."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tactful.cli.options import JsonFlag, ReaderFlags, SeedOption, names_of
from tactful.cli.output import print_lines
from tactful.cli.policy.asked import LEVELS, DomainOption, QueryFlags, StateArgument, asked_states, weighed
from tactful.errors import UsageError

if TYPE_CHECKING:
    from tactful.types import Policy


def act(
    policy: Annotated[
        str,
        typer.Argument(
            metavar="POLICY",
            help="A policy file, the folder of a trained language model, or `cost`, `rule`, `random`, `always-LOW` and so on.",
        ),
    ],
    state: StateArgument = None,
    *,
    asked: QueryFlags,
    by: ReaderFlags,
    domain: DomainOption = None,
    actions: Annotated[
        str,
        typer.Option(
            "--actions", help="cost, rule, random and always-…: the actions, by commas, least asking first."
        ),
    ] = ",".join(LEVELS),
    seed: SeedOption = 0,
    as_json: JsonFlag = False,
) -> None:
    """Print the action and the probabilities for a state, one line each.

    Example: `tactful policy act policy.json --query "Write a function that cleans my list" --domain coding`

    In a dialogue: `tactful policy act policy.json --query "Book a table" --turn 1 --rejected 1`

    Without training: `tactful policy act cost --query "Book a table for us" --domain chat`

    Clarity and complexity are estimated from the text where the state does not bring them. With --json, each line
    is an object of its own.
    """
    from tactful.policy import CostPolicy
    from tactful.types import decide, seeded

    opened = _open(policy, _action_names(actions))
    items = asked_states(state, asked, opened, domain, by)
    decisions = decide(opened, [item.public() for item in items], (seeded(seed, item.id) for item in items))
    for item, decision in zip(items, decisions, strict=True):
        if as_json:
            row = {
                "id": item.id,
                **decision.model_dump(),
                "clarity": item.query_clarity,
                "complexity": item.task_complexity,
                **weighed(opened, item),
            }
            typer.echo(json.dumps(row, ensure_ascii=False))
            continue
        chances = "  ".join(f"{name} {chance:.2f}" for name, chance in decision.probabilities.items())
        why = f"clarity {item.query_clarity:.2f}  complexity {item.task_complexity:.2f}"
        if isinstance(opened, CostPolicy):
            why = opened.explain(item.public())[0]
        print_lines(f"{item.id}\t{decision.action}\t{chances}\t{why}")


def _action_names(text: str) -> tuple[str, ...]:
    names = names_of(text)
    if len(set(names)) < max(2, len(names)):
        raise UsageError(
            f"--actions '{text}': expected at least two different names by commas, least asking first"
        )
    return names


def _open(policy: str, actions: tuple[str, ...]) -> Policy:
    from tactful.policy import open_policy, read_policy

    if policy in ("rule", "random", "cost") or policy.startswith("always-"):
        return open_policy(policy, actions)
    return read_policy(Path(policy.removeprefix("policy:")))
