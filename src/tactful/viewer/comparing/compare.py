"""Two runs on the same inputs, by their side indices, joined in one database that is gone when it is closed.

comparison = Comparison(a, b); comparison.matched; comparison.page("a.asked and not b.asked"); comparison.figures
"""

from __future__ import annotations

import sqlite3
import weakref
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from threading import RLock
from typing import Any, Literal, Self

import numpy as np

from tactful.errors import UsageError
from tactful.stats.bootstrap import Array, resampled
from tactful.stats.estimate import Estimate
from tactful.viewer.comparing.filtering import Known, paired_condition
from tactful.viewer.comparing.types import Figure, Figures, Matched, Pair
from tactful.viewer.index.tables import attach, column_functions, known_facts
from tactful.viewer.types import FieldType

_BY: tuple[tuple[str, ...], ...] = (("turn_id",), ("id",), ("trace", "at"))
"""Facts that may say what a turn is about, in the order in which they are tried: the one that matches most is taken."""
_DECISIVE = (
    "asked", "answered", "offered", "silent", "needed", "action", "outcome", "label", "accepted", "category",
)  # fmt: skip
"""Two turns differ where one of these does."""
_GROUPS = ("group", "dialogue_id", "conversation", "trace", "session", "user")
_OF_THE_WHOLE = frozenset({"reward", "task_score", "interruption_cost", "other_reward"})
"""Of these the first turn has that of all that follow."""
_NO_FIGURES = frozenset(
    {"turn", "elapsed", "tokens", "cost", "unscored", "index", "at", "branched", "pass_index", "first"}
)
_MOST_FIGURES = 40
_MANY = 10_000
Side = Literal["a", "b"]
_SIDES: tuple[Side, Side] = ("a", "b")


