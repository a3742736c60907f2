"""Builds the side index in a thread of its own, record by record, and follows a run that is still going."""

from __future__ import annotations

import logging
import sqlite3
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from threading import Event, Lock, Thread

from tactful.errors import RunLocked, TactfulError
from tactful.runs.store.lock import only_writer
from tactful.viewer.index.sources import Entry, Source
from tactful.viewer.index.tables import COUNTED, Unit, Writer, discard, open_index, prepare
from tactful.viewer.index.text import as_indexed, texts, whole_text
from tactful.viewer.strips.kinds import strips_of
from tactful.viewer.types import Progress, Scalar

_log = logging.getLogger(__name__)
_STAMPS = 2000
_AT_ONCE = 100
"""Records in one transaction: a reader sees them together, and memory holds no more."""
_POLL_S = 1.0
_MOST_PAUSE_S = 1.0
NAME = "index.sqlite"


class Builder:
    """Keeps the index of `source` in `folder` up to date until it is closed. Another process may be at it already;
    then this one waits and takes over when that one ends."""

    def __init__(self, source: Source, folder: Path) -> None:
        self.path = folder / NAME
        self._source = source
        self._folder = folder
        self._problem = ""
        self._halt = Event()
        self._ready = Event()
        self._asked = 0
        self._counting = Lock()
        self._thread = Thread(target=self._work, name="viewer-index", daemon=True)

    def start(self) -> None:
        """Begin; returns at once."""
        self._thread.start()

    def progress(self) -> Progress:
        """How far it has got."""
        total = self._source.count()
        return Progress(indexed=min(total, self._indexed()), total=total, problem=self._problem)

    def wait(self, timeout_s: float | None) -> bool:
        """Wait until everything that was stored is indexed; False where that takes longer."""
        return self._ready.wait(timeout_s)

    def close(self) -> None:
        """Stop; what is indexed stays for the next time."""
        self._halt.set()
        if self._thread.ident is not None:
            self._thread.join()

    @contextmanager
    def pausing(self) -> Iterator[None]:
        """Nothing is indexed meanwhile: a page that waits for Python between two rows would take ten times as long."""
        with self._counting:
            self._asked += 1
        try:
            yield
        finally:
            with self._counting:
                self._asked -= 1

    def _going(self) -> bool:
        """Whether to go on, after the pages that were asked for; they cannot hold it up for ever."""
        until = time.monotonic() + _MOST_PAUSE_S
        while self._asked and time.monotonic() < until and not self._halt.wait(0.005):
            pass
        return not self._halt.is_set()

    def _indexed(self) -> int:
        if not self.path.is_file():
            return 0
        try:
            with closing(open_index(self.path)) as connection:
                return max(0, int(connection.execute(COUNTED).fetchone()[0]))
        except sqlite3.DatabaseError:  # another process begins it anew
            return 0

    def _work(self) -> None:
        while not self._halt.is_set():
            try:
                with only_writer(self._folder):
                    self._follow()
            except RunLocked:
                self._ready.set()
            except (TactfulError, OSError, sqlite3.Error) as error:
                if isinstance(error, sqlite3.DatabaseError) and not isinstance(
                    error, sqlite3.OperationalError
                ):
                    discard(self.path)  # damaged: begun anew at the next try
                self._problem = f"the index cannot be built: {error}"
                _log.warning("%s", self._problem)
                self._ready.set()
            self._halt.wait(_POLL_S)

    def _follow(self) -> None:
        """Bring the index up to date whenever there is news; returns when the run was replaced by another."""
        identity = self._source.identity()
        prepare(self.path, identity)
        with (
            closing(open_index(self.path, writing=True)) as connection,
            closing(self._source.signs()) as signs,
        ):
            before: object = None
            for sign in signs:
                if sign != before:
                    before = sign
                    self._ready.clear()
                    if self._source.identity() != identity:
                        return
                    if not bring_up_to_date(connection, self._source, self._going):
                        return
                    self._problem = ""
                    self._ready.set()
                if self._halt.wait(_POLL_S):
                    return


def bring_up_to_date(
    connection: sqlite3.Connection, source: Source, going: Callable[[], bool] = lambda: True
) -> bool:
    """Index what is new or was replaced, and forget what is gone; False where `going` said to stop before the end."""
    writer = Writer(connection)
    for stretch, known in _stretches(connection, source):
        changed = [place for place, stamp in stretch.items() if known.get(place) != stamp]
        gone = [place for place in known if place not in stretch]
        for first in range(0, max(len(changed), 1), _AT_ONCE):
            if not going():
                return False
            entries = source.entries(changed[first : first + _AT_ONCE])
            with connection:  # all of it, or nothing
                connection.execute("BEGIN IMMEDIATE")
                if entries or gone:
                    writer.change_roads()
                writer.remove(gone if not first else ())
                for entry in entries:
                    place = entry.line.ordinal
                    writer.add(
                        place, stretch[place], as_indexed(text_of(entry)), units_of(entry, source.config)
                    )
    writer.tell_roads_not_taken()
    connection.execute("PRAGMA wal_checkpoint(PASSIVE)")
    return True


def _stretches(
    connection: sqlite3.Connection, source: Source
) -> Iterator[tuple[dict[int, bytes], dict[int, bytes]]]:
    """Stretch by stretch of the places: the stamps as they are, and as they are indexed."""
    after = -1
    while True:
        found = dict(source.stamps(after, _STAMPS))
        last = max(found) if len(found) == _STAMPS else 1 << 62
        known = connection.execute(
            "SELECT ordinal, stamp FROM records WHERE ordinal > ? AND ordinal <= ?", (after, last)
        ).fetchall()
        if found or known:
            yield found, dict(known)
        if len(found) < _STAMPS:
            return
        after = last


def text_of(entry: Entry) -> str:
    """Everything that can be read in a record: its id, why it failed, and every text of its outputs."""
    line = entry.line
    return whole_text((line.id, line.stage, line.error, line.reason, *texts(entry.rows)))


def units_of(entry: Entry, config: Mapping[str, object] | None) -> Iterator[Unit]:
    """The facts of each turn, or of the record where it has none."""
    common = entry.facts()
    strips = strips_of(entry.rows, config)
    if not strips:
        yield None, None, common
    for strip in strips:
        facts: dict[str, Scalar] = common | strip.all_facts()
        yield strip.line, strip.turn, facts
