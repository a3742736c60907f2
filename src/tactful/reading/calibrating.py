"""A reader that asks a model, fitted to labels of the user's own: read once as it is, then fitted, kept in one small file."""

from __future__ import annotations

from pathlib import Path

from tactful.errors import UserError
from tactful.reading.by_calls import ReaderByCalls
from tactful.reading.encoder.card import refuse_used
from tactful.reading.encoder.examples import exchange_of, request_of
from tactful.reading.fit import Read, ReaderFit, fit_heads, save_fit
from tactful.reading.kinds import judged_text
from tactful.reading.labelled import Labelled
from tactful.reading.types import REACTIONS


async def calibrate_asked(reader: ReaderByCalls, labelled: Labelled, out: Path) -> dict[str, int]:
    """Judgement → labelled texts that it was fitted on; the fit goes into the new folder `out`.

    Texts that the reader does not know count for nothing. Raises: UserError, when `out` exists, the reader is calibrated
    already, or no judgement has enough labels; what the endpoint raises.
    """
    refuse_used(out)
    if reader.fit is not None:
        raise UserError(
            f"{reader.name} is calibrated already; calibrate the model itself: {reader.asked.said}"
        )
    async with reader.opened() as opened:
        prompts = dict(opened.prompts)
        needs = await opened.needs([request_of(row) for row in labelled.requests])
        reactions = await opened.reactions([exchange_of(row) for row in labelled.followups])
        offers = await opened.offers([row.labelled.moment for row in labelled.moments])
    read = {
        "need": [
            ([1 - one.need, one.need], int(row.label == "open"), row.text)
            for row, one in zip(labelled.requests, needs, strict=True)
            if one.need is not None
        ],
        "reaction": [
            ([one.probabilities[label] for label in REACTIONS], REACTIONS.index(row.label7), row.user_next)
            for row, one in zip(labelled.followups, reactions, strict=True)
            if one.probabilities is not None
        ],
    }
    for head, silent in (("accept", False), ("silence", True)):
        read[head] = [
            (
                [1 - one.accept, one.accept],
                int(row.labelled.label.accepted),
                judged_text(row.labelled.moment),
            )
            for row, one in zip(labelled.moments, offers, strict=True)
            if one.accept is not None and (row.labelled.moment.proposal is None) == silent
        ]
    heads = fit_heads(
        {head: Read(*map(list, zip(*rows, strict=True))) for head, rows in read.items() if rows}
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
