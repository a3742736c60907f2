"""What a room may ask of another without knowing it."""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from typing import Protocol, runtime_checkable

from tactful.types.reaction import Decision
from tactful.types.task import PublicState


class Policy(Protocol):
    """Which action now? Implementations hold no state between calls."""

    @property
    def name(self) -> str:
        """As tables and reports name it."""
        ...

    @property
    def actions(self) -> tuple[str, ...]:
        """From the least to the most asking."""
        ...

    def act(self, state: PublicState, rng: random.Random) -> Decision:
        """Choose an action. `rng` is the only source of randomness."""
        ...


@runtime_checkable
class BatchPolicy(Policy, Protocol):
    """A policy without randomness that decides on many states in much less time than one by one."""

    def act_many(self, states: Sequence[PublicState]) -> list[Decision]:
        """What `act` would choose for each, in order."""
        ...


@runtime_checkable
class Preparing(Protocol):
    """What reads its weights when it is first asked, and can do so before."""

    def ready(self) -> object:
        """Read them now. Raises: UserError, DataError or MissingExtra where that cannot be."""
        ...


def decide(policy: Policy, states: Sequence[PublicState], rngs: Iterable[random.Random]) -> list[Decision]:
    """What a policy chooses in each state, all at once where it can; else one by one, each with its own of `rngs`."""
    if isinstance(policy, BatchPolicy):
        return policy.act_many(states)
    return [policy.act(state, rng) for state, rng in zip(states, rngs, strict=True)]
