"""The words that search goes by: the index and `holds` agree."""

from __future__ import annotations

import sqlite3

import pytest

from tactful.viewer.index.text import as_indexed, as_match, excerpt, holds, marked, texts, whole_text

TEXTS = (
    "Refunds take a week; ask again.",
    "我要退款，谢谢",
    "Le café est fermé",
    "かなとカナ、テスト",
    "under_score and user@example.com",
    "MiXeD CaSe ÄÖÜ",
    "환불 정책",
    "emoji 🎉 party",
)
NEEDLES = (
    "refund", "week ask", '"take a week"', '"a take"', "退款", "退", "款谢", "款，谢", "要退款", "cafe", "CAFÉ", "ferme",
    "カナ", "テス", "score", "example.com", "user@example", "mixed äöü", "aou", "환불", "party", '"', "a", "wee*", "NOT refund",
    "refund week", "gone",
)  # fmt: skip


@pytest.mark.parametrize("needle", NEEDLES)
def test_sqlite_finds_what_python_finds(needle: str) -> None:
    with sqlite3.connect(":memory:") as connection:
        connection.execute("CREATE VIRTUAL TABLE words USING fts5 (text, content='', tokenize='unicode61 remove_diacritics 0')")  # fmt: skip
        connection.executemany(
            "INSERT INTO words (rowid, text) VALUES (?,?)", enumerate(map(as_indexed, TEXTS))
        )
        match = as_match(needle)
        rows = connection.execute("SELECT rowid FROM words WHERE text MATCH ?", (match,)) if match else ()
        found = sorted(row for (row,) in rows)
    assert found == [place for place, text in enumerate(TEXTS) if holds(text, needle)]


def test_a_chinese_word_of_two_characters_is_found_and_its_reverse_is_not() -> None:
    assert holds("我要退款，谢谢", "退款")
    assert not holds("我要退款，谢谢", "款退")


def test_provenance_is_no_text_and_repeated_text_counts_once() -> None:
    row = {"tactful": "pairs", "a": "one", "provenance": {"model": "m"}, "b": [{"c": "two"}, "one", 3, None]}
    assert whole_text(texts(row)) == "one\ntwo"


def test_an_excerpt_stands_around_the_word_on_one_line() -> None:
    text = "start\n" * 50 + "the needle is here" + " end" * 100
    assert "needle" in excerpt(text, "needle", most=80)
    assert excerpt("short  text\n") == "short text"
    assert len(excerpt(text, most=80)) == 81


@pytest.mark.parametrize(
    ("text", "needle", "wanted"),
    [
        ("Refunds take time; a REFUND", "refund", ["Refunds", "REFUND"]),
        ("prerefund", "refund", []),
        ("关于退款的问题", "退款", ["退款"]),
        ("take your time, time", '"your time"', ["your time"]),
        ("order-13 and order 14", "order 13", ["order", "13", "order"]),
        ("a.b (c)", "(c) .*", ["c"]),
        ("nothing", "?!", []),
    ],
)
def test_hits_are_told_apart_and_nothing_of_the_text_is_lost(
    text: str, needle: str, wanted: list[str]
) -> None:
    pieces = list(marked(text, needle))
    assert [piece for piece, hit in pieces if hit] == wanted
    assert "".join(piece for piece, _ in pieces) == text
