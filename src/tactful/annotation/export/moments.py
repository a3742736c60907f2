"""Observations with their votes as labelled moments: every offer and every silence, by a rule over the votes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from tactful.annotation.export.aggregate import Told
from tactful.annotation.export.observations import Observation, Offer
from tactful.data.formats.moments import moment_row
from tactful.types import LabelledMoment, Moment, MomentLabel, ProposalHistory


def labelled_moments(
    seen: Sequence[Observation], offers: Sequence[Told], silences: Sequence[Told]
) -> Iterator[LabelledMoment]:
    """The moments whose label was kept; `offers` and `silences` say what a rule makes of the votes, in order.

    An offer that was kept knows whether help was needed there where that is known.
    """
    told_offers = iter(offers)
    for one, quiet in zip(seen, silences, strict=True):
        need = _need(one, quiet)
        for offer in one.offers:
            told = next(told_offers)
            if told.value is not None:
                yield _labelled(one, offer, told, need)
        if quiet.value is not None:
            yield _labelled(one, None, quiet, need)


def _need(one: Observation, quiet: Told) -> bool | None:
    """Whether help was needed: known where it was asked, and where offers were wanted; else None."""
    if quiet.value is None or (one.derived and quiet.value):
        return None
    return not quiet.value


def _labelled(one: Observation, offer: Offer | None, told: Told, need: bool | None) -> LabelledMoment:
    unit, origin = one.silence if offer is None else offer.unit, one.item.origin
    history = origin.get("history")
    return LabelledMoment(
        moment=Moment(
            id=unit.id,
            session=unit.session,
            user=str(origin.get("user") or ""),
            events=one.events,
            proposal=None if offer is None else offer.proposal,
            history=None if history is None else ProposalHistory.model_validate(history),
        ),
        label=MomentLabel(
            accepted=bool(told.value),
            help_needed=need,
            votes=tuple(bool(vote) for vote in unit.votes.values()),
            p_accepted=round(told.share(True), 6),
        ),
    )


def published_row(item: LabelledMoment) -> dict[str, Any]:
    """The row in ProactiveBench's own six keys.

    Its `help_needed` is never unknown there: what is not known is what the silence says, and of an offer without it false,
    as its readers take a missing one.
    """
    row = moment_row(item)
    keys = ("obs", "pred_task", "valid", "help_needed", "annotation", "category")
    need, silent = item.label.help_needed, item.moment.proposal is None
    known = need if need is not None else silent and not item.label.accepted
    return {key: row[key] for key in keys} | {"help_needed": known}
