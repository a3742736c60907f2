"""The embedded policy: a linear softmax over actions on named features of the public state, and its file.

Deciding needs numpy and pydantic alone; `fitting.py` trains. The file is readable JSON, never pickle: loading a policy
must not run code.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from tactful.data.sealed import Fitted, Spread, load_document, save_document
from tactful.errors import DataError
from tactful.policy.features import FEATURES, feature_vector
from tactful.policy.simple import refuse_no_state
from tactful.types import Decision, PublicState, Record

Floats = NDArray[np.float64]
Head = Literal["dpo", "ridge"]


@dataclass(frozen=True)
class EmbeddedPolicy:
    """Acts greedily on linear scores; `probabilities` are their softmax.

    `weights` is (actions, features) on standardised features, `bias` (actions,). For the ridge head scores are
    predicted rewards, and the softmax is only a picture of their distance.
    """

    actions: tuple[str, ...]
    mean: Floats
    scale: Floats
    weights: Floats
    bias: Floats
    l2: float
    head: Head = "dpo"
    name: str = "learned"
    training: dict[str, Any] = field(default_factory=dict)
    """Model card: pairs, groups, seed, cross-validated figures."""

    def scores(self, states: Floats) -> Floats:
        """Scores (n, actions) of a feature matrix (n, features); higher means chosen rather."""
        return ((states - self.mean) / self.scale) @ self.weights.T + self.bias

    def act(self, state: PublicState, rng: random.Random | None = None) -> Decision:
        """The action with the highest score; ties go to the less asking one. `rng` is not needed.

        Raises: UsageError for what is no state.
        """
        refuse_no_state(state)
        return greedy(self.actions, self.scores(np.array([feature_vector(state)]))[0])

    def contributions(self, state: PublicState, action: str, against: str) -> dict[str, float]:
        """Feature → how much it moves `action` over `against` at this state; sums, with `bias`, to the score gap."""
        one, two = self.actions.index(action), self.actions.index(against)
        standard = (np.array(feature_vector(state)) - self.mean) / self.scale
        moves = (self.weights[one] - self.weights[two]) * standard
        parts = {name: float(move) for name, move in zip(FEATURES, moves, strict=True)}
        return {**parts, "bias": float(self.bias[one] - self.bias[two])}

    def save(self, path: Path | str) -> None:
        """Write the policy to a new JSON file. Raises UserError when `path` exists: nothing is overwritten."""
        content = PolicyFile(
            name=self.name,
            head=self.head,
            actions=self.actions,
            features=tuple(FEATURES),
            mean=tuple(self.mean),
            scale=tuple(self.scale),
            weights={action: tuple(row) for action, row in zip(self.actions, self.weights, strict=True)},
            bias={action: float(level) for action, level in zip(self.actions, self.bias, strict=True)},
            l2=self.l2,
            training=self.training,
        )
        save_document(Path(path), content)


def greedy(actions: Sequence[str], scores: Floats, temperature: float = 1.0) -> Decision:
    """The action with the highest score, the first of equals; `probabilities` are the softmax of scores / temperature."""
    scaled = scores / temperature
    raised = np.exp(scaled - scaled.max())
    chances = raised / raised.sum()
    return Decision(
        action=actions[int(np.argmax(scores))],
        probabilities={action: float(chance) for action, chance in zip(actions, chances, strict=True)},
    )


# ---------------------------------------------------------------- the file


class PolicyFile(Record):
    """The file's content; `weights` maps action → feature → weight on standardised features."""

    format: Literal["tactful-policy-1"] = "tactful-policy-1"
    name: str
    head: Literal["dpo", "ridge"]
    actions: tuple[str, ...] = Field(min_length=2)
    features: tuple[str, ...]
    mean: tuple[Fitted, ...]
    scale: tuple[Spread, ...]
    weights: dict[str, tuple[Fitted, ...]]
    bias: dict[str, Fitted]
    l2: float
    training: Mapping[str, Any] = {}


def load_policy(path: Path) -> EmbeddedPolicy:
    """The policy in `path`.

    Raises DataError when the file is missing, is no policy file (a pickle, say), or was trained on other features.
    """
    train_again = "train it again with 'tactful policy train'"
    content = load_document(path, PolicyFile, what="policy", again=train_again)
    if content.features != tuple(FEATURES):
        raise DataError.at(
            path, None, "was trained on other features than this version reads", fix=train_again
        )
    shape = (len(content.actions), len(content.features))
    if set(content.weights) != set(content.actions) or set(content.bias) != set(content.actions):
        raise DataError.at(
            path, None, f"weights and biases do not cover {list(content.actions)}", fix=train_again
        )
    rows = [content.weights[action] for action in content.actions]
    if any(len(row) != shape[1] for row in (*rows, content.mean, content.scale)):
        raise DataError.at(path, None, f"expected {shape[1]} numbers per row", fix=train_again)
    return EmbeddedPolicy(
        actions=content.actions,
        mean=np.array(content.mean),
        scale=np.array(content.scale),
        weights=np.array(rows),
        bias=np.array([content.bias[action] for action in content.actions]),
        l2=content.l2,
        head=content.head,
        name=content.name,
        training=dict(content.training),
    )
