"""Task dialogues: what the user asked, what the policy did at each turn, what the user said to it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from tactful.viewer.stories.beats import Beat, Compared, Said, TurnAt
from tactful.viewer.stories.plain import joined, messages, said
from tactful.viewer.strips.plain import Row, part, parts, words


def trajectory_beats(row: Row) -> Iterator[Beat]:
    """Request, what was said before the first turn, then turn by turn."""
    steps = parts(row, "steps")
    if steps:
        yield from state_beats(part(steps[0], "state"), turn=None)
    for turn, step in enumerate(steps):
        yield TurnAt(turn=turn)
        yield from _step(step)


def rewarded_beats(row: Row) -> Iterator[Beat]:
    """Those of the trajectory that was rewarded."""
    yield from trajectory_beats(part(row, "trajectory"))


def tree_beats(row: Row) -> Iterator[Beat]:
    """Every sequence of actions, each node once, under the actions that led to it."""
    yield from state_beats(part(row, "state"), turn=None)
    nodes = parts(row, "nodes")
    reached: set[int] = set()

    def below(children: Mapping[str, Any], before: str, depth: int) -> Iterator[Beat]:
        by_node: dict[int, list[str]] = {}
        for action, at in children.items():
            if isinstance(at, int) and 0 <= at < len(nodes) and at not in reached:
                by_node.setdefault(at, []).append(action)
        for at, actions in by_node.items():
            reached.add(at)
            path = f"{before} → {'/'.join(actions)}" if before else "/".join(actions)
            yield TurnAt(turn=at, depth=depth, path=path)
            yield from _step(part(nodes[at], "step"))
            if depth < len(nodes):
                yield from below(part(nodes[at], "children"), path, depth + 1)

    yield from below(part(row, "first"), "", 0)
    for at in set(range(len(nodes))) - reached:  # of a tree that is not whole
        yield TurnAt(turn=at)
        yield from _step(part(nodes[at], "step"))


def pair_beats(row: Row) -> Iterator[Beat]:
    """What was said before, the turn, and the two answers."""
    yield from messages(row, "prompt")
    yield TurnAt(turn=0)
    yield Compared(chosen=joined(row, "chosen"), rejected=joined(row, "rejected"))


def state_beats(state: Row, turn: int | None = 0) -> Iterator[Beat]:
    """The request and what was said since."""
    if query := words(state.get("query")):
        yield Said(role="user", text=query)
    for one in parts(state, "history"):
        yield said(one, new=False)
    if turn is not None:
        yield TurnAt(turn=turn)


def _step(step: Row) -> Iterator[Beat]:
    if message := words(step.get("message")):
        yield Said(role="assistant", text=message)
    reaction = part(step, "reaction")
    if reply := words(reaction.get("reply")):
        yield Said(
            role="user", text=reply, note="off_topic" if reaction.get("off_topic_flag") is True else ""
        )
    elif reaction.get("silence") is True:
        yield Said(role="user", text="", note="silence")
