"""A reader that asks a model, fitted to labels of the user's own: read once as it is, then fitted, kept in one small file."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from tactful.errors import UserError
from tactful.reading.asked import AskedReader
from tactful.reading.by_calls import ReaderByCalls
from tactful.reading.encoder.card import refuse_used
from tactful.reading.encoder.examples import exchange_of, request_of
from tactful.reading.fit import Read, ReaderFit, fit_heads, save_fit
from tactful.reading.kinds import judged_text
from tactful.reading.labelled import Labelled, fittable, tell_unfitted
from tactful.reading.types import REACTIONS


class _Judged(NamedTuple):
    """One labelled text of a judgement."""

    item: Any
    """As the reader is given it."""
    label: int
    text: str
    group: str


async def calibrate_asked(reader: ReaderByCalls, labelled: Labelled, out: Path) -> dict[str, int]:
    """Judgement → labelled texts that it was fitted on; the fit goes into the new folder `out`.

    Only judgements with enough labels are asked about. Texts that the reader does not know count for nothing. Raises:
    UserError, when `out` exists, the reader is calibrated already, or no judgement has enough labels; what the endpoint raises.
    """
    refuse_used(out)
    if reader.fit is not None:
        raise UserError(
            f"{reader.name} is calibrated already; calibrate the model itself: {reader.asked.said}"
        )
    judged = _judged(labelled)
    chosen = fittable({head: [one.label for one in texts] for head, texts in judged.items()})
    async with reader.opened() as opened:
        prompts = dict(opened.prompts)
        read = {head: await _known(opened, head, judged[head]) for head in chosen}
    heads = fit_heads(read)
    tell_unfitted(
        {head: len(texts) for head, texts in judged.items()}, {h: f.texts for h, f in heads.items()}
    )
    setup = reader.setup
    save_fit(
        out,
        ReaderFit(
            reader=reader.asked.said,
            base_url=reader.asked.base_url or setup.base_url,
            api_key_env=setup.api_key_env,
            samples=setup.samples,
            temperature=setup.temperature,
            prompts=prompts,
            heads=heads,
        ),
    )
    return {head: fit.texts for head, fit in heads.items()}


def _judged(labelled: Labelled) -> dict[str, list[_Judged]]:
    moments = [row.labelled for row in labelled.moments]
    return {
        "need": [
            _Judged(request_of(row), int(row.label == "open"), row.text, row.group)
            for row in labelled.requests
        ],
        "reaction": [
            _Judged(exchange_of(row), REACTIONS.index(row.label7), row.user_next, row.group)
            for row in labelled.followups
        ],
        **{
            head: [
                _Judged(one.moment, int(one.label.accepted), judged_text(one.moment), one.moment.session)
                for one in moments
                if (one.moment.proposal is None) == silent
            ]
            for head, silent in (("accept", False), ("silence", True))
        },
    }


async def _chances(reader: AskedReader, head: str, items: Sequence[Any]) -> list[list[float] | None]:
    """The probabilities of each text as read; None: not known."""
    if head == "need":
        needs = await reader.needs(items)
        return [None if one.need is None else [1 - one.need, one.need] for one in needs]
    if head == "reaction":
        found = [one.probabilities for one in await reader.reactions(items)]
        return [None if p is None else [p[label] for label in REACTIONS] for p in found]
    offers = await reader.offers(items)
    return [None if one.accept is None else [1 - one.accept, one.accept] for one in offers]


async def _known(reader: AskedReader, head: str, judged: Sequence[_Judged]) -> Read:
    """What was read, of the texts that the reader knows."""
    chances = await _chances(reader, head, [one.item for one in judged])
    known = [(p, one) for p, one in zip(chances, judged, strict=True) if p is not None]
    return Read(
        [p for p, _ in known],
        [one.label for _, one in known],
        [one.text for _, one in known],
        [one.group for _, one in known],
    )
