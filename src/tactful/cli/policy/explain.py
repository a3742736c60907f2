"""`tactful policy explain`: what the policy weighs, and why it decides so."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tactful.cli.options import JsonFlag, ReaderFlags
from tactful.cli.output import emit_json, print_lines
from tactful.cli.policy.asked import LEVELS, DomainOption, QueryFlags, StateArgument, asked_states, weighed

if TYPE_CHECKING:
    from tactful.policy.cost import CostPolicy
    from tactful.policy.embedded import EmbeddedPolicy
    from tactful.policy.language_model.policy import LanguageModelPolicy
    from tactful.types import State


def explain(
    policy: Annotated[
        str,
        typer.Argument(
            metavar="POLICY",
            help="A policy file of `policy train` or `learn`, a folder of `train … --learn action`, or `cost`.",
        ),
    ],
    state: StateArgument = None,
    *,
    asked: QueryFlags,
    by: ReaderFlags,
    domain: DomainOption = None,
    as_json: JsonFlag = False,
) -> None:
    """Say what the policy weighs; with a state, why it decides so.

    Example: `tactful policy explain policy.json --query "Make it nicer"`

    `tactful policy explain cost --query "Make it nicer"` names need, worth and cost, and what would tip the decision.
    """
    from tactful.policy import CostPolicy, read_policy
    from tactful.policy.language_model.policy import LanguageModelPolicy

    opened = CostPolicy(LEVELS) if policy == "cost" else read_policy(Path(policy.removeprefix("policy:")))
    if state is None and asked.query is None:
        asked.refuse_with_a_file()
        if isinstance(opened, CostPolicy):
            _explain_costs(opened, as_json=as_json)
        elif isinstance(opened, LanguageModelPolicy):
            _explain_training(opened, as_json=as_json)
        else:
            _explain_weights(opened, as_json=as_json)
        return
    items = asked_states(state, asked, opened, domain, by)
    if isinstance(opened, LanguageModelPolicy):
        _explain_odds(opened, items, as_json=as_json)
        return
    for item in items:
        if isinstance(opened, CostPolicy):
            _explain_weighing(opened, item, as_json=as_json)
        else:
            _explain_decision(opened, item, as_json=as_json)


def _explain_costs(policy: CostPolicy, *, as_json: bool) -> None:
    costs = policy.costs
    if as_json:
        emit_json({"costs": costs.model_dump(mode="json"), "training": dict(policy.training)})
        return
    print_lines(
        f"{policy.name}: asks where need · value · (1 − P(rejects)) · timing is more than λ · questions + δ · P(rejects)"
    )
    for name, value in costs.model_dump(mode="json").items():
        print_lines(f"  {name:<10} {value}")
    for assumption in policy.training.get("assumptions", ()):
        print_lines(f"assumed: {assumption}")


def _explain_weighing(policy: CostPolicy, state: State, *, as_json: bool) -> None:
    seen = state.public()
    action = policy.act(seen).action
    if as_json:
        row = {"id": state.id, "action": action, **weighed(policy, state)}
        typer.echo(json.dumps(row, ensure_ascii=False))
        return
    print_lines(f"{state.id}: {action}")
    for line in policy.explain(seen):
        print_lines(f"  {line}")


def _explain_training(policy: LanguageModelPolicy, *, as_json: bool) -> None:
    card, manifest = policy.card, policy.manifest
    if as_json:
        told = {
            "card": card.model_dump(mode="json"),
            "training": manifest.model_dump(mode="json", exclude={"files"}),
        }
        emit_json(told)
        return
    kind = "an adapter on" if manifest.lora else "all weights of"
    data = ", ".join(f"{file.path} ({file.rows} rows)" for file in manifest.data)
    print_lines(
        f"{policy.name}: {manifest.trainer}, {kind} {manifest.base}; actions {', '.join(card.actions)}"
    )
    print_lines(f"trained on {data}: {manifest.examples['train']} pairs, {manifest.steps} steps")
    print_lines(f"base tasks {len(card.base_tasks)}, domains {', '.join(card.domains)}, shown: {card.shown}")
    if not card.calibrated_on:
        print_lines("temperature 1: no pair was held out to calibrate it on")
        return
    print_lines(
        f"temperature {card.temperature:.2f}, by {card.calibrated_on} held-out pairs: {card.order_right:.0%} in the right "
        f"order, loss {card.loss_before:.3f} before and {card.loss:.3f} after (chance 0.693)"
    )


def _explain_odds(policy: LanguageModelPolicy, items: Sequence[State], *, as_json: bool) -> None:
    for item, scores in zip(items, policy.log_probabilities([item.public() for item in items]), strict=True):
        decision = policy.decision(scores)
        chances = decision.probabilities
        odds = {name: policy.log_odds(scores, name) for name in policy.actions}
        said = dict(zip(policy.actions, map(float, scores), strict=True))
        if as_json:
            row = {
                "id": item.id, "action": decision.action, "probabilities": dict(chances), "log_odds": odds,
                "log_probabilities": said, "temperature": policy.card.temperature,
            }  # fmt: skip
            typer.echo(json.dumps(row, ensure_ascii=False))
            continue
        print_lines(
            f"{item.id}: {decision.action} (temperature {policy.card.temperature:.2f}, base {policy.manifest.base})"
        )
        for name in policy.actions:
            print_lines(
                f"  {name:<10} probability {chances[name]:.3f}  log-odds {odds[name]:+.2f}  log P(name) {said[name]:.2f}"
            )


def _explain_weights(policy: EmbeddedPolicy, *, as_json: bool) -> None:
    from tactful.policy.features import FEATURES

    centred = policy.weights - policy.weights.mean(axis=0)
    rows = {
        name: {action: float(centred[row, place]) for row, action in enumerate(policy.actions)}
        for place, name in enumerate(FEATURES)
    }
    if as_json:
        emit_json({"head": policy.head, "l2": policy.l2, "weights": rows, "training": policy.training})
        return
    print_lines(
        f"{policy.name}: weight of each feature for each action, per standard deviation of the feature"
    )
    print_lines(f"{'':<20}" + "".join(f"{action:>9}" for action in policy.actions))
    order = sorted(rows, key=lambda name: -max(map(abs, rows[name].values())))
    for name in order:
        cells = "".join(f"{weight:>+9.2f}" for weight in rows[name].values())
        print_lines(f"{name:<20}{cells}   {FEATURES[name]}")


def _explain_decision(policy: EmbeddedPolicy, state: State, *, as_json: bool) -> None:
    from tactful.policy.features import said_of
    from tactful.types import seeded

    seen = state.public()
    decision = policy.act(seen, seeded(0))
    others = sorted(
        (name for name in policy.actions if name != decision.action),
        key=lambda name: -decision.probabilities[name],
    )
    parts = policy.contributions(seen, decision.action, others[0])
    values = said_of(seen)
    if as_json:
        row = {
            "id": state.id,
            "action": decision.action,
            "against": others[0],
            "contributions": parts,
            "values": values,
        }
        typer.echo(json.dumps(row, ensure_ascii=False))
        return
    chance = decision.probabilities[decision.action]
    print_lines(f"{state.id}: {decision.action} rather than {others[0]} (probability {chance:.2f})")
    for name, move in sorted(parts.items(), key=lambda item: -abs(item[1])):
        if abs(move) >= 0.005:
            print_lines(f"  {move:+.2f}  {values.get(name, 'how often each action was right in training')}")
