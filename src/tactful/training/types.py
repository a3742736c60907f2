"""What is trained on, and how: examples of one form, and the configuration of one training."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from pydantic import Field

from tactful.calibration.types import Session
from tactful.types import Message, Record
from tactful.weights.types import Form, TrainedOn

Trainer = Literal["sft", "dpo", "kto", "reward", "grpo"]
Part = Literal["train", "valid"]
TAKES: dict[Trainer, tuple[Form, ...]] = {
    "sft": ("answers", "pairs", "labels"),
    "dpo": ("pairs",),
    "kto": ("labels", "pairs"),
    "reward": ("pairs", "verdicts", "labels"),
    "grpo": ("tasks",),
}
"""Trainer → forms that it learns from, the one that it is made for first."""


@dataclass(frozen=True)
class Example:
    """One thing to learn. Which fields are filled says the form."""

    id: str
    group: str
    """What must not stand on both sides of a split; empty: the row does not say."""
    prompt: tuple[Message, ...]
    answer: tuple[Message, ...] = ()
    """`pairs`: the better one. `verdicts`: none, the prompt holds all."""
    rejected: tuple[Message, ...] = ()
    """`pairs` only."""
    label: bool | None = None
    """`labels`: the answer was wanted. `verdicts`: the moment was welcome."""
    weight: float = 1.0
    margin: float | None = None
    """`pairs`: reward of the better one minus that of the other."""
    silent: bool = False
    """`verdicts`: nothing was offered at the moment."""
    part: Part | None = None
    """Where the data says itself what validates; None: to be split by group."""
    session: Session | None = None
    """`tasks` only: who asks for what."""
    place: str = ""
    """`file:line`, for messages."""


@dataclass
class Material:
    """All examples of one data set, and what is known about it."""

    form: Form
    kind: str
    """Kind of record, by its keys: `pairs`, `utterance`, `trl`, …"""
    examples: list[Example]
    files: list[TrainedOn]
    grouped_by: str
    left_out: Counter[str] = field(default_factory=Counter)
    """Rows that gave no example, by why."""
    notes: list[str] = field(default_factory=list)
    actions: tuple[str, ...] = ()
    domains: tuple[str, ...] = ()
    """Of the pairs that name actions."""
    prompts: dict[str, str] = field(default_factory=dict)
    pipeline: str = ""
    selected_by: tuple[str, ...] = ()
    """Judges that selected the answers or gave the labels, where no person did."""

    @property
    def valid_file(self) -> str | None:
        """The file that was given to validate on."""
        return next((file.path for file in self.files if file.part == "valid"), None)


class TrainConfig(Record):
    """One training. Every key but `warmup` is a flag of `tactful train`, and may stand in its `--config` file."""

    trainer: Trainer
    model: str
    """Base model: a name on the Hub, a folder, a .gguf file, or `smollm2`."""
    learn: Literal["text", "action"] = "text"
    """Calibration pairs: the messages, or the name of the action after the rendered state."""
    shown: Literal["conversation", "numbers"] = "conversation"
    """`learn="action"`: what was said and is known of the user, or clarity and complexity beside it."""
    lora: bool | None = None
    """Train an adapter. None: for dpo and kto, whose reference is then the base with the adapter off."""
    lora_rank: int = Field(default=16, ge=1)
    lora_alpha: int = Field(default=32, ge=1)
    lora_layers: int | None = Field(default=None, ge=1)
    """Of how many layers, from the top. None: of all. The gradient stops below them, so fewer train faster."""
    load_in_4bit: bool = False
    """Load the base in 4 bits (bitsandbytes); needs an adapter and a GPU."""
    dtype: Literal["auto", "bf16", "f32"] = "auto"
    """`auto`: bf16 where the device has it."""
    epochs: float = Field(default=1.0, gt=0)
    max_steps: int | None = Field(default=None, ge=1)
    """Stop after so many updates, whatever `epochs` says."""
    batch: int = Field(default=4, ge=1)
    """Examples at once on one device."""
    accumulate: int = Field(default=2, ge=1)
    """Batches to one update."""
    learning_rate: float | None = Field(default=None, gt=0)
    """Peak. None: of this trainer, ten times and more of it for an adapter."""
    warmup: float = Field(default=0.05, ge=0, lt=1)
    """Share of the updates."""
    max_length: int = Field(default=1024, ge=8)
    """Most tokens of prompt and answer."""
    too_long: Literal["refuse", "leave-out", "cut-prompt"] = "refuse"
    """Examples over `max_length`. `cut-prompt`: the oldest messages go, the answer stays whole."""
    packing: bool = False
    """sft: several examples to a row of `max_length`."""
    checkpointing: bool | None = None
    """Recompute activations to save memory. None: of a base with more than 50 million weights, unless `lora_layers` is given."""
    beta: float = Field(default=0.1, gt=0)
    """dpo, kto: how closely to hold to the reference; higher is closer."""
    use_weights: bool = True
    """sft, dpo, reward on yes/no: multiply the loss of a row by its weight."""
    use_margins: bool = False
    """dpo, reward on pairs: ask for a distance that grows with the margin of the rewards."""
    personas: tuple[str, ...] = ()
    """grpo: users by name, and TOML files; none: every built-in one that is not held out."""
    generations: int = Field(default=4, ge=1)
    """grpo: talks about each task, which are compared."""
    max_turns: int = Field(default=4, ge=1)
    """grpo: messages of the model in one talk."""
    max_message: int = Field(default=512, ge=1)
    """grpo: most tokens of one message."""
    temperature: float = Field(default=1.0, gt=0)
    """grpo: of the sampling."""
    credit: Literal["talk", "turn"] = "talk"
    """grpo: every token counts with the reward of the whole talk, or with the return to go of its message."""
    balance: bool = True
    """kto: wanted and unwanted answers count the same in sum."""
    valid: float = Field(default=0.1, ge=0, lt=1)
    """Share of the groups that validate, where the data has no such part of its own; 0: none."""
    patience: int = Field(default=3, ge=0)
    """End after so many validations without gain; 0: never early."""
    validate_every: int | None = Field(default=None, ge=1)
    """Updates. None: ten times in the training."""
    seed: int = Field(default=0, ge=0)

    @property
    def adapter(self) -> bool:
        """Whether an adapter is trained."""
        return self.lora if self.lora is not None else self.trainer in ("dpo", "kto")

    @property
    def peak_rate(self) -> float:
        """The learning rate, where none was given: of this trainer, for all weights or for an adapter."""
        full, adapter = _RATES[self.trainer]
        return self.learning_rate or (adapter if self.adapter else full)


_RATES: dict[Trainer, tuple[float, float]] = {
    "sft": (2e-5, 2e-4),
    "dpo": (1e-6, 5e-5),
    "kto": (1e-6, 5e-5),
    "reward": (1e-5, 2e-4),
    "grpo": (1e-6, 2e-5),
}


@dataclass(frozen=True)
class Place:
    """Where a training goes, and what follows it."""

    out: Path
    resume: bool = False
    push_to: str = ""
    """Name on the Hub; empty: stays here."""


def text_of(messages: Sequence[Message]) -> str:
    """What is said in them, for comparing sides."""
    return "\n".join(message.content.strip() for message in messages)
