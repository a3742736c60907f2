"""Episodes of the gym whose assistant is the model that is trained: it offers or is silent, and rules play all the rest.

Each round is asked by itself, with the prompt of the assistant in `gym run` and of the rows of `gym trainset`: what came
before stands in the events. What is done for an accepted offer is drawn by rules; only offers are learnt.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from itertools import accumulate
from typing import NamedTuple

from tactful.gym.casting import Casting
from tactful.gym.play.asking import MAX_CHARS
from tactful.gym.play.assistant import PROPOSE, ProposeReply, offered, propose_prompt
from tactful.gym.play.deciding import Assisting, OwnJudgement
from tactful.gym.play.episode import play_episode
from tactful.gym.play.parts import Generator, Limits, NoReply, Seen
from tactful.gym.rules.parameters import Parameters, load_parameters
from tactful.gym.rules.proposer import OfflineProposer
from tactful.gym.summary import worth
from tactful.gym.types import GymEpisode, Play
from tactful.llm.replies.structured import Unusable, parse_reply
from tactful.prompts import Prompt, Rendered
from tactful.runs import Context

COST = 0.25
"""Of an offer that is shown and not accepted, where nobody says otherwise."""


class Answer(NamedTuple):
    """What the model wrote in one round."""

    text: str
    ended: bool = True
    """False: cut at the limit of tokens."""


Ask = Callable[[Rendered], Awaitable[Answer | None]]
"""The model's answer to the prompt of one round; None: it may say no more, and the episode ends here."""


@dataclass(frozen=True)
class Playing:
    """How episodes are played, and what they earn."""

    parameters: Parameters = field(default_factory=load_parameters)
    limits: Limits = field(default_factory=Limits)
    max_chars: int = MAX_CHARS
    """Most characters of events in the prompt of a round; the latest are kept."""
    cost: float = COST
    """Of an offer that is shown and not accepted; an accepted one earns 1, silence 0."""
    seed: int = 0


@dataclass(frozen=True)
class Watched:
    """One episode with its rewards."""

    episode: GymEpisode
    rewards: tuple[float, ...]
    """Of each answer of the model, in order."""
    unreadable: int
    """Answers that say neither offer nor silence; they count as silence."""

    @property
    def reward(self) -> float:
        """The utility of the episode."""
        return sum(self.rewards)

    @property
    def returns(self) -> tuple[float, ...]:
        """Of each answer what was earned from there on; the first is the whole reward."""
        return tuple(accumulate(reversed(self.rewards)))[::-1]

    @property
    def verdicts(self) -> tuple[str, ...]:
        """What became of each answer: accepted, rejected, ignored, or silence."""
        steps = self.episode.steps[: len(self.rewards)]
        return tuple(step.outcome.verdict or "silence" for step in steps)

    def figures(self) -> dict[str, float]:
        """What is counted beside the reward."""
        verdicts = self.verdicts
        missed = [step.outcome.help_wanted is True and not step.shown for step in self.episode.steps]
        return {
            "answers": float(len(verdicts)),
            "unreadable": float(self.unreadable),
            "offers": float(len(verdicts) - verdicts.count("silence")),
            "accepted": float(verdicts.count("accepted")),
            "missed": float(sum(missed)),
            "left": float(self.episode.end == "left"),
        }


@dataclass
class _Trainee:
    """A proposer that speaks through `ask` and counts what it cannot read."""

    ask: Ask
    playing: Playing
    answers: int = 0
    unreadable: int = 0
    name: str = "trained"
    generator: Generator = "endpoint"
    prompts: Sequence[Prompt] = (PROPOSE,)

    async def offer(self, seen: Seen, *, due: bool) -> str | None:
        """The help to offer now, or silence. Raises: NoReply where the model may say no more."""
        answer = await self.ask(propose_prompt(seen, self.playing.max_chars, due=due))
        if answer is None:
            raise NoReply("the model was stopped")
        self.answers += 1
        try:
            said = parse_reply(answer.text, ProposeReply, complete=answer.ended).value
        except Unusable:
            self.unreadable += 1
            return None
        return offered(said.proposal)

    async def operations(self, seen: Seen, offer: str, *, most: int) -> tuple[str, ...]:
        """Some of the scene's, by lot."""
        return await OfflineProposer(self.playing.parameters).operations(seen, offer, most=most)


async def watch(play: Play, ask: Ask, playing: Playing) -> Watched:
    """The episode, played to its end or until `ask` gives None. Raises: NoReply where that is at once; what `ask` raises."""
    trainee = _Trainee(ask, playing)
    casting = Casting(OwnJudgement(trainee.name), playing.parameters, playing.max_chars)
    rules = casting.cast(play, Context(record_id=play.id, seed=playing.seed, run_id=""))
    episode = await play_episode(
        play,
        replace(rules, assistant=Assisting(trainee, casting.decider)),
        traits=casting.traits(play, playing.seed),
        limits=playing.limits,
        seed=playing.seed,
    )
    asked = episode.steps[: trainee.answers]  # who finishes or leaves does so without being offered anything
    return Watched(
        episode, tuple(worth(step, false_alarm=playing.cost) for step in asked), trainee.unreadable
    )
