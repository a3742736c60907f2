"""The simulated user as judge: what was recorded where the very same offer was made, else the rule-based worker, asked anew.

The episode is played again by rules up to the round, its recorded events, offers and reactions put in their places. For an
episode that rules played, the worker then stands exactly where it stood: what it says of another offer is what it would
have said. Of an episode that models played, the rules know the events and how offers fared, and guess the rest.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from tactful.data.formats.episodes import SIMULATED
from tactful.gym.play.episode import play_episode
from tactful.gym.play.parts import Act, ByRule, Cast, Limits, Proposed, Reacted, Seen, Unfolded, World
from tactful.gym.rules.environment import RuleEnvironment
from tactful.gym.rules.parameters import Parameters, load_parameters
from tactful.gym.rules.worker import RuleWorker
from tactful.gym.trainset.types import Point, Verdict
from tactful.gym.types import GymStep, Play, Traits
from tactful.prompts import Prompt
from tactful.runs import Context

NO_SCENE = "the episode does not hold its scene, so that no other offer can be tried on its user"
NOBODY_KNOWS = "whether help was wanted is not known here"


@dataclass(frozen=True)
class UserJudge:
    """A `CandidateJudge` that asks no model. Silence is right iff no help was wanted."""

    parameters: Parameters = field(default_factory=load_parameters)
    identity: str = SIMULATED
    prompts: tuple[Prompt, ...] = ()

    async def judge(self, point: Point, proposal: str | None, context: Context) -> Verdict:
        """The user's verdict; an ignored offer is not accepted. Unscored where nobody can say."""
        step, outcome = point.step, point.step.outcome
        if proposal is None:
            if outcome.help_wanted is None:
                return Verdict(accepted=None, reason=NOBODY_KNOWS)
            reason = "I could use help now." if outcome.help_wanted else "I need no help now."
            return Verdict(accepted=not outcome.help_wanted, reason=reason)
        if step.shown and step.proposal == proposal and outcome.verdict is not None:
            return Verdict(accepted=outcome.verdict == "accepted", reason=outcome.reason, source="recorded")
        if point.episode.scene is None:
            return Verdict(accepted=None, reason=NO_SCENE)
        world, unfolded = await played_again(point, self.parameters)
        reacted = await RuleWorker(self.parameters).react(world, unfolded, proposal)
        return Verdict(accepted=reacted.verdict == "accepted", reason=reacted.reason)


async def played_again(point: Point, parameters: Parameters) -> tuple[World, Unfolded]:
    """The world before the point's round, and what happened in it, with the rules' account of the work."""
    episode = point.episode
    assert episode.scene is not None
    traits = episode.traits or Traits()
    surroundings = _Surroundings(RuleEnvironment(parameters), episode.steps)
    cast = Cast(
        surroundings,
        _User(parameters, episode.steps),
        _Assistant(episode.steps),
        episode.assistant,
    )
    await play_episode(
        Play(id=episode.id, scene=episode.scene, traits=traits),
        cast,
        traits=traits,
        limits=Limits(rounds=len(episode.steps), events=10**9, questions=0),
        seed=episode.provenance.seed or 0,
    )
    assert surroundings.last is not None
    return surroundings.last


@dataclass
class _Surroundings(ByRule):
    """The recorded events, over the rules' work; keeps what it was asked last."""

    rules: RuleEnvironment
    steps: Sequence[GymStep]
    last: tuple[World, Unfolded] | None = None

    async def expand(self, world: World) -> str:
        return ""

    async def answer(self, world: World, question: str) -> str:
        return ""

    async def unfold(self, world: World, act: Act) -> Unfolded:
        found, step = await self.rules.unfold(world, act), self.steps[len(world.steps)]
        known = step.outcome
        told = replace(
            found,
            events=step.events,
            changes=step.changes,
            timing=known.timing or found.timing,
            help_wanted=found.help_wanted if known.help_wanted is None else known.help_wanted,
        )
        self.last = (world, told)
        return told

    async def carry_out(self, world: World, operations: Sequence[str]) -> Unfolded:
        return Unfolded(self.steps[len(world.steps) - 1].carried_out, {})


@dataclass(frozen=True)
class _User(RuleWorker):
    """The rules' work, and the recorded reactions; it never leaves before the recording does."""

    steps: Sequence[GymStep]

    async def introduce(self, world: World) -> str:
        return ""

    async def act(self, world: World) -> Act:
        return replace(await super().act(world), kind="act")

    async def react(self, world: World, unfolded: Unfolded, offer: str) -> Reacted:
        found = await super().react(world, unfolded, offer)
        said = self.steps[len(world.steps)].outcome.verdict
        return replace(found, verdict=said or found.verdict, leaves=False)


@dataclass(frozen=True)
class _Assistant(ByRule):
    """Offers what was offered."""

    steps: Sequence[GymStep]

    async def propose(self, seen: Seen) -> Proposed:
        step = self.steps[int(seen.moment.id.rpartition("#")[2])]
        return Proposed(step.proposal, shown=step.shown)

    async def operations(self, seen: Seen, offer: str, *, most: int) -> tuple[str, ...]:
        return ("recorded",)
