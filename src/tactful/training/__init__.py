"""From records of ours to a fine-tuned model, on TRL.

sources (which files) → forms (records as examples) → checks (what may be trained on, and what validates) → the base model
(`tactful.weights`) → one of `methods/` → running (steps, checkpoints, curves, card, manifest).
"""

from tactful.training.pipeline import train
from tactful.training.types import Place, TrainConfig, Trainer

__all__ = ["Place", "TrainConfig", "Trainer", "train"]
