"""Dialogues that stand in the data twice, as in a log that was exported again or in which a talk goes on under a new id.

Parted by folds, a copy would tell the baselines its other's answer; drawn by itself, it would narrow the intervals.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby, islice
from operator import itemgetter

from tactful.utterance.dialogues import plain
from tactful.utterance.predict.predictor import Prediction

COPIES = (
    "{count} of the dialogues begin as another one does, with the same first exchange and next message: "
    "they count as one dialogue with it."
)


def without_copies(items: Sequence[Prediction]) -> tuple[tuple[Prediction, ...], int]:
    """The items, those of copies under the id of the first dialogue that begins so; and how many dialogues were copies.

    A copy has the same first exchange and the same next message, as `plain` compares texts.
    """
    first: dict[tuple[str, ...], str] = {}
    same: dict[str, str] = {}
    for item in items:
        known = same.get(item.dialogue_id, item.dialogue_id)
        same.setdefault(item.dialogue_id, first.setdefault(_beginning(item), known))
    return (
        tuple(item.model_copy(update={"dialogue_id": same[item.dialogue_id]}) for item in items),
        sum(name != kept for name, kept in same.items()),
    )


def _beginning(item: Prediction) -> tuple[str, ...]:
    """The first three turns of anybody, the gold message among them."""
    said = [(m.role, m.content) for m in item.context if m.role in ("user", "assistant")]
    turns = groupby([*said, ("user", item.hindsight.message)], key=itemgetter(0))
    return tuple(plain("\n".join(text for _, text in turn)) for _, turn in islice(turns, 3))
