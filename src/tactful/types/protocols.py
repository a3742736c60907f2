"""What a room may ask of another without knowing it."""

from __future__ import annotations

import random
from typing import Protocol

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
