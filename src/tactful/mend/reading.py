"""A reader that remembers: the audit and the decision points read the same requests, each text once."""

from __future__ import annotations

from collections.abc import Sequence

from tactful.reading.remembered import Remembered
from tactful.reading.types import Exchange, Need, OfferReading, ReactionReading, ReaderAtOnce, Request
from tactful.types import Moment

_REMEMBERED = 10_000


class Remembering(ReaderAtOnce):
    """`reader`, asked once for equal requests."""

    def __init__(self, reader: ReaderAtOnce) -> None:
        self._reader = reader
        self._needs = Remembered(reader.needs_now, _REMEMBERED)

    @property
    def name(self) -> str:
        """Of the reader behind it."""
        return self._reader.name

    def needs_now(self, requests: Sequence[Request]) -> list[Need]:
        """Does each request need a question?"""
        return self._needs.of(requests)

    def reactions_now(self, exchanges: Sequence[Exchange]) -> list[ReactionReading]:
        """What does each next message say about the answer before it?"""
        return self._reader.reactions_now(exchanges)

    def offers_now(self, moments: Sequence[Moment]) -> list[OfferReading]:
        """Would the person want what is proposed?"""
        return self._reader.offers_now(moments)