class Comparison:
    """Reads two indices as far as they are now. Any thread may ask; it holds no more in memory than a page."""

    def __init__(self, a: Path, b: Path, *, by: Sequence[str] = ()) -> None:
        """`a` and `b` are indices (`View.index_path`). `by`: the facts to match by, in place of those that match most.

        Raises: UsageError for a fact that not both have.
        """
        self._lock = RLock()
        self._connection = sqlite3.connect(  # on disk, unnamed
            "", isolation_level=None, check_same_thread=False
        )
        self._closing = weakref.finalize(self, self._connection.close)
        try:
            self._open(a, b, by)
        except BaseException:
            self.close()
            raise

    def _open(self, a: Path, b: Path, by: Sequence[str]) -> None:
        column_functions(self._connection)
        for name, path in (("a", a), ("b", b)):
            attach(self._connection, path, name)
        self._connection.execute("BEGIN")  # one moment of both
        self._known: Mapping[Side, Known] = {side: known_facts(self._connection, side) for side in _SIDES}
        if missing := [name for name in by if name not in self._both]:
            raise UsageError(
                f"not both runs have '{missing[0]}' to match by; both have: {', '.join(self._both) or 'nothing'}"
            )
        self.by = tuple(by) or self._best()
        self._join()
        self._connection.execute("COMMIT")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Forget it."""
        with self._lock:
            self._closing()

    # ------------------------------------------------------------ matching

    @cached_property
    def _both(self) -> dict[str, tuple[FieldType, ...]]:
        """Fact that both know → the types that both have of it."""
        a, b = self._known["a"], self._known["b"]
        shared = {
            name: tuple(one for one in a[name][1].types if one in b[name][1].types) for name in a if name in b
        }
        return {name: types for name, types in shared.items() if types}

    def _key(self, side: Side, by: Sequence[str]) -> str:
        """The key as SQL; NULL where one of its facts is unknown, or made up for a row without a name."""
        columns = [self._known[side][name][0] for name in by]
        key = " || ' ' || ".join(f"CAST({one} AS TEXT)" for one in columns)
        return f"CASE WHEN {columns[0]} NOT GLOB 'line [0-9]*' THEN {key} END" if by == ("id",) else key

    def _best(self) -> tuple[str, ...]:
        best: tuple[int, tuple[str, ...]] = 0, ()
        for by in _BY:
            if not set(by) <= self._both.keys():
                continue
            keys = (
                f"SELECT {self._key(side, by)} AS key FROM {side}.units WHERE key NOT NULL"  # noqa: S608
                for side in _SIDES
            )
            count = self._one(f"SELECT count(*) FROM ({' INTERSECT '.join(keys)})")  # noqa: S608
            if count > best[0]:
                best = count, by
        return best[1]

    def _join(self) -> None:
        """The table of turns that answer each other."""
        execute = self._connection.execute
        for side in _SIDES:
            key = self._key(side, self.by) if self.by else "NULL"
            place = "0" if "turn_id" in self.by else "coalesce(line, 0)"
            execute(
                f"CREATE TABLE side_{side} AS SELECT unit, ordinal, line, turn, key, {place} AS place, row_number() "  # noqa: S608
                f"OVER (PARTITION BY key, {place}, turn ORDER BY unit) AS nth FROM "
                f"(SELECT unit, ordinal, line, turn, {key} AS key FROM {side}.units) WHERE turn NOT NULL AND key NOT NULL"
            )
        execute("CREATE INDEX side_b_of ON side_b (key, place, turn, nth)")
        decisive = [name for name in _DECISIVE if name in self._both]
        differs = " OR ".join(
            f"ua.{self._known['a'][name][0]} IS NOT ub.{self._known['b'][name][0]}" for name in decisive
        )
        execute(
            "CREATE TABLE pairs AS SELECT x.unit AS a, y.unit AS b, x.ordinal AS ao, y.ordinal AS bo, x.key AS key, "  # noqa: S608
            f"x.line AS line, y.line AS bline, x.turn AS turn, ({differs or '0'}) AS differs "
            "FROM side_a x JOIN side_b y USING (key, place, turn, nth) "
            "JOIN a.units ua ON ua.unit = x.unit JOIN b.units ub ON ub.unit = y.unit"
        )
        execute("CREATE INDEX pairs_of ON pairs (ao, bo)")

    @cached_property
    def matched(self) -> Matched:
        """How many match, and how many are only in one."""
        with self._lock:
            pairs, differing = self._connection.execute(
                "SELECT count(*), coalesce(sum(differs), 0) FROM "
                "(SELECT max(differs) AS differs FROM pairs GROUP BY ao, bo)"
            ).fetchone()
            return Matched(
                by=self.by,
                pairs=pairs,
                differing=differing,
                turns=self._one("SELECT count(*) FROM pairs"),
                only_a=self._one(f"SELECT count(*) FROM {self._alone('a')}"),  # noqa: S608
                only_b=self._one(f"SELECT count(*) FROM {self._alone('b')}"),  # noqa: S608
                repeated=max(self._one(f"SELECT count(*) FROM side_{side} WHERE nth > 1") for side in "ab"),  # noqa: S608
            )

    def only_in(self, side: Side, most: int) -> tuple[int, ...]:
        """Places of the first records that the other run does not have."""
        with self._lock:
            rows = self._connection.execute(
                f"SELECT ordinal FROM {self._alone(side)} ORDER BY ordinal LIMIT ?",  # noqa: S608
                (most,),
            )
            return tuple(place for (place,) in rows)

    def _alone(self, side: Side) -> str:
        return f"(SELECT ordinal FROM {side}.records WHERE ordinal NOT IN (SELECT {side}o FROM pairs))"  # noqa: S608

    # ------------------------------------------------------------ pages

    def page(self, filter_: str = "", *, offset: int = 0, limit: int = 20) -> tuple[tuple[Pair, ...], int]:
        """(pairs of records, those that differ first; how many there are), of those with a turn for which the filter holds.

        Raises: UsageError for a filter that cannot be read.
        """
        condition, values = (
            paired_condition(filter_, self._known["a"], self._known["b"]) if filter_ else ("1", [])
        )
        chosen = (
            "FROM pairs JOIN a.units ua ON ua.unit = pairs.a JOIN b.units ub ON ub.unit = pairs.b "
            f"WHERE {condition} GROUP BY ao, bo"
        )
        with self._lock:
            total = self._one(f"SELECT count(*) FROM (SELECT 1 {chosen})", values)  # noqa: S608
            rows = self._connection.execute(
                f"SELECT ao, bo, min(pairs.key), count(*), sum(pairs.differs) {chosen} "
                "ORDER BY max(pairs.differs) DESC, ao, bo LIMIT ? OFFSET ?",
                (*values, limit, offset),
            ).fetchall()
            found = tuple(
                Pair(a=a, b=b, key=key, turns=turns, differing=differing, first=self._first(a, b))
                for a, b, key, turns, differing in rows
            )
        return found, total

    def _first(self, a: int, b: int) -> tuple[int, int, int]:
        """Where the two differ first, else their first turn."""
        line, line_b, turn = self._connection.execute(
            "SELECT line, bline, turn FROM pairs WHERE ao = ? AND bo = ? ORDER BY differs DESC, line, turn LIMIT 1",
            (a, b),
        ).fetchone()
        return line, line_b, turn

    # ------------------------------------------------------------ figures

    @cached_property
    def figures(self) -> Figures:
        """Means over all turns of the matched records, branches left out, with intervals over groups of inputs.

        After a first difference the two are in different situations: a mean says what each run came to on the same inputs,
        not what one decision was worth.
        """
        with self._lock:
            facts = self._averaged()
            grouped_by = next((name for name in _GROUPS if name in self._both), "")
            self._group(grouped_by)
            sums = self._sums(facts)
        groups = len(sums)
        if not facts or not groups:
            return Figures(grouped_by=grouped_by or "input", groups=groups, figures=())
        found = resampled(sums, _means, items=groups, resamples=1000 if groups <= _MANY else 200)
        figures = []
        totals = sums.sum(axis=0).reshape(-1, 4)
        for place, (name, (sum_a, in_a, sum_b, in_b)) in enumerate(zip(facts, totals, strict=True)):
            share = "yes/no" in self._both[name]
            never = share and not sum_a and not sum_b
            if not in_a or not in_b or never:
                continue
            figures.append(
                Figure(
                    fact=name,
                    share=share,
                    a=_with(found[f"a{place}"], in_a),
                    b=_with(found[f"b{place}"], in_b),
                    difference=_with(found[f"d{place}"], min(in_a, in_b)),
                )
            )
        return Figures(grouped_by=grouped_by or "input", groups=groups, figures=tuple(figures))

    def _averaged(self) -> tuple[str, ...]:
        """Numbers, and yes or no, the decisive ones first."""
        found = [
            name
            for name, types in self._both.items()
            if types in (("number",), ("yes/no",)) and name not in _NO_FIGURES
        ]
        rank = {name: place for place, name in enumerate((*_DECISIVE, *sorted(_OF_THE_WHOLE)))}
        return tuple(sorted(found, key=lambda name: (rank.get(name, len(rank)), name))[:_MOST_FIGURES])

    def _group(self, grouped_by: str) -> None:
        """The tables that say of which group each matched record is: by what a says of it."""
        fact = f"ua.{self._known['a'][grouped_by][0]}" if grouped_by else "NULL"
        for side in _SIDES:
            self._connection.execute(f"DROP TABLE IF EXISTS group_{side}")
            self._connection.execute(
                f"CREATE TABLE group_{side} AS SELECT {side}o AS ordinal, "  # noqa: S608
                f"min(coalesce(CAST({fact} AS TEXT), pairs.key)) AS name "
                f"FROM pairs JOIN a.units ua ON ua.unit = pairs.a GROUP BY {side}o"
            )

    def _sums(self, facts: Sequence[str]) -> Array:
        """(groups, 4 × facts): of each fact its sum and count in a, and in b."""
        sums: dict[str, Array] = {}
        for at, side in enumerate(_SIDES):
            for name, *row in self._rows(side, facts):
                mine = sums.setdefault(name, np.zeros((len(facts), 2, 2)))
                mine[:, at] = np.reshape(row, (-1, 2))
        return np.array([sums[name] for name in sorted(sums)]).reshape(len(sums), 4 * len(facts))

    def _rows(self, side: Side, facts: Sequence[str]) -> Iterator[Any]:
        known = self._known[side]
        chosen = "".join(
            f", total({value}), count({value})"
            for value in (
                f"CASE WHEN turn = 0 THEN {known[name][0]} END" if name in _OF_THE_WHOLE else known[name][0]
                for name in facts
            )
        )
        mainline = f"AND {known['parent'][0]} IS NULL" if "parent" in known else ""
        return self._connection.execute(
            f"SELECT name{chosen} FROM {side}.units JOIN group_{side} USING (ordinal) "  # noqa: S608
            f"WHERE turn NOT NULL {mainline} GROUP BY name"
        )

    def _one(self, sql: str, values: Sequence[Any] = ()) -> int:
        return int(self._connection.execute(sql, values).fetchone()[0])


def _means(rows: Array) -> dict[str, Array]:
    found: dict[str, Array] = {}
    with np.errstate(invalid="ignore", divide="ignore"):
        for place in range(rows.shape[1] // 4):
            at = 4 * place
            found[f"a{place}"] = rows[:, at] / rows[:, at + 1]
            found[f"b{place}"] = rows[:, at + 2] / rows[:, at + 3]
            found[f"d{place}"] = found[f"b{place}"] - found[f"a{place}"]
    return found


def _with(estimate: Estimate, items: float) -> Estimate:
    return estimate.model_copy(update={"items": int(items)})
