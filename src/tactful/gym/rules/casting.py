"""A cast that needs no model."""

from __future__ import annotations

from dataclasses import dataclass, field

from tactful.gym.play.deciding import Always, Assisting, Decider
from tactful.gym.play.parts import Cast
from tactful.gym.rules.environment import RuleEnvironment
from tactful.gym.rules.parameters import Parameters, drawn_traits, load_parameters
from tactful.gym.rules.proposer import OfflineProposer
from tactful.gym.rules.worker import RuleWorker
from tactful.gym.types import Play, Traits
from tactful.runs import Context


@dataclass(frozen=True)
class RuleCasting:
    """Surroundings and worker by rules, the offline proposer, and whoever lets its offers through."""

    decider: Decider = field(default_factory=Always)
    parameters: Parameters = field(default_factory=load_parameters)

    def cast(self, play: Play, context: Context) -> Cast:
        """The parts; they hold nothing of a play."""
        return Cast(
            environment=RuleEnvironment(self.parameters),
            worker=RuleWorker(self.parameters),
            assistant=Assisting(OfflineProposer(self.parameters), self.decider),
            assistant_label=self.decider.label,
        )

    def traits(self, play: Play, seed: int) -> Traits:
        """The play's own person, or somebody drawn from the table."""
        return play.traits or drawn_traits(self.parameters.traits, seed, play.id)
