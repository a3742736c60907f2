"""The action policy of a trained language model: the probability of each action's name after the rendered state.

No text is written. The model is loaded when it first decides and kept for the process; a folder whose adapter is
missing, was changed, or belongs to another base is refused, so the base never answers in its place.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from tactful.data.sealed import load_document
from tactful.errors import UserError
from tactful.policy.embedded import greedy
from tactful.policy.language_model.card import CARD_FILE, ActionCard
from tactful.policy.language_model.prompt import state_messages
from tactful.policy.language_model.scoring import Floats, log_probabilities
from tactful.policy.simple import refuse_no_state
from tactful.reading.remembered import Remembered
from tactful.types import Decision, Message, PublicState, content_hash
from tactful.weights import MANIFEST_FILE, Manifest, choice_ids, load_trained, read_manifest

_REMEMBERED = 50_000


@dataclass(frozen=True)
class LanguageModelPolicy:
    """Acts greedily; `probabilities` are the softmax of the actions' log-probabilities, divided by the temperature."""

    folder: Path
    """Of `tactful train … --learn action`."""
    card: ActionCard
    manifest: Manifest
    name: str

    @property
    def actions(self) -> tuple[str, ...]:
        """From the least to the most asking."""
        return self.card.actions

    @property
    def training(self) -> dict[str, Any]:
        """What it was trained on: `domains`, `base_tasks`."""
        return {"domains": list(self.card.domains), "base_tasks": list(self.card.base_tasks)}

    def act(self, state: PublicState, rng: random.Random | None = None) -> Decision:
        """The likeliest action; ties go to the less asking one. `rng` is not needed."""
        refuse_no_state(state)
        return self.act_many([state])[0]

    def act_many(self, states: Sequence[PublicState]) -> list[Decision]:
        """What `act` chooses for each of them, in batches."""
        return [self.decision(row) for row in self.log_probabilities(states)]

    def decision(self, scores: Floats) -> Decision:
        """What follows from the actions' log-probabilities."""
        return greedy(self.actions, scores, self.card.temperature)

    def log_odds(self, scores: Floats, action: str) -> float:
        """log P / (1 − P) of an action among all, from the actions' log-probabilities, at the calibrated temperature."""
        scaled, at = scores / self.card.temperature, self.actions.index(action)
        return float(scaled[at] - np.logaddexp.reduce(np.delete(scaled, at)))

    def log_probabilities(self, states: Sequence[PublicState]) -> Floats:
        """(states, actions): log P(the action's name, end of turn included), as the model says it; not calibrated."""
        return self._opened().scores(states, self.card)

    def ready(self) -> LanguageModelPolicy:
        """Itself, its model loaded. Raises: UserError, DataError, MissingExtra where it cannot be."""
        self._opened()
        return self

    def _opened(self) -> _Opened:
        whole = self.folder.resolve()
        return _open(whole, content_hash((whole / MANIFEST_FILE).read_bytes()))


class _Opened:
    """A loaded model, and what it said already."""

    def __init__(self, folder: Path) -> None:
        self.loaded = load_trained(folder)
        self.said = Remembered(self._ask, _REMEMBERED)

    def scores(self, states: Sequence[PublicState], card: ActionCard) -> Floats:
        names = card.actions
        asked = [(state_messages(state, names, card.shown), names) for state in states]
        return np.array(self.said.of(asked)).reshape(len(asked), len(names))

    def _ask(self, asked: Sequence[tuple[tuple[Message, ...], tuple[str, ...]]]) -> list[Floats]:
        chosen = [choice_ids(self.loaded.tokenizer, prompt, names) for prompt, names in asked]
        prompts, answers = zip(*chosen, strict=True)
        return list(log_probabilities(self.loaded.model, prompts, answers))


@lru_cache(maxsize=2)
def _open(folder: Path, manifest_hash: str) -> _Opened:
    """One model for all policies of a folder; trained anew, it is loaded anew."""
    return _Opened(folder)


def read_card(folder: Path) -> ActionCard:
    """The card in a folder. Raises: DataError when it is missing or was changed."""
    return load_document(folder / CARD_FILE, ActionCard, what="action policy", again="train it again")


def load_language_model_policy(folder: Path) -> LanguageModelPolicy:
    """The policy in the folder of a training; the model itself is loaded when it first decides.

    Raises: UserError for a folder that is not finished or learned no actions; DataError for a changed card.
    """
    manifest = read_manifest(folder)
    if manifest.learn != "action" or manifest.head != "lm":
        raise UserError(
            f"{folder}: learned {'a score' if manifest.head == 'score' else 'texts'}, not which action to take; train a "
            "policy with: tactful train dpo PAIRS --learn action"
        )
    return LanguageModelPolicy(folder, read_card(folder), manifest, name=str(folder))
