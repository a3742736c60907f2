"""Policies without training: a fixed action, a uniform draw, and a rule that can be read."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from tactful.errors import UsageError
from tactful.types import Decision, PublicState


def refuse_no_state(given: object) -> None:
    """Raises: UsageError for what is no state, a bare text above all, before it is decided on."""
    if not isinstance(given, PublicState):
        raise UsageError(
            f"{str(given)[:60]!r} is no state; make one of a request: [state] = tf.states(['…'], domain='coding')"
        )


def _certain(action: str, actions: Sequence[str]) -> Decision:
    return Decision(action=action, probabilities={name: float(name == action) for name in actions})


@dataclass(frozen=True)
class FixedPolicy:
    """Always the same action: the baseline that a learned policy has to beat."""

    action: str
    actions: tuple[str, ...]

    @property
    def name(self) -> str:
        """`always-LOW` and so on."""
        return f"always-{self.action}"

    def act(self, state: PublicState, rng: random.Random) -> Decision:
        """The fixed action."""
        return _certain(self.action, self.actions)


@dataclass(frozen=True)
class RandomPolicy:
    """Every action equally likely."""

    actions: tuple[str, ...]
    name: str = "random"
    draws: ClassVar[bool] = True
    """Its probabilities are those that it draws with, and no mere measure of how sure it is."""

    def act(self, state: PublicState, rng: random.Random) -> Decision:
        """A uniform draw from `rng`."""
        share = 1.0 / len(self.actions)
        return Decision(action=rng.choice(self.actions), probabilities=dict.fromkeys(self.actions, share))


@dataclass(frozen=True)
class RulePolicy:
    """Ask when the request is open and this user puts up with questions; more when the task is complex.

    `actions` go from the least to the most asking. With two actions the last one is the asking one.
    """

    actions: tuple[str, ...]
    clear_from: float = 0.5
    """Clarity in [0, 1] from which nothing is asked."""
    complex_from: float = 0.5
    """Complexity in [0, 1] from which the most asking action is taken."""
    most_rejections: float = 0.5
    """Share of this user's earlier questions rejected, above which nothing is asked."""
    name: str = "rule"

    def act(self, state: PublicState, rng: random.Random) -> Decision:
        """The first rule that applies, from the top."""
        refuse_no_state(state)
        quiet, asking, most = self.actions[0], self.actions[1], self.actions[-1]
        user = state.user
        unwelcome = user.questions >= 2 and user.rejected / user.questions > self.most_rejections
        spoken = bool(state.prev_reject or state.questions_asked)
        if spoken or unwelcome or state.query_clarity >= self.clear_from:
            action = quiet
        else:
            action = most if state.task_complexity >= self.complex_from else asking
        return _certain(action, self.actions)
