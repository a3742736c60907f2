"""How an advisor works: its mode, whom it treats, its bounds. A file of TOML, or arguments of the same names."""

from __future__ import annotations

from typing import Self

from pydantic import Field

from tactful.live.learning.choosing import Guards
from tactful.live.learning.patience import Population
from tactful.live.learning.pooling import population_of
from tactful.live.types import Mode
from tactful.policy import CostPolicy
from tactful.types import Policy, Record


class LiveSettings(Record):
    """Everything that decides about decisions, but policy, reader and database."""

    mode: Mode = "shadow"
    share: float = Field(default=1.0, ge=0, le=1)
    """Of the users (conversations, where nobody is named) who are treated at all; the same ones as long as `seed` stays."""
    seed: int = 0
    timeout_ms: float = Field(default=250.0, gt=0)
    """A decision that takes longer is none: the assistant goes on as before."""
    keep_texts: bool = False
    """Store what was said, for `tactful live export` and audits; else only hashes, probabilities and outcomes are stored."""
    retention_days: float = Field(default=180.0, gt=0)
    """What is older is removed; what was learned of a user stays until they are removed."""
    domain: str = ""
    """Of requests: `coding`, `planning`, …; empty: told by their words."""
    guards: Guards = Guards()
    population: Population = Population()

    def by_policy(self, policy: Policy) -> Self:
        """The same with the users that the costs of a policy tell of, where these settings tell of none."""
        if not isinstance(policy, CostPolicy) or self.population != Population():
            return self
        return self.model_copy(update={"population": population_of(policy, self.population)})
