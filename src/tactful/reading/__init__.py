"""The readers: text in its context → calibrated probabilities, or "not known".

    reader = open_reader()                       # the bundled encoder: no key, no network
    reader.needs_now([Request(text="Cancel it")])[0].need
    open_reader("surface") · open_reader(PATH) · open_reader("gpt-4.1-mini", …)

| reader | what it is |
|---|---|
| `encoder` | a small encoder tuned on our corpora, int8, in the package (`encoder/`) |
| `surface` | words and n-grams: the floor; needs no onnxruntime |
| a folder | a reader that `tactful reader train` made |
| `estimate` | the clarity estimate of before, requests alone (`estimate/`) |
| any other name | a chat model behind an endpoint (`prompted/`) |
| `decisions:MODEL` | an endpoint that answers `/v1/decisions` (`decisions/`) |
| `consistency:MODEL` | requests for code: solutions run against each other (`consistency/`) |
"""

from __future__ import annotations

from tactful.reading.types import (
    COMPLAINTS,
    GAPS,
    REACTIONS,
    Exchange,
    Missing,
    Need,
    OfferReading,
    ReactionReading,
    Reader,
    Request,
)

__all__ = [
    "COMPLAINTS",
    "GAPS",
    "REACTIONS",
    "Exchange",
    "Missing",
    "Need",
    "OfferReading",
    "ReactionReading",
    "Reader",
    "Request",
]
