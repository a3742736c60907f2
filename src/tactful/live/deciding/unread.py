"""No reader: what a request needs is not known, and what a reply says is told by its words alone.

An advisor without one knows conversations and users, costs a millisecond, and never advises a question by its own policy.
"""

from __future__ import annotations

from collections.abc import Sequence

from tactful.reading.types import Exchange, Need, OfferReading, ReactionReading, ReaderAtOnce, Request
from tactful.types import Moment

NONE = "none"
_WHY = "no reader was asked for"


class NoReader(ReaderAtOnce):
    """Knows nothing, at once."""

    instant = True

    @property
    def name(self) -> str:
        """As records name it."""
        return NONE

    def needs_now(self, requests: Sequence[Request]) -> list[Need]:
        """Not known."""
        return [Need(need=None, unknown=_WHY)] * len(requests)

    def reactions_now(self, exchanges: Sequence[Exchange]) -> list[ReactionReading]:
        """Not known."""
        return [ReactionReading(probabilities=None, unknown=_WHY)] * len(exchanges)

    def offers_now(self, moments: Sequence[Moment]) -> list[OfferReading]:
        """Not known."""
        return [OfferReading(accept=None, unknown=_WHY)] * len(moments)
