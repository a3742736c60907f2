"""Small predictions for the tests of utterance evaluation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tactful.data.formats.chats import ChatMessage
from tactful.types import Provenance
from tactful.utterance.predict.predictor import Label, Prediction

MADE = Provenance(model="m", generator="endpoint")


def item(
    name: str,
    gold: str,
    predictions: Sequence[str] = (),
    *,
    said: Sequence[str] = ("A hotel?", "Which area?"),
    lang: str = "en",
    source: str = "chats",
    turn: int = 1,
    **more: Any,
) -> Prediction:
    """A prediction in the dialogue `name`; `said` alternates user and assistant."""
    label = {key: more.pop(key) for key in ("category", "view") if key in more}
    context = tuple(
        ChatMessage(role="assistant" if at % 2 else "user", content=text) for at, text in enumerate(said)
    )
    return Prediction(
        id=f"{name}#{turn}",
        dialogue_id=name,
        turn=turn,
        source=source,
        lang=lang,
        context=context,
        predictions=tuple(predictions),
        reply="",
        hindsight=Label(message=gold, **label),
        provenance=MADE,
        category=more.pop("predicted", None),
        **more,
    )
