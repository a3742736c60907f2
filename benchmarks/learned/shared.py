"""What the parts of `benchmarks/training.py` share: what was found, how a model is trained, and it as a policy."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

import tactful as tf
from tactful.policy.language_model.prompt import Shown, state_messages
from tactful.policy.language_model.scoring import log_probabilities
from tactful.stats import Estimate
from tactful.types import Decision, Message, PublicState, UserHistory
from tactful.weights import answer_ids, load_trained, prompt_ids

DATA = Path(os.environ.get("TACTFUL_TEST_DATA", Path(__file__).resolve().parents[3] / "shared" / "data"))
SEED = 0
LAYERS = 10
"""Of thirty, from the top: no gradient runs below them."""


@dataclass
class Found:
    """What one part found: lines of the table, and what was done in words."""

    part: str
    lines: list[tuple[str, str, str, int, int]] = field(default_factory=list)
    """Measure, of whom, value with interval, items, groups."""
    notes: list[str] = field(default_factory=list)
    seconds: float = 0.0

    def add(self, measure: str, whose: str, value: Estimate, sign: str = "") -> None:
        """One figure, shown at once: a part that is stopped has told what it knew."""
        text = value.text() if not sign or value.value is None or value.value < 0 else sign + value.text()
        self.lines.append((measure, whose, text, value.items, value.groups))
        print(f"  {measure}, {whose}: {text} ({value.items} items, {value.groups} groups)", flush=True)

    def note(self, text: str) -> None:
        """A sentence about sizes, time or what was left out."""
        self.notes.append(text)
        print(f"  {text}", flush=True)


@dataclass
class Setting:
    """What all parts share."""

    model: str
    dtype: str
    minutes: float
    out: Path

    def size(self, at_five_minutes: int) -> int:
        """Examples, of the number that five minutes allow."""
        return max(8, round(at_five_minutes * self.minutes / 5))

    def train(self, found: Found, trainer: str, data: Path, out: str, **more: Any) -> Any:
        """The trained model, opened; its adapter beside the weights, since bf16 would round it away inside them."""
        settings = {
            "lora": True,
            "lora_layers": LAYERS,
            "valid": 0.0,
            "batch": 8,
            "accumulate": 1,
            "checkpointing": False,
            "dtype": self.dtype,
            "seed": SEED,
        }
        began = time.monotonic()

        def told(step: int, steps: int) -> None:
            if step == 1 or step % 10 == 0:
                print(f"    update {step} of {steps}, {time.monotonic() - began:.0f} s", flush=True)

        made = tf.train_model(
            trainer, data, model=self.model, out=self.out / out, on_step=told, **settings | more
        )
        found.note(
            f"{trainer}: {made.examples['train']} examples, {made.steps} updates, {made.seconds:.0f} s "
            f"({made.seconds / made.steps:.2f} s each), loss {made.figures.get('train_loss', float('nan')):.3f}"
        )
        return load_trained(self.out / out, dtype=self.dtype)


@dataclass
class Chooser:
    """A language model as a policy: what it was told of the user before is left out, so that few prompts differ."""

    loaded: Any
    actions: tuple[str, ...]
    shown: Shown
    name: str
    said: dict[Any, np.ndarray] = field(default_factory=dict)

    def probabilities(self, states: Sequence[PublicState]) -> np.ndarray:
        """(states, actions)."""
        tokenizer = self.loaded.tokenizer
        prompts = [
            state_messages(state.model_copy(update={"user": UserHistory()}), self.actions, self.shown)
            for state in states
        ]
        new = [prompt for prompt in dict.fromkeys(prompts) if prompt not in self.said]
        if new:
            ids = [prompt_ids(tokenizer, prompt) for prompt in new]
            answers = [[answer_ids(tokenizer, prompt, name) for name in self.actions] for prompt in new]
            self.said.update(zip(new, log_probabilities(self.loaded.model, ids, answers), strict=True))
        scores = np.array([self.said[prompt] for prompt in prompts])
        chances = np.exp(scores - scores.max(axis=1, keepdims=True))
        return np.asarray(chances / chances.sum(axis=1, keepdims=True))

    def act_many(self, states: Sequence[PublicState]) -> list[Decision]:
        """The likeliest action for each."""
        return [
            Decision(
                action=self.actions[int(row.argmax())],
                probabilities=dict(zip(self.actions, map(float, row), strict=True)),
            )
            for row in self.probabilities(states)
        ]

    def act(self, state: PublicState, rng: object = None) -> Decision:
        """The likeliest action."""
        return self.act_many([state])[0]


def write(path: Path, rows: Sequence[dict[str, Any]]) -> Path:
    """JSON lines."""
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    return path


def said(role: str, text: str) -> dict[str, str]:
    """A message as trainers read it."""
    return {"role": role, "content": text}


def to_messages(rows: Sequence[dict[str, str]]) -> tuple[Message, ...]:
    """The same as records."""
    return tuple(Message.model_validate(row) for row in rows)
