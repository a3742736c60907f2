"""What the language model is shown of a request, an exchange and a moment: at most 160 tokens, and a question at the end.

No chat template: its system prompt alone would take a fifth of the room. The answer is read off the state of the last
token, so the question decides what that state is about.

| head | before | judged | the question's answers |
|---|---|---|---|
| need | earlier turns | the request | no, yes |
| reaction | question and answer | the next message | one word per label |
| accept, silence | the latest events | the proposal, or silence | no, yes |
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tactful.reading.encoder.inputs import EVENTS, Showing, Shown, ends
from tactful.reading.types import Exchange, Request
from tactful.types import Moment, content_hash

MOST = 160
QUESTIONS = {
    "need": "\nMust something be asked before this can be done? Answer:",
    "reaction": "\nWhat does the last message say about the answer? It is",
    "accept": "\nDoes the user want this offer now? Answer:",
    "silence": "\nDoes the user want to be left alone now? Answer:",
}
ANSWERS = {
    "need": (" no", " yes"),
    "reaction": (" repeated", " wrong", " confused", " praise", " progress", " neutral", " new"),
    "accept": (" no", " yes"),
    "silence": (" no", " yes"),
}
"""Head → a word per class, in the order of its logits: their rows of the model's output start the head."""
LAYOUT = content_hash(repr((MOST, QUESTIONS, ANSWERS)))[:12]
"""What a reader was trained to be shown; another layout needs another training."""


@dataclass(frozen=True)
class ModelTokens:
    """The tokens of a language model, as inputs are made of them."""

    tokenizer: Any

    def ids(self, text: str) -> list[int]:
        """Without special tokens."""
        return list(self.tokenizer(text[:4000], add_special_tokens=False)["input_ids"])

    def is_glossed(self, text: str) -> bool:
        """No word list reads it in English."""
        return False


def show_request(request: Request, tokens: ModelTokens) -> Shown:
    """Earlier turns (40 tokens) and the request (96)."""
    before: list[int] = []
    for turn in request.context:
        who = "User: " if turn.role == "user" else "Assistant: "
        before += ends(tokens.ids(f"{who}{turn.content}\n"), 24, 16)
    judged = ends(tokens.ids(f"User: {request.text}"), 60, 36)
    return _shown(tokens, before[-40:], judged, "need")


def show_exchange(exchange: Exchange, tokens: ModelTokens) -> Shown:
    """Question (28 tokens), answer (40) and the next message (72)."""
    before = [
        *ends(tokens.ids(f"User: {exchange.query}\n"), 16, 12),
        *ends(tokens.ids(f"Assistant: {exchange.answer}\n"), 20, 20),
    ]
    return _shown(tokens, before, ends(tokens.ids(f"User: {exchange.next}"), 50, 22), "reaction")


def show_moment(moment: Moment, tokens: ModelTokens) -> Shown:
    """The latest events (92 tokens, 28 each at most) and the proposal (48)."""
    before: list[int] = []
    for event in moment.events[-EVENTS:]:
        before += ends(tokens.ids(f"{event.text}\n"), 20, 8)
    if moment.proposal is None:
        return _shown(tokens, before[-132:], [], "silence")
    judged = ends(tokens.ids(f"Offer: {moment.proposal}"), 32, 16)
    return _shown(tokens, before[-92:], judged, "accept")


SHOWN = Showing(show_request, show_exchange, show_moment)


def _shown(tokens: ModelTokens, before: list[int], judged: list[int], head: str) -> Shown:
    question = tokens.ids(QUESTIONS[head])
    ids = (*before, *judged)[-(MOST - len(question)) :] if len(question) < MOST else ()
    return Shown((*ids, *question), (0,) * len(ids) + (1,) * len(question), 0.0)
