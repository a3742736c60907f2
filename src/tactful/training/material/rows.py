"""Examples as the rows that trainers read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tactful.training.types import Example, TrainConfig
from tactful.types import plain
from tactful.weights.extras import need


def dataset(rows: Sequence[dict[str, Any]]) -> Any:
    """As `datasets` holds them; None for none."""
    (datasets,) = need("datasets", what="training")
    return datasets.Dataset.from_list(list(rows)) if rows else None


def pair_row(item: Example) -> dict[str, Any]:
    """TRL's conversational preference columns."""
    return {"prompt": plain(item.prompt), "chosen": plain(item.answer), "rejected": plain(item.rejected)}


def answer_row(item: Example) -> dict[str, Any]:
    """TRL's conversational prompt and completion."""
    return {"prompt": plain(item.prompt), "completion": plain(item.answer)}


def label_rows(item: Example) -> list[dict[str, Any]]:
    """TRL's unpaired preferences: one row, or of a pair both sides."""
    if item.rejected:
        sides = ((item.answer, True), (item.rejected, False))
        return [
            {"prompt": plain(item.prompt), "completion": plain(side), "label": label} for side, label in sides
        ]
    return [{**answer_row(item), "label": item.label}]


def weighted(items: Sequence[Example], config: TrainConfig) -> bool:
    """Whether weights are to be used, and say anything."""
    return config.use_weights and not config.packing and len({item.weight for item in items}) > 1


def with_margins(items: Sequence[Example], config: TrainConfig) -> bool:
    """Whether margins are to be used, and are there."""
    return config.use_margins and any(item.margin is not None for item in items)
