"""Action trees and training data for the tests of this room: rolled out, or made by hand from rewards alone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from tests.calibration.playing import context, person
from tests.calibration.reward_fixtures import make_state, make_step, make_trajectory, one_step

from tactful.calibration.play.actions import load_action_space
from tactful.calibration.types import Persona, Session
from tactful.evaluation.policies.evaluate import Settings, evaluate
from tactful.evaluation.policies.metrics import LeafScores
from tactful.evaluation.policies.results import Evaluation
from tactful.evaluation.policies.training_data import Decisions
from tactful.evaluation.policies.walking.tree import ActionTree, ExpandTree, Node
from tactful.evaluation.policies.walking.tree_job import FRESH
from tactful.types import Provenance, State, UserHistory

ACTIONS = ("LOW", "MID")
OFFLINE = Provenance(model="offline", generator="offline", run_id="run", seed=0)
CLEAR, OPEN = 0.9, 0.1


async def grow(
    state: State,
    persona: Persona | None = None,
    *,
    which: str = "levels",
    max_turns: int = 4,
    seed: int = 0,
    pass_index: int = FRESH,
    **models: Any,
) -> ActionTree:
    """The tree of one task, rolled out by the offline model unless other models are given."""
    persona = persona or person()
    stage = ExpandTree(load_action_space(which, state.domain), max_turns=max_turns)
    session = Session(
        id=f"{state.id}/{persona.name}/p{pass_index}",
        persona=persona,
        states=(state,),
        pass_index=pass_index,
    )
    return await stage(session, context(seed=seed, **models))


def one_step_tree(
    state_id: str = "t1-open",
    *,
    persona: str = "calm",
    held_out: bool = False,
    pass_index: int = FRESH,
    actions: Sequence[str] = ACTIONS,
    questions: Mapping[str, int] | None = None,
    rejected: Iterable[str] = (),
    unsolved: Iterable[str] = (),
    message: str = "",
    **state: Any,
) -> ActionTree:
    """A tree whose every action ends the task at once; its group is the part of `state_id` before the last dash."""
    seen = make_state(state_id, **state)
    asked = questions or {}
    steps = {
        action: make_step(
            action,
            questions=asked.get(action, 0),
            rejected=action in set(rejected),
            solves=action not in set(unsolved),
            state=seen,
            message=message,
        )
        for action in actions
    }
    name = f"{state_id}/{persona}/p{pass_index}"
    wording = state_id.rsplit("-", 1)[-1]
    return ActionTree(
        id=name,
        state=seen,
        persona=persona,
        held_out=held_out,
        pass_index=pass_index,
        actions=tuple(actions),
        first={action: place for place, action in enumerate(actions)},
        nodes=tuple(
            Node(
                parent=-1,
                step=step,
                end="completed" if step.gave_solution else "rejected",
                solution="code" if step.gave_solution else None,
                shown=UserHistory(tasks=1, questions=step.questions, rejected=int(action in set(rejected))),
            )
            for action, step in steps.items()
        ),
        frame=make_trajectory(
            steps[actions[0]],
            id=name,
            persona=persona,
            pass_index=pass_index,
            mode="multi",
            wording=wording if wording in ("open", "complete") else "",
        ),
    )


def leaf(reward: float | None, cost: float = 0.0) -> LeafScores:
    """Scores of one leaf with this reward."""
    return LeafScores(
        reward=reward, task_score=None if reward is None else reward + cost, interruption_cost=cost
    )


Returns = Mapping[str, Mapping[str, float | None]]
"""Wording → action → reward."""

SITUATIONAL: Returns = {"complete": {"LOW": 1.0, "MID": 0.6}, "open": {"LOW": 0.2, "MID": 0.9}}
"""Clear requests want LOW, open ones MID."""
ALWAYS_QUIET: Returns = {"complete": {"LOW": 1.0, "MID": 0.6}, "open": {"LOW": 0.9, "MID": 0.4}}
"""LOW is best everywhere: there is nothing to learn."""


def world(
    returns: Returns, *, tasks: int = 12, personas: Sequence[str] = ("calm", "hurried"), unseen: str = ""
) -> tuple[list[ActionTree], list[dict[int, LeafScores]]]:
    """Two wordings of every task with every persona; rewards vary a little by task, alike for all actions."""
    trees: list[ActionTree] = []
    scores: list[dict[int, LeafScores]] = []
    for task in range(tasks):
        for wording, by_action in returns.items():
            for persona in (*personas, *([unseen] if unseen else [])):
                clarity = CLEAR if wording == "complete" else OPEN
                tree = one_step_tree(
                    f"t{task}-{wording}", persona=persona, held_out=persona == unseen, query_clarity=clarity
                )
                trees.append(tree)
                luck = 0.01 * (task % 5)
                scores.append(
                    {
                        place: leaf(None if by_action[action] is None else by_action[action] - luck)
                        for action, place in tree.first.items()
                    }
                )
    return trees, scores


def training(returns: Returns, *, tasks: int = 12, first: int = 0) -> Decisions:
    """Rewarded training rollouts of the same tasks."""
    rows = [
        one_step(
            action,
            value,
            state=make_state(f"t{task}-{wording}", query_clarity=CLEAR if wording == "complete" else OPEN),
        )
        for task in range(first, first + tasks)
        for wording, by_action in returns.items()
        for action, value in by_action.items()
    ]
    return Decisions.from_rewarded(rows, ACTIONS)


_EVALUATIONS: dict[str, Evaluation] = {}
"""Made once: it takes two seconds, and nobody can change it."""


def evaluation(returns: Returns = SITUATIONAL, **changes: Any) -> Evaluation:
    """A finished evaluation of `returns` with a learned policy."""
    found = _EVALUATIONS.get(repr(returns))
    if found is None:
        trees, scores = world(returns)
        found = evaluate(
            trees, scores, training(returns), Settings(), learned=("learned",), provenance=OFFLINE
        )
        _EVALUATIONS[repr(returns)] = found
    return found.model_copy(update=changes)
