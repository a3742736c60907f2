"""Answered offers as labelled moments: what a reward model learns from."""

from __future__ import annotations

from collections.abc import Iterator

from tactful.database import Store
from tactful.live.delivery.ledger import seen_with
from tactful.types import LabelledMoment, Moment, MomentLabel


def labelled_offers(store: Store) -> Iterator[LabelledMoment]:
    """Every accepted or dismissed offer whose texts were kept, the oldest first. Muting its kind is dismissing it."""
    for offer, events in seen_with(store):
        moment = Moment(
            id=offer.id,
            session=f"{offer.user}/{offer.at:%Y%m%d}",
            user=offer.user,
            events=events,
            proposal=offer.text,
            history=offer.history,
        )
        yield LabelledMoment(moment=moment, label=MomentLabel(accepted=offer.reaction == "accepted"))
