"""The door for pages: a run or a file, its pages of records, one record, its facts. Any thread may ask.

view = View.open("runs/audit"); view.page(Query(filter="asked and not needed")); view.record(12); view.close()
"""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, Self

from tactful.errors import UserError
from tactful.llm.cache import Asked
from tactful.viewer.calls import made_for
from tactful.viewer.filters.grammar import UnknownFact, parse
from tactful.viewer.filters.python import to_python
from tactful.viewer.index.asking import condition_of, edition_of, examples_of, found_by, is_begun, tally_of
from tactful.viewer.index.build import Builder, text_of
from tactful.viewer.index.place import index_folder
from tactful.viewer.index.sources import Entry, Source, is_plain, open_source
from tactful.viewer.index.tables import discard, known_facts, open_index
from tactful.viewer.index.text import excerpt, marked, texts
from tactful.viewer.strips.kinds import strips_of
from tactful.viewer.types import (
    Fact,
    Line,
    Mark,
    Other,
    Page,
    Progress,
    Query,
    Scalar,
    Shown,
    Strip,
    Tally,
)

_PREVIEW = 200
_MOST_MARKS = 60
_SHORT = 60
_AT_ONCE = 200


class View:
    """One run folder or JSONL file. Reads only; its index grows in the background from `open` to `close`."""

    def __init__(self, source: Source, builder: Builder) -> None:
        self._source = source
        self._builder = builder

    @classmethod
    def open(cls, path: Path | str) -> Self:
        """Raises: DataError where there is no run and no file; CannotWrite where the index has no place."""
        source = open_source(Path(path))
        builder = Builder(source, index_folder(source.path))
        builder.start()
        return cls(source, builder)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Stop the index; what it holds stays for the next time."""
        self._builder.close()

    @property
    def path(self) -> Path:
        """Of the run folder or file."""
        return self._source.path

    @property
    def index_path(self) -> Path | None:
        """Of its index; None while there is none yet."""
        with self._index() as connection:
            return None if connection is None else self._builder.path

    def identity(self) -> str:
        """Another one: another run or file lies here by now."""
        return self._source.identity()

    def progress(self) -> Progress:
        """How far the index has got."""
        return self._builder.progress()

    def edition(self) -> str:
        """Another one: what is indexed is no longer what it was."""
        with self._index() as connection:
            return "" if connection is None else edition_of(connection)

    def wait(self, timeout_s: float | None = 60.0) -> bool:
        """Wait until all that was stored can be found; for tests and exports, never for a page."""
        return self._builder.wait(timeout_s)

    def facts(self) -> tuple[Fact, ...]:
        """What filters and sorting may name, as far as the index has got."""
        with self._index() as connection:
            return () if connection is None else tuple(fact for _, fact in known_facts(connection).values())

    def examples(self, most: int = 3) -> Mapping[str, tuple[Scalar, ...]]:
        """Name of a fact → some of its values, from the first turns that have it; long texts are none."""
        with self._index() as connection:
            return {} if connection is None else examples_of(connection, most)

    def tally(self, filters: Sequence[str], average: Sequence[str] = ()) -> tuple[Tally, ...]:
        """For how many turns each filter holds, and the averages of these facts over them; one that asks for a fact
        which no record has holds for none. Raises: UsageError for a filter that cannot be read."""
        with self._builder.pausing(), self._index() as connection:
            if connection is None:
                return tuple(Tally(filter=one) for one in filters)
            known = known_facts(connection)
            return tuple(tally_of(connection, known, one, average) for one in filters)

    def as_python(self, expression: str) -> str:
        """The filter as code to paste: it lists the turns that the viewer finds. Raises: UsageError, as `page`."""
        code = to_python(parse(expression, self.facts()))
        return (
            "from tactful.viewer.units import units\n\n"
            f"found = [unit for unit in units({str(self.path.absolute())!r}) if {code}]\n"
        )

    # ------------------------------------------------------------ records

    def page(self, query: Query) -> Page:
        """One page. Without text, filter and facts to sort by it needs no index.

        Raises: UsageError for a filter that cannot be read, or a name that no record here has; while the index grows, a
        name may still come: nothing is found so far.
        """
        with self._builder.pausing():
            if is_plain(query, self._source):
                places, total = self._source.page(query)
                return Page(lines=self._lines(places, query, {}), total=total)
            progress = self.progress()  # before asking: what comes meanwhile is not said to be there
            with self._index() as connection:
                if connection is None:
                    return Page(lines=(), total=0, progress=progress)
                try:
                    places, total, matches = found_by(connection, query)
                except UnknownFact:
                    if progress.complete and (progress := self.progress()).complete:
                        raise
                    # the name may still come: the index grows, or was begun anew just now
                    return Page(lines=(), total=0, progress=progress)
            lines = self._lines(places, query, matches)
        return Page(lines=lines, total=total, progress=None if progress.complete else progress)

    def record(self, ordinal: int) -> Shown | None:
        """The record at this place with all its turns and what their other branches got; None: none is stored there."""
        with self._builder.pausing():
            entries = self._source.entries((ordinal,))
            if not entries:
                return None
            entry = entries[0]
            strips = strips_of(entry.rows, self._source.config)
            return Shown(
                line=_line(entry, "", (), strips),
                outputs=tuple(entry.rows),
                strips=tuple(self._with_others(strips)),
                detail=entry.detail,
                attempts=entry.attempts,
                raw=self._source.raw(ordinal),
            )

    def calls(self, ordinal: int) -> tuple[Asked, ...]:
        """The calls that were made for this record, as sent and as answered; empty for a rehearsal, a file, and a run of
        before they were noted."""
        entries = self._source.entries((ordinal,))
        return made_for(self._source.path, entries[0].line.id) if entries else ()

    def sample(
        self, filter_: str, most: int, *, seed: int = 0
    ) -> tuple[int, tuple[tuple[int, int, int], ...]]:
        """(turns for which the filter holds, (ordinal, line, turn) of at most so many of them, drawn at random, in order).

        Raises: UsageError for a filter that cannot be read.
        """
        rng, drawn, count = random.Random(seed), list[tuple[int, int, int]](), 0
        with self._builder.pausing(), self._index() as connection:
            if connection is None:
                return 0, ()
            condition, values = condition_of(Query(filter=filter_), known_facts(connection))
            for place in connection.execute(
                f"SELECT ordinal, line, turn FROM units WHERE turn IS NOT NULL AND {condition} ORDER BY unit",  # noqa: S608
                values,
            ):
                count += 1
                if len(drawn) < most:
                    drawn.append(place)
                elif (at := rng.randrange(count)) < most:
                    drawn[at] = place
        return count, tuple(sorted(drawn))

    def rows_at(self, places: Iterable[tuple[int, int, int]]) -> dict[tuple[int, int], Any]:
        """(ordinal, line) → the JSON object that stands there, for these turns."""
        wanted = {(ordinal, line) for ordinal, line, _ in places}
        ordinals, found = sorted({ordinal for ordinal, _ in wanted}), dict[tuple[int, int], Any]()
        for first in range(0, len(ordinals), _AT_ONCE):
            for entry in self._source.entries(ordinals[first : first + _AT_ONCE]):
                found |= {
                    (entry.line.ordinal, line): row
                    for line, row in enumerate(entry.rows)
                    if (entry.line.ordinal, line) in wanted
                }
        return found

    def _lines(
        self, places: Sequence[int], query: Query, matches: dict[int, tuple[tuple[int, int], ...]]
    ) -> tuple[Line, ...]:
        return tuple(
            _line(
                entry,
                query.text,
                matches.get(entry.line.ordinal, ()),
                strips_of(entry.rows, self._source.config),
            )
            for entry in self._source.entries(places)
        )

    # ------------------------------------------------------------ the road not taken

    def _with_others(self, strips: Sequence[Strip]) -> Iterator[Strip]:
        """The strips, each with what other trajectories of the run got at the same decision point."""
        named = {strip.id for strip in strips if strip.action} | {
            strip.parent for strip in strips if strip.parent
        }
        beside = [one for one in self._related(sorted(named - {""})) if one.action]
        for strip in strips:
            others = [
                Other.model_validate(one, from_attributes=True) for one in beside if _is_beside(one, strip)
            ]
            yield strip.model_copy(update={"others": (*strip.others, *others)}) if others else strip

    def _related(self, ids: Sequence[str]) -> list[Strip]:
        """The turns of these trajectories, and of those that branch from them."""
        with self._index() as connection:
            if connection is None or not ids:
                return []
            known = known_facts(connection)
            if not {"parent", "turn_id"} <= known.keys():
                return []
            marks = ",".join("?" * len(ids))
            parent, own = known["parent"][0], known["turn_id"][0]
            places = connection.execute(
                f"SELECT DISTINCT ordinal FROM units WHERE {parent} IN ({marks}) OR {own} IN ({marks})",  # noqa: S608
                (*ids, *ids),
            ).fetchall()
        entries = self._source.entries([place for (place,) in places])
        return [strip for entry in entries for strip in strips_of(entry.rows, self._source.config)]

    @contextmanager
    def _index(self) -> Iterator[sqlite3.Connection | None]:
        """The index for one question; None while there is none yet."""
        if not self._builder.path.is_file():
            yield None
            return
        try:
            with closing(open_index(self._builder.path)) as connection:
                connection.execute("BEGIN")
                yield connection if is_begun(connection) else None
        except sqlite3.DatabaseError as error:
            if not isinstance(error, sqlite3.OperationalError):
                discard(self._builder.path)  # of no use; the next look finds it begun anew
            raise UserError(
                f"{self._builder.path}: the index cannot be read ({error}); look again"
            ) from error


def _is_beside(other: Strip, strip: Strip) -> bool:
    """Whether `other` is another action at the decision point of `strip`: a branch from it, or what it branched from."""
    if other.turn != strip.turn or other.id == strip.id:
        return False
    if other.branched and other.parent == strip.id:
        return True
    return strip.branched and (other.id == strip.parent or (other.branched and other.parent == strip.parent))


def _line(entry: Entry, needle: str, matches: tuple[tuple[int, int], ...], strips: Sequence[Strip]) -> Line:
    line = entry.line
    text = (
        _where(entry, needle)
        if needle
        else line.reason or "\n".join(_first_prose(entry)) or _in_short(strips)
    )
    preview = excerpt(text, needle, most=_PREVIEW)
    return line.model_copy(update={"preview": preview, "matches": matches, "marks": _marks(strips)})


def _in_short(strips: Sequence[Strip]) -> str:
    """Of a record without a text that a person would read."""
    first = strips[0] if strips else Strip()
    return " · ".join(filter(None, (first.id, first.action, first.reason, first.outcome)))


def _where(entry: Entry, needle: str) -> str:
    """The text that holds the words: what a person would read, unless they stand elsewhere alone."""
    prose = "\n".join(dict.fromkeys(filter(_is_prose, texts(entry.rows))))
    return prose if any(hit for _, hit in marked(prose, needle)) else text_of(entry)


def _first_prose(entry: Entry) -> Iterator[str]:
    """The first texts that a person would read, as many as a preview shows: ids and names say little in a list."""
    length = 0
    for text in texts(entry.rows):
        if _is_prose(text):
            yield text
            length += len(text)
        if length > 4 * _PREVIEW:
            return


def _is_prose(text: str) -> bool:
    return " " in text or not text.isascii()


def _marks(strips: Sequence[Strip]) -> tuple[Mark, ...]:
    """The first turns in short."""
    return tuple(
        Mark(
            line=one.line,
            turn=one.turn,
            did=one.did,
            needed=one.needed,
            reward=one.reward,
            outcome=one.outcome[:_SHORT],
        )
        for one in strips[:_MOST_MARKS]
    )
