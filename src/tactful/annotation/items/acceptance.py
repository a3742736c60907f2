"""What a trained reward model says of items of proposals, for an order by uncertainty."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import islice

from tactful.annotation.items.making import events_of
from tactful.annotation.types import Item, Proposals
from tactful.reward.types import TrainedJudge
from tactful.types import Moment, ProposalHistory

_BATCH = 64


def with_acceptance(items: Iterable[Item], judge: TrainedJudge) -> Iterator[Item]:
    """Each item with P(accepted) of the candidate that the judge is least sure of, in [0, 1]; of silence, where it has none.

    One doubtful candidate makes a screen worth an annotator's time, which a mean over sure ones would hide. None where the
    judge scores nothing there, and for other kinds of items.
    """
    left = iter(items)
    while batch := list(islice(left, _BATCH)):
        moments = [_moments(item) for item in batch]
        said = iter(judge.judge_now([moment for some in moments for moment in some]))
        for item, mine in zip(batch, moments, strict=True):
            found = [one.p_accept for one in islice(said, len(mine)) if one.p_accept is not None]
            doubtful = min(found, key=lambda p: abs(p - 0.5), default=None)
            yield item.model_copy(update={"acceptance": doubtful})


def _moments(item: Item) -> list[Moment]:
    """Its candidates as moments that saw everything, also what is not shown; silence where there is none."""
    if not isinstance(item.shown, Proposals):
        return []
    events, known = events_of(item), item.origin.get("history")
    history = ProposalHistory.model_validate(known) if isinstance(known, Mapping) else None
    return [
        Moment(
            id=f"{item.id}#{place}",
            session=item.session,
            events=events,
            proposal=proposal,
            history=history,
        )
        for place, proposal in enumerate(item.shown.candidates or (None,))
    ]
