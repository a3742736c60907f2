"""Task dialogues: trajectories, what they were worth, trees of all actions, pairs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import ValidationError

from tactful.calibration.reward.interruption import InterruptionConfig, interruption_cost
from tactful.calibration.types import StepCounts
from tactful.viewer.strips.plain import WEIGHED, Row, facts, number, part, parts, weighed_facts, words, yes_no
from tactful.viewer.types import Did, Other, Scalar, Strip

_OF_TRAJECTORY = ("domain", "persona", "mode", "group", "end", "wording", "pass_index")
_OF_STATE = ("query_clarity", "task_complexity", "dialogue_turn", "prev_reject", "lang")
_EVEN = 0.5
"""The action is the likelier of two, where worth was weighed against cost."""
_OF_REACTION = ("answered_clarification", "reject_signal", "silence", "off_topic_flag", "satisfaction")
_OUTCOMES: Mapping[str, str] = {
    "reject_signal": "rejected", "answered_clarification": "answered", "silence": "nothing said", "off_topic_flag": "off topic",
}  # fmt: skip
"""Of a reaction; the first of them is told."""


def trajectory_strips(row: Row) -> Iterator[Strip]:
    """A strip per step."""
    parent, point = words(row.get("parent")), row.get("decision_point")
    common = facts(row, *_OF_TRAJECTORY)
    for turn, step in enumerate(parts(row, "steps")):
        yield _step(step).model_copy(
            update={
                "turn": turn,
                "id": words(row.get("id")),
                "parent": parent,
                "branched": bool(parent) and turn == point,
                "facts": common | _step_facts(step),
            }
        )


def rewarded_strips(row: Row, config: Mapping[str, Any] | None = None) -> Iterator[Strip]:
    """A strip per step. The reward of a turn counts from that turn on where the run's configuration is known, since
    what was asked before is spent whatever is done now; else only the first turn has it."""
    interruption = _interruption(config)
    task = number(row.get("task_score"))
    try:
        counts = [StepCounts.model_validate(one) for one in parts(row, "counts")]
    except ValidationError:
        counts = []
    scored = facts(row, "all_passed", "weak", "unscored_reason", "reward_form")
    for strip in trajectory_strips(part(row, "trajectory")):
        cost = number(row.get("interruption_cost")) if not strip.turn else None
        if interruption is not None and strip.turn < len(counts):
            cost = interruption_cost(counts[strip.turn :], interruption)
        yield strip.model_copy(
            update={
                "task_score": task,
                "interruption_cost": cost,
                "reward": None if task is None or cost is None else task - cost,
                "facts": {**strip.facts, **scored},
            }
        )


def _interruption(config: Mapping[str, Any] | None) -> InterruptionConfig | None:
    names = InterruptionConfig.model_fields
    if config is None or not names.keys() <= config.keys():
        return None
    return InterruptionConfig.model_validate({name: config[name] for name in names})


def tree_strips(row: Row) -> Iterator[Strip]:
    """A strip per node: what one sequence of actions came to, beside the other actions at the same point."""
    nodes = parts(row, "nodes")
    first = part(row, "first")
    common = facts(row, "persona", "held_out", "pass_index") | facts(part(row, "frame"), "domain", "group")
    for turn, node in enumerate(nodes):
        parent = node.get("parent")
        around = (
            part(nodes[parent], "children") if isinstance(parent, int) and 0 <= parent < len(nodes) else first
        )
        beside = [(action, nodes[at]) for action, at in around.items() if _is_other(at, turn, nodes)]
        own: dict[str, Scalar] = facts(node, "end") | {"first": turn in first.values()}
        yield _step(part(node, "step")).model_copy(
            update={
                "turn": turn,
                "id": words(row.get("id")),
                "outcome": words(node.get("end")),
                "others": tuple(_beside(action, one) for action, one in beside),
                "facts": common | own | _step_facts(part(node, "step")),
            }
        )


def _is_other(at: Any, turn: int, nodes: list[Row]) -> bool:
    return isinstance(at, int) and at != turn and 0 <= at < len(nodes)


def _beside(action: str, node: Row) -> Other:
    step = _step(part(node, "step"))
    return Other(action=action, did=step.did, said=step.said, outcome=words(node.get("end")) or step.outcome)


def pair_strips(row: Row) -> Iterator[Strip]:
    """One strip: the chosen action, with the rejected one as the road not taken."""
    chosen, rejected = (_side(row, side) for side in ("chosen", "rejected"))
    state = part(row, "state")
    yield Strip(
        id=words(row.get("id")),
        action=chosen.action,
        said=chosen.said,
        reward=chosen.reward,
        task_score=chosen.task_score,
        interruption_cost=chosen.interruption_cost,
        others=(rejected,),
        facts=facts(row, "persona", "margin", "weight", "rejected_action", "rejected_reward")
        | facts(state, "domain", "group", *_OF_STATE),
    )


def _side(row: Row, side: str) -> Other:
    said = parts(row, side)
    return Other(
        action=words(row.get(f"{side}_action")),
        said=words(said[-1].get("content")) if said else words(row.get(side)),
        reward=number(row.get(f"{side}_reward")),
        task_score=number(row.get(f"{side}_task_score")),
        interruption_cost=number(row.get(f"{side}_interruption_cost")),
    )


def _step(step: Row) -> Strip:
    action, reaction = words(step.get("action")), part(step, "reaction")
    weighed = facts(part(step, "weighed"), *WEIGHED)
    return Strip(
        did=_did(number(step.get("questions"))),
        action=action,
        p=number(part(step, "probabilities").get(action)),
        p_of="the action" if action in part(step, "probabilities") else "",
        threshold=_EVEN if weighed else None,
        reason=", ".join(f"{name} {value:g}" for name, value in weighed.items()),
        said=words(step.get("message")),
        reply=words(reaction.get("reply")),
        outcome=_outcome(reaction),
    )


def _did(questions: float | None) -> Did | None:
    return None if questions is None else "asked" if questions else "answered"


def _outcome(reaction: Row) -> str:
    return next((outcome for name, outcome in _OUTCOMES.items() if yes_no(reaction.get(name))), "")


def _step_facts(step: Row) -> dict[str, Scalar]:
    found = facts(step, "questions", "tokens", "gave_solution") | facts(part(step, "state"), *_OF_STATE)
    revealed = step.get("revealed")
    if isinstance(revealed, list):
        found["revealed"] = len(revealed)
    return found | weighed_facts(step) | facts(part(step, "reaction"), *_OF_REACTION)
