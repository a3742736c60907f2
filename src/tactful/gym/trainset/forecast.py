"""What a run of `gym trainset` will ask of its models, before anything is sent."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice

from tactful.gym.play.assistant import propose_prompt
from tactful.gym.trainset.offering import AGAIN
from tactful.gym.trainset.pipeline import TrainsetConfig
from tactful.gym.trainset.types import Point
from tactful.llm.spending.prices import price_of
from tactful.text import estimate_tokens
from tactful.types import Record

REPLY_TOKENS = 80
"""Assumed length of a candidate with its thought, and of a verdict; a reasoning model's thoughts come on top."""
TYPICAL_TRIES = 3
"""Candidates at a point, as a rule; `tries` of them where the judge accepts none."""


class TrainsetForecast(Record):
    """All figures are estimates, for so many tries at each point."""

    points: int
    tries: int
    calls: int
    most_calls: int
    """With all tries at every point, but for replies that cannot be read and are asked again."""
    prompt_tokens: int
    completion_tokens: int
    cost_usd: float | None
    """Of the proposer and a judge that is a model; None: the price of one of them is not known."""


def forecast(
    points: Iterable[Point], config: TrainsetConfig, *, limit: int | None = None
) -> TrainsetForecast:
    """Every prompt is made and measured; nothing is sent. The judge's is taken to be as long as the proposer's."""
    tries = min(TYPICAL_TRIES, config.tries)
    again = estimate_tokens(AGAIN.source) + REPLY_TOKENS
    count = sent = 0
    for point in islice(points, limit):
        count += 1
        messages = propose_prompt(point.seen, config.max_chars).messages
        sent += tries * sum(estimate_tokens(message.content) for message in messages)
    judged = 0 if config.judge_model is None else config.votes
    asked, received = count * tries, count * tries * REPLY_TOKENS
    paid = [(config.proposer, sent + count * again * (tries * (tries - 1) // 2), received)]
    if config.judge_model:
        paid.append((config.judge_model, sent * judged, received * judged))
    costs = [price.cost_usd(out, back) if (price := price_of(spec)) else None for spec, out, back in paid]
    return TrainsetForecast(
        points=count,
        tries=tries,
        calls=asked * (1 + judged),
        most_calls=count * config.tries * (1 + judged),
        prompt_tokens=sum(out for _, out, _ in paid),
        completion_tokens=sum(back for _, _, back in paid),
        cost_usd=None if None in costs else sum(cost for cost in costs if cost is not None),
    )
