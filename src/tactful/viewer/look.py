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

from tactful.errors import UsageError, UserError
from tactful.viewer.calls import made_for
from tactful.viewer.filters.grammar import UnknownFact, parse
from tactful.viewer.filters.python import to_python
from tactful.viewer.filters.sql import Condition, to_sql
from tactful.viewer.index.build import Builder, text_of
from tactful.viewer.index.place import index_folder
from tactful.viewer.index.sources import Entry, Source, is_plain, open_source, refuse_unknown_sort
from tactful.viewer.index.tables import discard, known_facts, open_index
from tactful.viewer.index.text import as_match, excerpt, marked, texts
from tactful.viewer.strips.kinds import strips_of
from tactful.viewer.types import (
    Call,
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
_MOST_MATCHES = 50
_MOST_MARKS = 60
_FIRST_TURNS = 300
_SHORT = 60
_NOT_TRUE = "0"
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

    def progress(self) -> Progress:
        """How far the index has got."""
        return self._builder.progress()

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
            return {} if connection is None else _examples(connection, most)

    def tally(self, filters: Sequence[str], average: Sequence[str] = ()) -> tuple[Tally, ...]:
        """For how many turns each filter holds, and the averages of these facts over them; one that asks for a fact
        which no record has holds for none. Raises: UsageError for a filter that cannot be read."""
        with self._builder.pausing(), self._index() as connection:
            if connection is None:
                return tuple(Tally(filter=one) for one in filters)
            known = known_facts(connection)
            return tuple(_tally(connection, known, one, average) for one in filters)

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
            return self._page(query)

    def _page(self, query: Query) -> Page:
        if is_plain(query, self._source):
            places, total = self._source.page(query)
            return Page(lines=self._lines(places, query, {}), total=total)
        with self._index() as connection:
            if connection is None:
                return Page(lines=(), total=0, progress=self.progress())
            try:
                places, total, matches = _found(connection, query)
            except UnknownFact:
                if (progress := self.progress()).complete:
                    raise
                return Page(lines=(), total=0, progress=progress)
        progress = self.progress()
        lines = self._lines(places, query, matches)
        return Page(lines=lines, total=total, progress=None if progress.complete else progress)

    def record(self, ordinal: int) -> Shown | None:
        """The record at this place with all its turns and what their other branches got; None: none is stored there."""
        with self._builder.pausing():
            return self._record(ordinal)

    def _record(self, ordinal: int) -> Shown | None:
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

    def calls(self, ordinal: int) -> tuple[Call, ...]:
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
            condition, values = _condition(Query(filter=filter_), known_facts(connection))
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

    def find(self, record_id: str) -> int | None:
        """The place of the first record with this id, or with a turn of this id; None: none is indexed."""
        with self._index() as connection:
            if connection is None:
                return None
            known = known_facts(connection)
            tests = [f"{known[name][0]} = :id" for name in ("id", "turn_id") if name in known]
            if not tests:
                return None
            found = connection.execute(
                f"SELECT min(ordinal) FROM units WHERE {' OR '.join(tests)}",  # noqa: S608
                {"id": record_id},
            ).fetchone()[0]
        return None if found is None else int(found)

    def _lines(
        self, places: Sequence[int], query: Query, matches: dict[int, tuple[tuple[int, int], ...]]
    ) -> tuple[Line, ...]:
        entries = self._source.entries(places)
        return tuple(
            _line(
                entry,
                query.text,
                matches.get(entry.line.ordinal, ()),
                strips_of(entry.rows, self._source.config),
            )
            for entry in entries
        )

    # ------------------------------------------------------------ the road not taken

    def _with_others(self, strips: Sequence[Strip]) -> Iterator[Strip]:
        """The strips, each with what other trajectories of the run got at the same decision point."""
        named = {strip.id for strip in strips if strip.action} | {
            strip.parent for strip in strips if strip.parent
        }
        beside = [one for one in self._related(sorted(named - {""})) if one.action]
        for strip in strips:
            others = [_as_other(one) for one in beside if _is_beside(one, strip)]
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
        with closing(open_index(self._builder.path)) as connection:
            connection.execute("BEGIN")
            try:
                yield connection if _is_begun(connection) else None
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


def _as_other(strip: Strip) -> Other:
    names = Other.model_fields
    return Other(**{name: getattr(strip, name) for name in names})


def _line(entry: Entry, needle: str, matches: tuple[tuple[int, int], ...], strips: Sequence[Strip]) -> Line:
    line = entry.line
    text = (
        _where(entry, needle)
        if needle
        else line.reason or "\n".join(_first_prose(entry)) or _in_short(strips)
    )
    told = {"preview": excerpt(text, needle, most=_PREVIEW), "matches": matches}
    return line.model_copy(update={**told, "marks": _marks(strips)})


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
            branched=one.branched,
            reward=one.reward,
            outcome=one.outcome[:_SHORT],
        )
        for one in strips[:_MOST_MARKS]
    )


# ---------------------------------------------------------------- asking the index


def _is_begun(connection: sqlite3.Connection) -> bool:
    """Whether there are tables; not while the index is being made, or made anew in place of another."""
    try:
        found = connection.execute("SELECT count(*) FROM sqlite_master WHERE name = 'words'").fetchone()
    except sqlite3.OperationalError:
        return False
    return bool(found[0])


