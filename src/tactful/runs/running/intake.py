"""Which records of the input need work? Matches what is read against what is stored, holding next to nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from pydantic import BaseModel

from tactful.errors import DataError
from tactful.runs.running.reader import Reader
from tactful.runs.store.identity import record_hash
from tactful.runs.store.rows import Row
from tactful.runs.store.state import RunState

Wanted = Callable[[Row | None], bool]
"""Should a record with this sound stored row (None: not stored) be worked on?"""

_PASSED_OVER_AT_ONCE = 256
_MOST_NEW_IDS = 50_000
"""Ids that a new run remembers before it asks the state for each: speed for most runs, flat memory for long ones."""


@dataclass(frozen=True, slots=True)
class Item:
    """A record that needs work."""

    record: BaseModel
    record_id: str
    record_hash: str
    ordinal: int
    previous: Row | None
    """What was stored for this id before; its cost stays counted."""
    fault: str = ""
    """Why it cannot be worked on at all: it fails, and the others go on."""


def not_stored(row: Row | None) -> bool:
    """A plain or resumed run takes what has no result yet; failures wait for `runs retry`."""
    return row is None


def failed(row: Row | None) -> bool:
    """`runs retry`."""
    return row is not None and row.result.state == "failed"


def failed_or_unscored(row: Row | None) -> bool:
    """`runs retry --unscored`."""
    return row is not None and (row.result.state == "failed" or row.result.unscored)


class Intake:
    """Reads the source once, in order."""

    def __init__(
        self, source: Iterable[BaseModel], state: RunState, *, limit: int | None, wanted: Wanted, ahead: int
    ) -> None:
        self._reader = Reader(source, ahead=ahead, limit=limit)
        self._state = state
        self._wanted = wanted
        self._stored_until = state.last_ordinal()
        self._in_hand: dict[str, int] = {}
        self._new_ids: set[str] | None = set() if state.is_empty() else None
        """The ids read so far while nothing else can be stored; None: only the state knows."""
        self.read = 0
        """Records read in this session."""
        self.at_end = False
        """The source has no more records."""
        self.damaged = 0
        """Rows found damaged, whose records are taken again."""

    @property
    def in_hand(self) -> int:
        """Records handed out and not yet stored."""
        return len(self._in_hand)

    def stored(self, item: Item) -> None:
        """This record's row is committed."""
        del self._in_hand[item.record_id]

    def start(self) -> None:
        """Begin to read, in the event loop of the run."""
        self._reader.start()

    async def take(self) -> Item | None:
        """The next record that needs work; None when there is none, or none is wanted any more.

        Raises: DataError for a duplicate or missing id, and whatever the source raises.
        """
        while True:
            record = self._reader.pop()
            if record is None:
                if await self._reader.wait():
                    continue
                self.at_end = self._reader.at_end
                return None
            item = self._matched(record, self.read)
            self.read += 1
            if item is not None:
                return item
            if self.read % _PASSED_OVER_AT_ONCE == 0:
                await asyncio.sleep(0)

    def stop(self) -> None:
        """No more records are wanted: whoever waits for one gets None."""
        self._reader.stop()

    def close(self) -> None:
        """Let go of the source: a file that was not read to its end is closed."""
        self._reader.close()

    def end(self) -> None:
        """The whole input was read: what is stored beyond its end is no part of it."""
        if self._stored_until >= self.read:
            self._state.vacate_from(self.read)

    def _matched(self, record: BaseModel, ordinal: int) -> Item | None:
        record_id = getattr(record, "id", None)
        if not isinstance(record_id, str) or not record_id:
            raise DataError(
                f"record {ordinal + 1} of the input has the id {record_id!r}, expected a text that is its own"
            )
        fault = ""
        try:
            digest = record_hash(record)
        except ValueError as error:  # nested beyond what pydantic writes
            digest, fault = "", f"the record cannot be written as JSON ({error})"
        row = self._find(record_id)
        self._refuse_second(record_id, ordinal, row)
        sound = row if row is not None and not row.damaged and row.record_hash == digest else None
        self.damaged += row is not None and row.damaged
        if sound is None:
            if ordinal <= self._stored_until:
                self._state.vacate(ordinal)
        elif sound.ordinal != ordinal:
            self._state.place(sound, ordinal)
        redone = sound is None and row is not None  # damaged or changed: also where only failures are wanted
        if not redone and not self._wanted(sound):
            return None
        self._in_hand[record_id] = ordinal
        if row is not None and row.damaged:
            row = replace(row, attempts=1)  # what it cost was paid; the rest of it may be anything
        return Item(record, record_id, digest, ordinal, row, fault)

    def _find(self, record_id: str) -> Row | None:
        if self._new_ids is not None and record_id not in self._new_ids:
            self._new_ids.add(record_id)
            if len(self._new_ids) >= _MOST_NEW_IDS:
                self._new_ids = None
            return None
        return self._state.find(record_id)

    def _refuse_second(self, record_id: str, ordinal: int, row: Row | None) -> None:
        first = self._in_hand.get(record_id)
        if first is None and row is not None and 0 <= row.ordinal < ordinal:
            first = row.ordinal
        if first is not None:
            raise DataError(
                f"record id '{record_id}' occurs twice in the input (records {first + 1} and {ordinal + 1}); "
                "give every record an id of its own"
            )
