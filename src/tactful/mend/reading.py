"""A reader that remembers: the audit and the decision points read the same requests, each text once."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence

from tactful.reading.types import Exchange, Need, OfferReading, ReactionReading, ReaderAtOnce, Request
from tactful.types import Moment

_REMEMBERED = 10_000


class Remembering(ReaderAtOnce):
    """`reader`, asked once for equal requests."""

    def __init__(self, reader: ReaderAtOnce) -> None:
        self._reader = reader
        self._needs: OrderedDict[str, Need] = OrderedDict()

    @property
    def name(self) -> str:
        """Of the reader behind it."""
        return self._reader.name

    def needs_now(self, requests: Sequence[Request]) -> list[Need]:
        """Does each request need a question?"""
        keys = [request.model_dump_json() for request in requests]
        new = {key: one for key, one in zip(keys, requests, strict=True) if key not in self._needs}
        if new:
            self._needs.update(zip(new, self._reader.needs_now(list(new.values())), strict=True))
        found = [self._needs[key] for key in keys]
        while len(self._needs) > _REMEMBERED:
            self._needs.popitem(last=False)
        return found

    def reactions_now(self, exchanges: Sequence[Exchange]) -> list[ReactionReading]:
        """What does each next message say about the answer before it?"""
        return self._reader.reactions_now(exchanges)

    def offers_now(self, moments: Sequence[Moment]) -> list[OfferReading]:
        """Would the person want what is proposed?"""
        return self._reader.offers_now(moments)
