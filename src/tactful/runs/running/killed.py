"""What a killed session had paid for records that it did not finish: their answers are in the run's own call cache."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from tactful.llm.types import ModelSpec, Usage
from tactful.runs.read.folder import RunFolder, RunInfo
from tactful.runs.store.state import RunState


def lost_to_a_kill(models: Collection[ModelSpec], folder: RunFolder, info: RunInfo, state: RunState) -> Usage:
    """Tokens and money in the run's call cache that no stored record and no earlier session accounts for.

    Nothing for a run that ended with a word, and where the cache is shared between runs (`--cache`), which does not say
    whose its answers are. Requests that were not yet answered are not known to anybody. Known in two ways, of which
    each may fall short: what the session had answered for records without a row alone (not what it paid for a second
    try at records that have one), and what the cache holds beyond all that is accounted for (which also holds what the
    cache does not keep, a refusal say).
    """
    if info.state != "running" or not info.sessions or info.cache or not folder.calls_path.exists():
        return Usage()
    from tactful.llm.cache import tokens_since, tokens_used

    used = tokens_used(folder.calls_path)
    known = state.usage() + info.usage_beside_rows()
    every = _priced(used, models)
    beyond = (
        every.prompt_tokens - known.prompt_tokens,
        every.completion_tokens - known.completion_tokens,
        None if every.cost_usd is None or known.cost_usd is None else every.cost_usd - known.cost_usd,
    )
    of_unstored = Usage()
    if info.session_at is not None:
        began = info.session_at.timestamp()
        of_unstored = _priced(tokens_since(folder.calls_path, info.run_id, began, state.holds), models)
    return Usage(
        prompt_tokens=max(0, beyond[0], of_unstored.prompt_tokens),
        completion_tokens=max(0, beyond[1], of_unstored.completion_tokens),
        cost_usd=(
            None
            if beyond[2] is None or of_unstored.cost_usd is None
            else max(0.0, beyond[2], of_unstored.cost_usd)
        ),
    )


def _priced(used: Mapping[str, tuple[int, int]], models: Collection[ModelSpec]) -> Usage:
    """Tokens by model as one usage; its cost is unknown where any price is."""
    from tactful.llm.spending.prices import price_of

    prices = {spec.name: price_of(spec) for spec in models}
    paid: float | None = 0.0
    for name, tokens in used.items():
        price = prices.get(name)
        paid = None if price is None or paid is None else paid + price.cost_usd(*tokens)
    prompt, completion = (sum(one[side] for one in used.values()) for side in (0, 1))
    return Usage(prompt_tokens=prompt, completion_tokens=completion, cost_usd=paid)
