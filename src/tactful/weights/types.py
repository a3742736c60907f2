"""What a finished folder says of itself."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Literal

from pydantic import JsonValue

from tactful.types import Record

MANIFEST_FILE = "training.json"
"""Written last: a folder without it is not finished."""
Form = Literal["pairs", "answers", "labels", "verdicts", "tasks"]
"""What an example is: a prompt with a better and a worse answer, with the answer to learn, with an answer that was wanted
or not, a moment that was welcome or not, or a task to talk about."""


class TrainedOn(Record):
    """One file of the training data."""

    path: str
    """As the user named it."""
    sha256: str
    rows: int
    part: Literal["train", "valid", "both"] = "both"


class Manifest(Record):
    """How a folder came about. Running `config` again on the same data gives the same figures on one machine."""

    trainer: Literal["sft", "dpo", "kto", "reward", "grpo"]
    form: Form
    kind: str
    """The kind of record that the data held: `pairs`, `utterance`, `trl`, …"""
    learn: Literal["text", "action"] = "text"
    """Calibration pairs: the messages, or the names of the actions after the rendered state."""
    shown: Literal["conversation", "numbers"] = "conversation"
    """`learn="action"`: what of a state stands in the prompt."""
    actions: tuple[str, ...] = ()
    """`learn="action"`: all actions, least asking first where their order is known."""
    head: Literal["lm", "score"] = "lm"
    """`score`: one number per text; its logistic is the probability of a yes."""
    lora: bool
    """The folder holds an adapter; the weights are those of `base`."""
    base: str
    """As the user named it."""
    base_folder: str
    base_fingerprint: str
    config: Mapping[str, JsonValue]
    data: tuple[TrainedOn, ...]
    examples: Mapping[str, int]
    """Part → examples trained or validated on."""
    grouped_by: str
    prompts: Mapping[str, str] = {}
    """Prompt id → hash of the prompt file."""
    pipeline: str = ""
    """The commands that made the data, as far as it says."""
    selected_by: tuple[str, ...] = ()
    """Judges that selected the answers of the data, or gave its labels, where no person did, those of the base included:
    none of them measures this."""
    versions: Mapping[str, str]
    seed: int
    steps: int
    """Updates of the weights."""
    kept_after: int | None = None
    """The update whose weights these are: the one that validated best, else the last."""
    tokens: int = 0
    """Trained on, repeats included; 0: not counted."""
    seconds: float = 0.0
    device: str = "cpu"
    figures: Mapping[str, float]
    files: Mapping[str, str]
    """File → SHA-256, of everything that is loaded."""
    made_at: datetime
