"""Who plays a scene: models where there are any, rules elsewhere. Cast anew for every play."""

from __future__ import annotations

from dataclasses import dataclass, field

from tactful.gym.play.asking import MAX_CHARS, Speaker
from tactful.gym.play.assistant import ModelProposer
from tactful.gym.play.deciding import Always, Assisting, Decider
from tactful.gym.play.environment import ModelEnvironment
from tactful.gym.play.parts import Cast
from tactful.gym.play.worker import ModelWorker
from tactful.gym.rules.environment import RuleEnvironment
from tactful.gym.rules.parameters import Parameters, drawn_traits, load_parameters
from tactful.gym.rules.proposer import OfflineProposer
from tactful.gym.rules.worker import RuleWorker
from tactful.gym.types import Play, Traits
from tactful.runs import Context

ROLES = ("environment", "user", "assistant")
"""Parts that a model may play, by the names of the runner's models; one without a model is played by rules."""


@dataclass(frozen=True)
class Casting:
    """The parts of every play of a run."""

    decider: Decider = field(default_factory=Always)
    parameters: Parameters = field(default_factory=load_parameters)
    max_chars: int = MAX_CHARS

    def cast(self, play: Play, context: Context) -> Cast:
        """Who plays here."""
        notes: list[str] = []

        def speaker(role: str) -> Speaker | None:
            model = context.models.get(role)
            return None if model is None else Speaker(model, play.pass_index, self.max_chars, notes)

        environment, user, assistant = map(speaker, ROLES)
        return Cast(
            RuleEnvironment(self.parameters) if environment is None else ModelEnvironment(environment),
            RuleWorker(self.parameters) if user is None else ModelWorker(user),
            Assisting(
                OfflineProposer(self.parameters) if assistant is None else ModelProposer(assistant),
                self.decider,
            ),
            self.decider.label,
            notes,
        )

    def traits(self, play: Play, seed: int) -> Traits:
        """The person of this play: the play's own, or drawn for it."""
        return play.traits or drawn_traits(self.parameters.traits, seed, play.id)
