"""The rollout stage: one user's session in, its trajectories out.

Single: every action on every state. Multi: a mainline played by a policy, and at each of its decision points one
branch per other action, rolled out to the end by the same policy, so that pairs compare futures and not only first
replies. The policy's own draws are seeded by (seed, state, persona, pass, turn): two branches of one decision
point differ by the action alone.
"""

from __future__ import annotations

import random
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from itertools import pairwise

from tactful.calibration.play.actions import ActionSpace, Mode
from tactful.calibration.play.episode import Episode
from tactful.calibration.play.llm_user import ModelUser
from tactful.calibration.play.users import RuleUser, UserSimulator
from tactful.calibration.types import Session
from tactful.errors import ConfigError, DataError, ProviderError
from tactful.runs import Context
from tactful.types import Decision, Policy, PublicState, State, Trajectory, UserHistory, seeded

_OF_ONE_BRANCH = frozenset({"too_long", "filtered", "refused"})
"""Outcomes that belong to what was said in a branch, not to the endpoint."""


@dataclass(frozen=True)
class UniformPolicy:
    """Every action equally often: the mainline that explores (`--mainline random`)."""

    actions: tuple[str, ...]
    name: str = "random"

    def act(self, state: PublicState, rng: random.Random) -> Decision:
        """A uniform draw; looks at nothing."""
        share = 1.0 / len(self.actions)
        return Decision.model_construct(
            action=rng.choice(self.actions), probabilities=dict.fromkeys(self.actions, share)
        )


def check_policy(policy: Policy, space: ActionSpace) -> None:
    """Raises ConfigError when the policy chooses among other actions than the space has."""
    if surplus := [name for name in policy.actions if name not in space.names]:
        raise ConfigError(
            f"policy '{policy.name}' chooses {', '.join(surplus)}, which action space '{space.name}' for "
            f"'{space.domain}' does not have; it has {', '.join(space.names)}"
        )


@dataclass(frozen=True)
class RolloutStage:
    """Session → trajectories. Picklable; everything that shapes a trajectory is a field."""

    spaces: Mapping[str, ActionSpace]
    """Domain → action space."""
    mode: Mode = "multi"
    mainline: Policy | None = None
    """Policy of mainline and continuations; None explores uniformly."""
    max_turns: int = 4
    """Assistant messages of one task at the most."""
    branch_depth: int | None = None
    """A branch follows the policy for so many further decisions, the last of which has to solve; None: to its end."""

    async def __call__(self, record: Session, context: Context) -> list[Trajectory]:
        """All trajectories of the session: tasks in order, each mainline followed by its branches.

        Asks the models `assistant` and, where there is one, `user`. Raises DataError for a state that cannot be played; else what the models raise.
        """
        play = _Play(self, record, context, _user_of(context))
        found: list[Trajectory] = []
        history = UserHistory()
        for state in record.states:
            start = play.start(state, history)
            if self.mode == "single":
                found += await play.single(start)
                continue
            line = await play.mainline(start)
            found += await play.with_branches(line)
            history = line[-1].user_history()
        return found


def _user_of(context: Context) -> UserSimulator:
    model = context.models.get("user")
    return RuleUser() if model is None else ModelUser(model)


class _Lost:
    """Branches that the endpoint would not answer, with the reasons: they alone fail, and what was paid is kept."""

    def __init__(self) -> None:
        self._last: ProviderError | None = None
        self._told: list[str] = []

    @asynccontextmanager
    async def unless_answered(self, branch: str) -> AsyncIterator[None]:
        """Note what goes wrong inside where it is this branch's own; an endpoint out of reach fails the session."""
        try:
            yield
        except ProviderError as error:
            if error.outcome not in _OF_ONE_BRANCH:
                raise
            self._last = error
            self._told.append(f"{branch}: {error.outcome}: {error}")

    def noted(self, found: list[Trajectory]) -> list[Trajectory]:
        """The trajectories, the first with what is missing beside it. Raises: ProviderError when there is none."""
        if self._last is None:
            return found
        if not found:
            raise self._last
        return [found[0].model_copy(update={"lost": tuple(self._told)}), *found[1:]]


@dataclass(frozen=True)
class _Play:
    """One session being played."""

    stage: RolloutStage
    session: Session
    context: Context
    user: UserSimulator

    def start(self, state: State, history: UserHistory) -> Episode:
        space = self.stage.spaces.get(state.domain)
        if space is None:
            raise DataError(
                f"state '{state.id}': no action space for domain '{state.domain}'; "
                f"this run has {', '.join(sorted(self.stage.spaces))}"
            )
        if self.stage.mainline is not None:
            check_policy(self.stage.mainline, space)
        return Episode.start(
            state,
            self.session.persona,
            space=space,
            mode=self.stage.mode,
            pass_index=self.session.pass_index,
            max_turns=self.stage.max_turns,
            history=history,
        )

    async def single(self, start: Episode) -> list[Trajectory]:
        """One trajectory per action."""
        found: list[Trajectory] = []
        lost = _Lost()
        for name in start.space.names:
            async with lost.unless_answered(name):
                found.append(self.record(await self.step(start, name), name=name))
        return lost.noted(found)

    async def mainline(self, start: Episode) -> list[Episode]:
        """The episode at each of its decision points, and at its end."""
        line = [start]
        while line[-1].finished is None:
            line.append(await self.step(line[-1], self.decide(line[-1])))
        return line

    async def with_branches(self, line: list[Episode]) -> list[Trajectory]:
        """The mainline's trajectory, then one for each action that it did not take where it could have."""
        main = self.record(line[-1], name="main")
        found, lost = [main], _Lost()
        for point, (before, after) in enumerate(pairwise(line)):
            taken = before.move(after.steps[-1].action).sends
            for name in before.choices():
                if before.move(name).sends == taken:
                    continue
                branch = f"d{point}-{name}"
                async with lost.unless_answered(branch):
                    end = await self.follow(await self.step(before, name))
                    found.append(self.record(end, name=branch, parent=main.id, decision_point=point))
        return lost.noted(found)

    async def follow(self, episode: Episode) -> Episode:
        """The branch to its end."""
        depth = self.stage.branch_depth
        decisions = 0
        while episode.finished is None:
            decisions += 1
            last = depth is not None and decisions >= depth
            episode = await self.step(episode, self.decide(episode), must_solve=last)
        return episode

    def decide(self, episode: Episode) -> Decision:
        policy = self.stage.mainline or UniformPolicy(episode.space.names)
        seen = episode.observation
        rng = seeded(
            "policy", self.context.seed, seen.id, episode.persona.name, episode.pass_index, seen.dialogue_turn
        )
        return policy.act(seen, rng)

    async def step(self, episode: Episode, choice: str | Decision, *, must_solve: bool = False) -> Episode:
        return await episode.advance(
            choice,
            assistant=self.context.models["assistant"],
            user=self.user,
            seed=self.context.seed,
            must_solve=must_solve,
        )

    def record(self, episode: Episode, *, name: str, parent: str = "", decision_point: int = 0) -> Trajectory:
        return episode.trajectory(
            parent=parent,
            decision_point=decision_point,
            name=name,
            run_id=self.context.run_id,
            session=self.session.id,
        )
