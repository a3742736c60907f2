"""A chat model reads: one structured question a text, drawn several times; what the draws say together is the reading.

A draw gives a verdict and how sure it is; it counts as the mean of the two (the verdict as 0 or 1), so that a model that
states no honest percentages still votes. Over k draws half a draw for either side keeps 0 and 1 out. These are shares of
draws, not calibrated probabilities: `tactful reader calibrate` makes them so on fifty labels.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from statistics import fmean
from typing import TypeVar

from pydantic import BaseModel

from tactful.llm import within_context
from tactful.llm.types import rehearsal_for
from tactful.prompts import Rendered
from tactful.reading.asked import AskedReader, usable
from tactful.reading.prompted.asking import (
    MAX_CHARS,
    NEED,
    OFFER,
    REACTION,
    SAYS,
    NeedReply,
    OfferReply,
    ReactionReply,
    need_prompt,
    offer_prompt,
    reaction_prompt,
)
from tactful.reading.types import REACTIONS, Exchange, Missing, Need, Request
from tactful.types import Moment

T = TypeVar("T", bound=BaseModel)
_LEAST_READABLE = 0.5
"""Share of the draws that must be readable; with fewer the text is not known."""


class PromptedReader(AskedReader):
    """A `Reader` played by a chat model."""

    asks_with = (NEED, REACTION, OFFER)

    async def need(self, request: Request) -> Need:
        """As the draws say together; what is missing as the surest draw on their side lists it."""
        facts = {"text": request.text, "context": [turn.model_dump() for turn in request.context]}
        said = await self._draws(NeedReply, lambda most: need_prompt(request, most), "read_need", facts)
        each = [one.share for one in said]
        need = _share(each)
        if need < 0.5:
            return Need(need=need)
        told = max(zip(each, said, strict=True), key=lambda pair: pair[0])[1].missing
        return Need(
            need=need,
            missing=tuple(
                Missing(kind=thing.kind, p=_share([_names(one, thing.kind) for one in said]), what=thing.what)
                for thing in told
            ),
            critical=_share([any(thing.critical for thing in one.missing) for one in said]) if told else None,
        )

    async def reaction(self, exchange: Exchange) -> Mapping[str, float]:
        """Label → share of the draws, each spread over the other labels by how unsure it was."""
        facts = exchange.model_dump()
        said = await self._draws(
            ReactionReply, lambda most: reaction_prompt(exchange, most), "read_reaction", facts
        )
        even = 1 / len(REACTIONS)
        total = dict.fromkeys(REACTIONS, 0.5 * even)
        for one in said:
            own = fmean((1.0, max(one.chance, even)))
            for label in REACTIONS:
                total[label] += own if label == SAYS[one.says] else (1 - own) / (len(REACTIONS) - 1)
        whole = sum(total.values())
        return {label: share / whole for label, share in total.items()}

    async def offer(self, moment: Moment) -> float:
        """Share of the draws that welcome it."""
        facts = {"moment": moment.model_dump(mode="json")}
        said = await self._draws(OfferReply, lambda most: offer_prompt(moment, most), "read_offer", facts)
        return _share([one.share for one in said])

    async def _draws(
        self,
        reply_type: type[T],
        prompt: Callable[[int], Rendered],
        task: str,
        facts: Mapping[str, object],
    ) -> list[T]:
        """The readable draws. Raises: StopRun; ParseError or ProviderError, when too few of them are readable."""
        rehearsal = rehearsal_for(self.model, "reading", task, facts)

        async def draw(sample: int) -> T:
            async def ask(max_chars: int) -> T:
                return await self.model.structured(
                    prompt(max_chars), reply_type, sample=sample, rehearsal=rehearsal
                )

            return await within_context(ask, MAX_CHARS)

        samples = self.setup.samples
        drawn = await asyncio.gather(*map(draw, range(samples)), return_exceptions=True)
        return usable(drawn, _LEAST_READABLE * samples)


def _share(each: Sequence[float]) -> float:
    """(sum + ½) / (n + 1): the mean, drawn towards one half by one draw's worth."""
    return (sum(each) + 0.5) / (len(each) + 1)


def _names(reply: NeedReply, kind: str) -> bool:
    return any(thing.kind == kind for thing in reply.missing)
