"""Questions to the index: which records a query finds and at which turns, how many turns a filter holds for, examples."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import Any

from tactful.errors import UsageError
from tactful.viewer.filters.grammar import UnknownFact, parse
from tactful.viewer.filters.sql import Condition, to_sql
from tactful.viewer.index.sources import refuse_unknown_sort
from tactful.viewer.index.tables import known_facts
from tactful.viewer.index.text import as_match
from tactful.viewer.types import Fact, Query, Scalar, Tally

_MOST_MATCHES = 50
_FIRST_TURNS = 300
_SHORT = 60
_NOT_TRUE = "0"


def is_begun(connection: sqlite3.Connection) -> bool:
    """Whether there are tables; not while the index is being made, or made anew in place of another."""
    try:
        found = connection.execute("SELECT count(*) FROM sqlite_master WHERE name = 'words'").fetchone()
    except sqlite3.OperationalError:
        return False
    return bool(found[0])


def edition_of(connection: sqlite3.Connection) -> str:
    """Another one: records were indexed or forgotten since; empty while there are none."""
    found = connection.execute("SELECT value FROM about WHERE name = 'edition'").fetchone()
    return found[0] if found else ""


def examples_of(connection: sqlite3.Connection, most: int) -> dict[str, tuple[Scalar, ...]]:
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
            first = connection.execute(f"SELECT {place} FROM units WHERE {place} IS NOT NULL LIMIT 1")  # noqa: S608
            found[name] = [value for (value,) in first if len(str(value)) < _SHORT]
    return {
        name: tuple(bool(value) if known[name][1].types == ("yes/no",) else value for value in values)
        for name, values in found.items()
    }


def tally_of(
    connection: sqlite3.Connection, known: dict[str, tuple[str, Fact]], filter_: str, average: Sequence[str]
) -> Tally:
    """For how many turns the filter holds, and the averages of these facts over them."""
    try:
        condition, values = condition_of(Query(filter=filter_), known)
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


def found_by(
    connection: sqlite3.Connection, query: Query
) -> tuple[list[int], int, dict[int, tuple[tuple[int, int], ...]]]:
    """Places of the page, how many records match, and at which turns."""
    known = known_facts(connection)
    condition, values = condition_of(query, known)
    refuse_unknown_sort(query, tuple(known))
    way = "DESC" if query.descending else "ASC"
    if query.sort == "order" or query.sort not in known:
        grouped, tail, order = "DISTINCT ordinal", "", f"ordinal {way}"
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


def condition_of(query: Query, known: dict[str, tuple[str, Fact]]) -> Condition:
    """The query, without its order, as a condition over turns. Raises: UsageError."""
    parts: list[Condition] = []
    for name in ("state", "stage", "error", "unscored"):
        if value := getattr(query, name):
            parts.append((f"{known[name][0]} = ?", [value]) if name in known else (_NOT_TRUE, []))
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
