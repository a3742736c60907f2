"""What a killed session had paid for records that it did not finish: their answers are in the run's own call cache."""

from __future__ import annotations

from collections.abc import Iterable

from tactful.llm.types import ModelSpec, Usage
from tactful.runs.read.folder import RunFolder, RunInfo
from tactful.runs.store.state import RunState


def lost_to_a_kill(models: Iterable[ModelSpec], folder: RunFolder, info: RunInfo, state: RunState) -> Usage:
    """Tokens and money in the run's call cache that no stored record and no earlier session accounts for.

    Nothing for a run that ended with a word, and where the cache is shared between runs (`--cache`), which does not say
    whose its answers are. Requests that were not yet answered are not known to anybody. Tokens are a lower bound where
    several records shared an answer, since each of them counts it.
    """
    if info.state != "running" or not info.sessions or info.cache or not folder.calls_path.exists():
        return Usage()
    from tactful.llm.cache import tokens_used
    from tactful.llm.spending.prices import price_of

    used = tokens_used(folder.calls_path)
    known = state.usage() + info.usage_beside_rows()
    prices = {spec.name: price_of(spec) for spec in models}
    prompt, completion = (sum(one[side] for one in used.values()) for side in (0, 1))
    paid: float | None = 0.0
    for name, tokens in used.items():
        price = prices.get(name)
        paid = None if price is None or paid is None else paid + price.cost_usd(*tokens)
    unknown = paid is None or known.cost_usd is None
    return Usage(
        prompt_tokens=max(0, prompt - known.prompt_tokens),
        completion_tokens=max(0, completion - known.completion_tokens),
        cost_usd=None if unknown else max(0.0, (paid or 0.0) - (known.cost_usd or 0.0)),
    )
