"""All that could happen in one task with one user: every sequence of actions, rolled out once.

Because a simulated user's noise depends neither on the action nor on earlier tasks, the tree holds exactly what
any policy would have met. So all policies are compared on the same futures, the best sequence in hindsight is
known, and a policy retrained for another reward needs no new rollouts. Actions that would send the same prompt
share a node, which carries the name (and the kind of end) of the least intense of them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from tactful.calibration.play.actions import ActionSpace
from tactful.calibration.play.episode import Episode
from tactful.calibration.play.llm_user import ModelUser
from tactful.calibration.play.users import RuleUser, UserSimulator
from tactful.calibration.types import Session
from tactful.errors import ConfigError
from tactful.llm.judging import all_of
from tactful.runs import Context
from tactful.types import PublicState, Record, Step, Trajectory, UserHistory, Written

End = Literal["completed", "rejected", "max_turns"]


class Node(Record):
    """What followed one sequence of actions."""

    parent: int
    """Index of the node before; -1 at the first decision point."""
    step: Step
    end: End | None
    solution: str | None
    shown: UserHistory = UserHistory()
    """At the end: what the user showed in this task."""
    children: Mapping[str, int] = {}
    """Action → index of the node that it leads to; actions that would send the same prompt share one."""


class ActionTree(Written):
    """Every sequence of actions for one (state, persona, pass)."""

    row_kind = "trees"

    id: str
    state: PublicState
    persona: str
    held_out: bool
    """The persona was never used in training."""
    pass_index: int
    actions: tuple[str, ...]
    """From the least to the most asking."""
    first: Mapping[str, int]
    """Action at the first decision point → node."""
    nodes: tuple[Node, ...]
    frame: Trajectory
    """What all episodes of the tree share; its steps are those of the first leaf, its prompts those of all."""

    @property
    def group(self) -> str:
        """The base task, that folds, intervals and sessions go by."""
        return self.frame.group

    @property
    def leaves(self) -> list[int]:
        """Indices of the nodes at which the episode ended."""
        return [index for index, node in enumerate(self.nodes) if node.end is not None]

    def steps(self, index: int) -> tuple[Step, ...]:
        """The steps from the start to node `index`."""
        found: list[Step] = []
        while index >= 0:
            found.append(self.nodes[index].step)
            index = self.nodes[index].parent
        return tuple(reversed(found))

    def trajectory(self, leaf: int) -> Trajectory:
        """The whole episode that ends at node `leaf`."""
        node, steps = self.nodes[leaf], self.steps(leaf)
        name = "-".join(step.action for step in steps)
        return self.frame.model_copy(
            update={
                "id": f"{self.id}/{name}",
                "steps": steps,
                "end": node.end,
                "solution": node.solution,
                "slipped": self.frame.slipped and node.solution is not None,
            }
        )


@dataclass(frozen=True)
class ExpandTree:
    """Stage: a session of one task → its `ActionTree`."""

    space: ActionSpace
    max_turns: int = 4

    async def __call__(self, session: Session, context: Context) -> ActionTree:
        """Roll out every sequence of actions; calls of one depth run side by side.

        Raises ConfigError for a session of several tasks; else what the models raise.
        """
        if len(session.states) != 1:
            raise ConfigError(f"session '{session.id}' has {len(session.states)} tasks, a tree has one")
        persona = session.persona
        root = Episode.start(
            session.states[0],
            persona,
            space=self.space,
            mode="multi",
            pass_index=session.pass_index,
            max_turns=self.max_turns,
            history=UserHistory(),
        )
        playing = context.models.get("user")
        user: UserSimulator = RuleUser() if playing is None else ModelUser(playing)
        grown = await self._grow(root, user, context)
        return ActionTree.model_construct(
            id=session.id,
            state=root.observation,
            persona=persona.name,
            held_out=persona.held_out,
            pass_index=session.pass_index,
            actions=self.space.names,
            first=_lead_to(root, self.space, -1, grown),
            nodes=tuple(
                Node.model_construct(
                    parent=parent,
                    step=episode.steps[-1],
                    end=episode.finished,
                    solution=episode.solution,
                    shown=episode.user_history() if episode.finished is not None else UserHistory(),
                    children=_lead_to(episode, self.space, index, grown) if episode.finished is None else {},
                )
                for index, (parent, episode, _) in enumerate(grown)
            ),
            frame=_frame(
                [episode for _, episode, _ in grown if episode.finished is not None], context.run_id
            ),
        )

    async def _grow(
        self, root: Episode, user: UserSimulator, context: Context
    ) -> list[tuple[int, Episode, str]]:
        """(parent index, episode after the action, action) for every node, parents before children."""
        grown: list[tuple[int, Episode, str]] = []
        layer: list[tuple[int, Episode]] = [(-1, root)]
        assistant = context.models["assistant"]
        while layer:
            moves = [(index, episode, action) for index, episode in layer for action in episode.choices()]
            after = await all_of(
                *(
                    episode.advance(action, assistant=assistant, user=user, seed=context.seed)
                    for _, episode, action in moves
                )
            )
            layer = []
            for (parent, _, action), episode in zip(moves, after, strict=True):
                if episode.finished is None:
                    layer.append((len(grown), episode))
                grown.append((parent, episode, action))
        return grown


def _frame(ends: Sequence[Episode], run_id: str) -> Trajectory:
    first = ends[0].trajectory(name="tree", run_id=run_id)
    hashes = {name: value for episode in ends for name, value in episode.made.prompt_hashes}
    return first.model_copy(
        update={
            "slipped": any(episode.slipped for episode in ends),  # decided by state and pass, never by action
            "provenance": first.provenance.model_copy(update={"prompt_hashes": hashes}),
        }
    )


def _lead_to(
    episode: Episode, space: ActionSpace, index: int, grown: list[tuple[int, Episode, str]]
) -> dict[str, int]:
    """Action → node below `index`; actions that would send the same share the node of the one that was played."""
    below = [(node, action) for node, (parent, _, action) in enumerate(grown) if parent == index]
    played = {episode.move(action).sends: node for node, action in below}
    return {action: played[episode.move(action).sends] for action in space.names}
