"""What a training of actions leaves beside its weights: the card that makes the folder a policy."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tactful.data.sealed import save_document
from tactful.policy.language_model.card import CARD_FILE, ActionCard, calibrated
from tactful.policy.language_model.scoring import log_probabilities
from tactful.training.material.checks import Checked
from tactful.training.types import Material, TrainConfig, text_of
from tactful.weights.tokens import choice_ids


def write_card(
    out: Path, model: Any, tokenizer: Any, material: Material, checked: Checked, config: TrainConfig
) -> None:
    """Calibrate the temperature on the validation pairs, by the trained `model`, and write the card into `out`."""
    pairs = checked.valid
    asked = [
        choice_ids(tokenizer, one.prompt, [text_of(side) for side in (one.answer, one.rejected)])
        for one in pairs
    ]
    scores = log_probabilities(model.eval(), [prompt for prompt, _ in asked], [sides for _, sides in asked])
    gaps = [better - worse for better, worse in scores]
    card = ActionCard(
        actions=material.actions,
        shown=config.shown,
        domains=material.domains,
        base_tasks=tuple(sorted({one.group for one in [*checked.train, *pairs]})),
        **calibrated(gaps, [one.weight for one in pairs] if config.use_weights else None),
    )
    save_document(out / CARD_FILE, card, replace=True)
