"""The one door to chat models: real endpoints and the offline model behind one protocol.

    model = open_model(ModelSpec(name="gpt-4.1-mini"), cache=CallCache(path), budget=Budget(usd=2))
    with metered() as meter:
        verdict = await model.structured(prompt, Verdict)
    meter.usage                                # what the record cost

Importing this package is cheap: aiohttp is loaded by `open_model`, and only for a real endpoint.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tactful.llm.afresh import or_afresh
from tactful.llm.cache import CallCache, Calls
from tactful.llm.offline import OfflineModel, Script
from tactful.llm.room import within_context
from tactful.llm.spec import model_spec
from tactful.llm.spending.budget import Budget
from tactful.llm.spending.meter import Meter, metered
from tactful.llm.types import CallOptions, ChatModel, ModelSpec, Outcome, Rehearsal, Reply, Usage

if TYPE_CHECKING:
    from tactful.llm.spending.prices import PriceTable

__all__ = [
    "Budget",
    "CallCache",
    "CallOptions",
    "Calls",
    "ChatModel",
    "Meter",
    "ModelSpec",
    "OfflineModel",
    "Outcome",
    "Rehearsal",
    "Reply",
    "Script",
    "Usage",
    "metered",
    "model_spec",
    "open_model",
    "or_afresh",
    "within_context",
]


def open_model(
    spec: ModelSpec,
    *,
    cache: Calls | None = None,
    budget: Budget | None = None,
    prices: PriceTable | None = None,
) -> ChatModel:
    """The model that `spec` names, ready for calls; close it with `aclose()`.

    `prices` replaces the shipped price table (with the user's file from `TACTFUL_PRICES` on top).
    The offline model costs nothing and needs no cache: `cache` and `budget` do not concern it.

    Raises: UserError for a missing key, a bad URL, or a money budget with a model of unknown price.
    """
    if spec.name == "offline":
        return OfflineModel(spec)
    from tactful.llm.client import ChatClient

    return ChatClient(spec, cache=cache, budget=budget, prices=prices)
