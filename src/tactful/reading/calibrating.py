"""A reader that asks a model, fitted to labels of the user's own: read once as it is, then fitted, kept in one small file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tactful.errors import UserError
from tactful.reading.asked import AskedReader
from tactful.reading.by_calls import ReaderByCalls
from tactful.reading.encoder.card import refuse_used
from tactful.reading.encoder.examples import exchange_of, request_of
from tactful.reading.fit import Read, ReaderFit, fit_heads, save_fit
from tactful.reading.kinds import judged_text
from tactful.reading.labelled import Labelled, fittable, tell_unfitted
from tactful.reading.types import REACTIONS


@dataclass(frozen=True)
class _Judged:
    """The labelled texts of one judgement."""

    rows: Sequence[Any]
    labels: Sequence[int]
    texts: Sequence[str]
    groups: Sequence[str]


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
    chosen = fittable({head: one.labels for head, one in judged.items()})
    async with reader.opened() as opened:
        prompts = dict(opened.prompts)
        read = {head: _known(judged[head], await _chances(opened, head, judged[head])) for head in chosen}
    heads = fit_heads(read)
    tell_unfitted(
        {head: len(one.rows) for head, one in judged.items()}, {h: f.texts for h, f in heads.items()}
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


def _judged(labelled: Labelled) -> dict[str, _Judged]:
    requests, followups = labelled.requests, labelled.followups
    found = {
        "need": _Judged(
            requests,
            [int(row.label == "open") for row in requests],
            [row.text for row in requests],
            [row.group for row in requests],
        ),
        "reaction": _Judged(
            followups,
            [REACTIONS.index(row.label7) for row in followups],
            [row.user_next for row in followups],
            [row.group for row in followups],
        ),
    }
    for head, silent in (("accept", False), ("silence", True)):
        items = [row.labelled for row in labelled.moments if (row.labelled.moment.proposal is None) == silent]
        found[head] = _Judged(
            [item.moment for item in items],
            [int(item.label.accepted) for item in items],
            [judged_text(item.moment) for item in items],
            [item.moment.session for item in items],
        )
    return found


async def _chances(reader: AskedReader, head: str, judged: _Judged) -> list[list[float] | None]:
    """The probabilities of each text as read; None: not known."""
    if head == "need":
        needs = await reader.needs([request_of(row) for row in judged.rows])
        return [None if one.need is None else [1 - one.need, one.need] for one in needs]
    if head == "reaction":
        said = await reader.reactions([exchange_of(row) for row in judged.rows])
        found = [one.probabilities for one in said]
        return [None if p is None else [p[label] for label in REACTIONS] for p in found]
    offers = await reader.offers(judged.rows)
    return [None if one.accept is None else [1 - one.accept, one.accept] for one in offers]


def _known(judged: _Judged, chances: Sequence[list[float] | None]) -> Read:
    """What was read, of the texts that the reader knows."""
    kept = [at for at, found in enumerate(chances) if found is not None]
    return Read(
        [found for found in chances if found is not None],
        [judged.labels[at] for at in kept],
        [judged.texts[at] for at in kept],
        [judged.groups[at] for at in kept],
    )
