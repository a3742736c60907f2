"""All that could happen in one task with one user: every sequence of actions, rolled out once.

Because a simulated user's noise does not depend on the action or on earlier tasks, the tree answers exactly what
any policy would have met. So all policies are compared on the same futures, regret against the best sequence in
hindsight is known, and a policy retrained for another reward needs no new rollouts.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from tactful.calibration.actions import ActionSpace
from tactful.calibration.episode import Episode
from tactful.calibration.types import Session
from tactful.calibration.users import User
from tactful.errors import ConfigError
from tactful.runs import Context
from tactful.types import Hidden, Provenance, PublicState, Record, Step, Trajectory

End = Literal["completed", "rejected", "max_turns"]
Path = tuple[str, ...]


class Node(Record):
    """What followed the actions of `path`."""

    path: Path
    step: Step
    """The last step: the observation at which the last action was taken, the message, the reaction."""
    end: End | None
    solution: str | None


class ActionTree(Record):
    """Every sequence of actions for one (state, persona, pass)."""

    id: str
    state: PublicState
    persona: str
    held_out: bool
    pass_index: int
    action_space: str
    actions: Path
    """From the least to the most asking."""
    nodes: tuple[Node, ...]
    hidden: Hidden
    wording: Literal["complete", "open", ""] = ""
    provenance: Provenance

    @cached_property
    def by_path(self) -> dict[Path, Node]:
        """Path → node."""
        return {node.path: node for node in self.nodes}

    @cached_property
    def leaves(self) -> tuple[Node, ...]:
        """The nodes at which the episode ended."""
        return tuple(node for node in self.nodes if node.end is not None)

    def trajectory(self, leaf: Node) -> Trajectory:
        """The whole episode that ends at `leaf`."""
        steps = tuple(self.by_path[leaf.path[: depth + 1]].step for depth in range(len(leaf.path)))
        assert leaf.end is not None
        return Trajectory(
            id=f"{self.id}:{'-'.join(leaf.path)}",
            state_id=self.state.id,
            group=self.state.group,
            domain=self.state.domain,
            persona=self.persona,
            pass_index=self.pass_index,
            action_space=self.action_space,
            mode="multi",
            steps=steps,
            end=leaf.end,
            solution=leaf.solution,
            hidden=self.hidden,
            provenance=self.provenance,
            wording=self.wording,
        )


@dataclass(frozen=True)
class ExpandTree:
    """Stage: a session of one task → its `ActionTree`."""

    space: ActionSpace
    user: User
    max_turns: int = 4

    async def __call__(self, session: Session, context: Context) -> ActionTree:
        """Roll out every sequence of actions; calls of one depth run side by side."""
        if len(session.states) != 1:
            raise ConfigError(f"session '{session.id}' has {len(session.states)} tasks, a tree has one")
        state = session.states[0]
        root = Episode.start(
            state,
            session.persona,
            space=self.space,
            mode="multi",
            pass_index=session.pass_index,
            max_turns=self.max_turns,
        )
        nodes: list[Node] = []
        layer: list[tuple[Path, Episode]] = [((), root)]
        while layer:
            moves = [(path, episode, action) for path, episode in layer for action in self.space.actions]
            grown = await asyncio.gather(
                *(episode.advance(action, context=context, user=self.user) for _, episode, action in moves)
            )
            layer = []
            for (path, _, action), after in zip(moves, grown, strict=True):
                nodes.append(
                    Node(
                        path=(*path, action),
                        step=after.steps[-1],
                        end=after.finished,
                        solution=after.solution,
                    )
                )
                if after.finished is None:
                    layer.append(((*path, action), after))
        return ActionTree(
            id=session.id,
            state=root.observation,
            persona=session.persona.name,
            held_out=session.persona.held_out,
            pass_index=session.pass_index,
            action_space=self.space.name,
            actions=self.space.actions,
            nodes=tuple(nodes),
            hidden=state.hidden,
            wording=state.wording,
            provenance=root.provenance(context),
        )
