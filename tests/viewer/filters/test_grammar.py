"""What a filter may say, and what it is told otherwise; SQL and Python agree on every small case."""

from __future__ import annotations

import itertools
import random
import sqlite3

import pytest

from tactful.errors import UsageError
from tactful.viewer.filters.grammar import parse
from tactful.viewer.filters.python import to_python
from tactful.viewer.filters.sql import to_sql
from tactful.viewer.types import Fact

FACTS = (
    Fact(name="asked", types=("yes/no",)),
    Fact(name="needed", types=("yes/no",)),
    Fact(name="reward", types=("number",)),
    Fact(name="p", types=("number",)),
    Fact(name="persona", types=("text",)),
    Fact(name="mixed", types=("number", "text")),
)


@pytest.mark.parametrize(
    ("expression", "told"),
    [
        ("", "empty"),
        ("asked and", "cannot be read"),
        ("persona = 'x'", "two equal signs"),
        ("wanted", r"no record here has 'wanted'; known are: asked \(yes/no\), .*mixed \(number, text\)"),
        ("reward", "is number, not yes/no; compare it"),
        ("reward < 'x'", "cannot be compared with 'x', which is text"),
        ("persona > 3", "cannot be compared with 3"),
        ("reward < persona", "cannot be compared with persona"),
        ("1 < 2", "is compared with no fact"),
        ("reward + 1 > 2", "is no text, number"),
        ("__import__('os').system('x')", "has no place for"),
        ("asked.__class__", "has no place for"),
        ("persona.upper() == 'X'", "expected the name of a fact|is no text, number"),
        ("[asked for asked in persona]", "has no place for"),
        ("(lambda: asked)()", "has no place for"),
        ("asked if needed else asked", "has no place for"),
        ("has(persona)", "text in quotes"),
        ("has('')", "not blank"),
        ("reward ~ 'x'", "~ looks into text"),
        ("reward in ()", "stands a list"),
        ("reward in persona", "stands a list"),
        ("asked is needed", "asks only for None"),
        ("reward == 99999999999999999999", "too large"),
        ("asked\nneeded", "cannot be read"),
        ("f'{asked}'", "has no place for"),
        ("asked and " * 300 + "asked", "at most 2000"),
    ],
)  # fmt: skip
def test_what_is_no_filter_is_told_with_what_would_be_one(expression: str, told: str) -> None:
    with pytest.raises(UsageError, match=told):
        parse(expression, FACTS)


@pytest.mark.parametrize(
    "deep",
    [
        "not " * 450 + "asked",
        "asked and (needed or " * 60 + "asked" + ")" * 60,
        "(" * 900 + "asked" + ")" * 900,
    ],
)
def test_what_is_nested_too_deeply_is_told(deep: str) -> None:
    with pytest.raises(UsageError, match="nested"):
        parse(deep, FACTS)


def test_the_deepest_filter_and_the_longest_are_read_by_sqlite() -> None:
    deep = "asked and (needed or not (" * 9 + "asked" + "))" * 9
    with sqlite3.connect(":memory:") as connection:
        for expression in (deep, " or ".join(["asked"] * 200)):
            sql, _ = to_sql(parse(expression, FACTS), lambda name: "1", lambda needle: ("1", []))
            connection.execute(f"SELECT {sql}")


def test_values_never_enter_the_sql() -> None:
    hostile = "x' OR 1=1; DROP TABLE units; --"
    sql, values = to_sql(
        parse(f'persona == "{hostile}" or persona ~ "{hostile}"', FACTS),
        lambda name: f'"{name}"',
        lambda needle: ("(words ?)", [needle]),
    )
    assert "DROP" not in sql
    assert values == [hostile, hostile.casefold()]


def test_a_tilde_inside_quotes_is_text() -> None:
    assert parse("persona == '~'", FACTS) != parse("persona == '@'", FACTS)


ATOMS = (
    "asked", "needed", "reward < 0", "0 <= reward", "reward == p", "p != 0.5", "persona == 'b'", "persona != 'b'",
    "persona in ('a', 'b')", "reward not in (1, 2)", "persona ~ 'A'", "needed is None", "reward is not None",
    "0 < p < 1", "mixed > 0", "mixed == 'b'", "mixed != 'b'", "true == asked", "needed != false", "-1 < mixed",
)  # fmt: skip


def test_sql_and_python_find_the_same_whatever_is_unknown() -> None:
    rng = random.Random(0)
    rows = [
        dict(zip((fact.name for fact in FACTS), row, strict=True))
        for row in itertools.product(
            (True, False, None), (True, None), (-1, 0.5, None), (0.5, None), ("a", "b", None), (1, "b", None)
        )
    ]
    with sqlite3.connect(":memory:") as connection:
        connection.create_function("folded", 1, lambda text: None if text is None else str(text).casefold())
        connection.execute(f"CREATE TABLE t (n, {', '.join(fact.name for fact in FACTS)})")
        connection.executemany(
            "INSERT INTO t VALUES (?,?,?,?,?,?,?)", [(n, *row.values()) for n, row in enumerate(rows)]
        )
        for _ in range(300):
            one, two, three = rng.choices(ATOMS, k=3)
            form = rng.choice(("{0}", "not {0}", "{0} and not {1}", "not ({0} or {1}) and {2}", "{0} or not ({1} and {2})"))  # fmt: skip
            expression = form.format(f"({one})", f"({two})", f"({three})")
            tree = parse(expression, FACTS)
            sql, values = to_sql(tree, lambda name: name, lambda needle: ("0", []))
            found = [n for (n,) in connection.execute(f"SELECT n FROM t WHERE {sql} ORDER BY n", values)]
            code = compile(to_python(tree), expression, "eval")
            there = [n for n, row in enumerate(rows) if eval(code, {"unit": row})]
            assert there == found, (expression, to_python(tree), sql)
