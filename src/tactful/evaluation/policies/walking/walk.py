"""What each policy meets in the action trees: users doing several tasks in sequence."""

from __future__ import annotations

import random
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tactful.calibration.reward.information import cell_of
from tactful.evaluation.policies.walking.tree import ActionTree
from tactful.types import Policy, PublicState, UserHistory, decide, seeded

PolicyFor = Callable[[str], Policy]
"""Group → the policy that never saw this group in training."""


class Taken(NamedTuple):
    """One decision of a policy."""

    state: PublicState
    """The observation, with what this user showed so far."""
    action: str
    asked: bool
    """Whether a question was put: an action whose questions are spent asks nothing."""


@dataclass(frozen=True)
class Walk:
    """The path of one policy through one tree."""

    tree: int
    """Index of the tree."""
    leaf: int
    """Index of the node at which it ended."""
    decisions: tuple[Taken, ...]
    """One per decision point."""


def user_sessions(trees: Sequence[ActionTree], *, tasks_per_user: int, seed: int) -> list[list[int]]:
    """Indices of `trees` as sequences of tasks of one user: same persona and pass, seeded order, at most
    `tasks_per_user` long, no base task twice in one sequence."""
    by_user: dict[tuple[str, int], list[int]] = {}
    for index, tree in enumerate(trees):
        by_user.setdefault((tree.persona, tree.pass_index), []).append(index)
    sessions: list[list[int]] = []
    for user, indices in sorted(by_user.items()):
        order = sorted(indices, key=lambda index: trees[index].id)
        seeded(seed, "sessions", *user).shuffle(order)
        open_sessions: list[tuple[list[int], set[str]]] = []
        for index in order:
            group = trees[index].group
            for session, groups in open_sessions:
                if len(session) < tasks_per_user and group not in groups:
                    session.append(index)
                    groups.add(group)
                    break
            else:
                open_sessions.append(([index], {group}))
        sessions.extend(session for session, _ in open_sessions)
    return sessions


def walk_trees(
    trees: Sequence[ActionTree], sessions: Sequence[Sequence[int]], policy_for: PolicyFor, *, seed: int
) -> list[Walk]:
    """One walk per tree, in the order of `trees`. Draws of a random policy depend on seed and tree alone.

    All sessions go on side by side, so that a policy which decides on many states at once may do so.
    """
    walks: dict[int, Walk] = {}
    meetings = [_meet(trees, session, policy_for, seed, walks) for session in sessions]
    waiting = [(meeting, next(meeting)) for meeting in meetings]
    while waiting:
        actions = _decided([asked for _, asked in waiting])
        going_on = []
        for (meeting, _), action in zip(waiting, actions, strict=True):
            try:
                going_on.append((meeting, meeting.send(action)))
            except StopIteration:
                continue
        waiting = going_on
    return [walks[index] for index in sorted(walks)]


class _Asked(NamedTuple):
    policy: Policy
    state: PublicState
    rng: random.Random


def _meet(
    trees: Sequence[ActionTree],
    session: Sequence[int],
    policy_for: PolicyFor,
    seed: int,
    walks: dict[int, Walk],
) -> Generator[_Asked, str, None]:
    """One user's tasks in sequence: yields each decision point, is sent the action, fills in `walks`."""
    user = UserHistory()
    for index in session:
        tree = trees[index]
        policy = policy_for(tree.group)
        decisions: list[Taken] = []
        options = tree.first
        while True:
            seen = tree.nodes[next(iter(options.values()))].step.state
            observation = seen.model_copy(update={"user": user})
            rng = seeded(seed, "policy", policy.name, tree.id, len(decisions))
            action = yield _Asked(policy, observation, rng)
            node = options[action]
            decisions.append(Taken(observation, action, tree.nodes[node].step.questions > 0))
            if tree.nodes[node].end is not None:
                break
            options = tree.nodes[node].children
        walks[index] = Walk(index, node, tuple(decisions))
        user += tree.nodes[node].shown


def _decided(asked: Sequence[_Asked]) -> list[str]:
    """The action at each decision point; of one policy all at once where it can."""
    actions: dict[int, str] = {}
    for policy in {id(one.policy): one.policy for one in asked}.values():
        places = [at for at, one in enumerate(asked) if one.policy is policy]
        found = decide(policy, [asked[at].state for at in places], (asked[at].rng for at in places))
        actions.update((at, decision.action) for at, decision in zip(places, found, strict=True))
    return [actions[at] for at in range(len(asked))]


def columns(trees: Sequence[ActionTree]) -> Mapping[str, NDArray[Any]]:
    """What figures are grouped by, one entry per tree."""
    return {
        "group": np.array([tree.group for tree in trees]),
        "held_out": np.array([tree.held_out for tree in trees]),
        "wording": np.array([cell_of(tree.frame) for tree in trees]),
        "persona": np.array([tree.persona for tree in trees]),
    }