def _examples(connection: sqlite3.Connection, most: int) -> dict[str, tuple[Scalar, ...]]:
    """From the first turns; what none of those has is looked for by itself."""
    known = known_facts(connection)
    found: dict[str, list[Scalar]] = {name: [] for name in known}
    columns = ",".join(place for place, _ in known.values()) or "1"
    rows = connection.execute(f"SELECT {columns} FROM units LIMIT ?", (_FIRST_TURNS,))  # noqa: S608
    for row in rows:
        for name, value in zip(known, row, strict=False):
            values = found[name]
            if value is not None and len(values) < most and value not in values and len(str(value)) < _SHORT:
                values.append(value)
    for name, (place, _) in known.items():
        if not found[name]:
            row = connection.execute(
                f"SELECT {place} FROM units WHERE {place} IS NOT NULL LIMIT 1"  # noqa: S608
            ).fetchone()
            found[name] = [] if row is None or len(str(row[0])) >= _SHORT else [row[0]]
    return {
        name: tuple(bool(value) if known[name][1].types == ("yes/no",) else value for value in values)
        for name, values in found.items()
    }


def _tally(
    connection: sqlite3.Connection, known: dict[str, tuple[str, Fact]], filter_: str, average: Sequence[str]
) -> Tally:
    try:
        condition, values = _condition(Query(filter=filter_), known)
    except UnknownFact:
        return Tally(filter=filter_)
    named = [name for name in average if name in known]
    means = "".join(f", avg({known[name][0]})" for name in named)
    count, *found = connection.execute(
        f"SELECT count(*){means} FROM units WHERE turn IS NOT NULL AND {condition}",  # noqa: S608
        values,
    ).fetchone()
    averages = {name: value for name, value in zip(named, found, strict=True) if value is not None}
    return Tally(filter=filter_, turns=count, averages=averages)


def _found(
    connection: sqlite3.Connection, query: Query
) -> tuple[list[int], int, dict[int, tuple[tuple[int, int], ...]]]:
    """Places of the page, how many records match, and at which turns."""
    known = known_facts(connection)
    condition, values = _condition(query, known)
    refuse_unknown_sort(query, tuple(known))
    way = "DESC" if query.descending else "ASC"
    if query.sort == "order" or query.sort not in known:
        order, grouped = f"ordinal {way}", "DISTINCT ordinal"
        tail = ""
    else:
        best = "max" if query.descending else "min"
        grouped, tail = "ordinal", "GROUP BY ordinal"
        order = f"{best}({known[query.sort][0]}) {way} NULLS LAST, ordinal"
    places = connection.execute(
        f"SELECT {grouped} FROM units WHERE {condition} {tail} ORDER BY {order} LIMIT ? OFFSET ?",  # noqa: S608
        (*values, query.limit, query.offset),
    ).fetchall()
    counted = f"SELECT count(DISTINCT ordinal) FROM units WHERE {condition}"  # noqa: S608
    total = connection.execute(counted, values).fetchone()[0]
    found = [place for (place,) in places]
    return found, int(total), _matches(connection, found, condition, values) if query.filter else {}


def _matches(
    connection: sqlite3.Connection, places: Sequence[int], condition: str, values: Sequence[Any]
) -> dict[int, tuple[tuple[int, int], ...]]:
    """Of each record, the turns for which the filter holds; the first ones where they are many."""
    marks = ",".join("?" * len(places))
    found: dict[int, list[tuple[int, int]]] = {}
    for ordinal, line, turn in connection.execute(
        f"SELECT ordinal, line, turn FROM units INDEXED BY units_of WHERE ordinal IN ({marks}) AND {condition} ORDER BY unit",  # noqa: S608
        (*places, *values),
    ):
        if line is not None and len(turns := found.setdefault(ordinal, [])) < _MOST_MATCHES:
            turns.append((line, turn))
    return {ordinal: tuple(turns) for ordinal, turns in found.items()}


def _condition(query: Query, known: dict[str, tuple[str, Fact]]) -> Condition:
    parts: list[Condition] = []
    for name in ("state", "stage", "error"):
        if value := getattr(query, name):
            parts.append((f"{known[name][0]} = ?", [value]) if name in known else (_NOT_TRUE, []))
    if query.unscored:
        parts.append((f"{known['unscored'][0]} = 1", []) if "unscored" in known else (_NOT_TRUE, []))
    if query.text:
        parts.append(_words(query.text))
    if query.filter:
        tree = parse(query.filter, [fact for _, fact in known.values()])
        parts.append(to_sql(tree, lambda name: known[name][0], _also_words))
    return " AND ".join(sql for sql, _ in parts) or "1", [value for _, values in parts for value in values]


def _words(needle: str) -> Condition:
    match = as_match(needle)
    if not match:
        raise UsageError(f"'{needle}' holds no letter or digit to search for")
    return "(doc IN (SELECT rowid FROM words WHERE text MATCH ?))", [match]


def _also_words(needle: str) -> Condition:
    """As `_words`, beside other conditions: the sign keeps SQLite from going through all documents of a common word."""
    sql, values = _words(needle)
    return sql.replace("(doc IN", "(+doc IN"), values
