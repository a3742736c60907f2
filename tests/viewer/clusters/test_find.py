"""Needless and missed questions of a run, as its records say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import orjson

from tactful.viewer.clusters.find import clusters_of
from tactful.viewer.clusters.types import Grouped
from tactful.viewer.look import View
from tactful.viewer.types import Query

Row = Mapping[str, Any]


def write(path: Path, rows: Sequence[Row]) -> Path:
    path.write_bytes(b"".join(orjson.dumps(row) + b"\n" for row in rows))
    return path


def found_in(path: Path, **options: int) -> Grouped:
    with View.open(path) as view:
        assert view.wait(20)
        return clusters_of(view, **options)


def decision(number: int, proposal: str | None, need: bool | None) -> Row:
    return {
        "tactful": "decisions", "trace": "t", "at": number, "assistant": "x", "proposal": proposal, "need": need,
        "outcome": "hit", "thought": f"The user works on chapter {number}",
    }  # fmt: skip


def test_offers_that_nobody_needed_and_silence_that_somebody_needed_are_grouped(tmp_path: Path) -> None:
    rows = [
        *(decision(n, "Shall I fix the spelling?", False) for n in range(5)),
        *(decision(n, "Shall I fix the spelling?", True) for n in range(5, 9)),
        *(decision(n, None, True) for n in range(9, 12)),
        *(decision(n, None, False) for n in range(12, 14)),
        decision(14, "Shall I?", None),
        decision(15, None, None),
    ]
    needless, missed = found_in(write(tmp_path / "decisions.jsonl", rows)).found
    assert (needless.fault, needless.turns, needless.looked_at, needless.unknown) == ("needless", 5, 5, 1)
    assert (missed.fault, missed.turns, missed.unknown) == ("missed", 3, 1)
    (cluster,) = needless.clusters
    assert cluster.size == 5
    assert cluster.words == ("fix spelling",) or "spelling" in " ".join(cluster.words)
    assert [(one.ordinal, one.text) for one in cluster.examples] == [
        (0, "Shall I fix the spelling?")
    ]  # each text once
    assert missed.without_text == 3  # the record holds no word of what stood before
    assert missed.clusters == ()


def test_the_filter_of_a_group_finds_its_turns_in_the_viewer(tmp_path: Path) -> None:
    path = write(
        tmp_path / "d.jsonl", [decision(n, "Shall I?" if n % 2 else None, n % 3 == 0) for n in range(12)]
    )
    with View.open(path) as view:
        assert view.wait(20)
        for one in clusters_of(view).found:
            assert view.page(Query(filter=one.filter)).total == one.turns
        # needless: odd and not divisible by 3: 1, 5, 7, 11; missed: even and divisible: 0, 6
        assert [one.turns for one in clusters_of(view).found] == [4, 2]


def test_too_many_are_drawn_and_that_is_said(tmp_path: Path) -> None:
    path = write(tmp_path / "d.jsonl", [decision(n, f"Shall I fix {n}?", False) for n in range(300)])
    needless, _ = found_in(path, most=50).found
    assert (needless.turns, needless.looked_at) == (300, 50)
    assert sum(one.size for one in needless.clusters) == 50
    with View.open(path) as view:
        assert view.wait(20)
        count, drawn = view.sample("not needed", 50)
    assert (count, len(set(drawn))) == (300, 50)
    assert sum(ordinal >= 150 for ordinal, _, _ in drawn) in range(15, 36)  # not the first ones
    assert found_in(path, most=50) == found_in(path, most=50)


def test_a_run_that_does_not_know_what_was_needed_says_so(tmp_path: Path) -> None:
    assert not found_in(write(tmp_path / "d.jsonl", [{"id": "x", "asked": True}])).known
    assert not found_in(write(tmp_path / "e.jsonl", [])).known


def finding(conversation: str, turn: int, *, asked: bool, needless: float | None, need: float | None) -> Row:
    return {
        "tactful": "findings", "conversation": conversation, "turn": turn, "asked": asked, "need": need,
        "needless": needless, "reason": None, "complaint": None, "guess": None, "subject": None, "unjudged": "",
    }  # fmt: skip


def log(path: Path) -> Path:
    said = (
        {"role": "user", "content": "A pizza with onions, please"},
        {"role": "assistant", "content": "Gladly. Which toppings would you like?"},
        {"role": "user", "content": "Onions, as I said"},
        {"role": "assistant", "content": "Done."},
    )
    return write(path, [{"id": "c1", "messages": said}])


def test_findings_are_told_in_the_words_of_the_log_that_was_audited(tmp_path: Path) -> None:
    path = log(tmp_path / "log.jsonl")
    rows = [
        finding("c1", 1, asked=True, needless=0.9, need=0.2),
        finding("c1", 3, asked=False, needless=None, need=0.8),
        finding("gone", 1, asked=True, needless=0.7, need=None),
    ]
    folder = tmp_path / "audit"
    folder.mkdir()
    findings = write(folder / "findings.jsonl", rows)
    without = found_in(findings).found[0]
    assert (without.turns, without.without_text) == (2, 2)
    (folder / "audit.json").write_text(orjson.dumps({"logs": [str(path)]}).decode())
    needless, missed = found_in(findings).found
    assert needless.without_text == 1
    assert needless.clusters[0].examples[0].text == "Which toppings would you like?"
    assert needless.clusters[0].examples[0].request == "A pizza with onions, please"
    assert missed.clusters[0].examples[0].text == "Onions, as I said"


def test_an_audit_that_names_no_log_or_a_broken_one_does_no_harm(tmp_path: Path) -> None:
    rows = [finding("c1", 1, asked=True, needless=0.9, need=None)]
    findings = write(tmp_path / "findings.jsonl", rows)
    for told in (
        b"{",
        b"[]",
        b'{"logs": 3}',
        b'{"logs": ["/nowhere/at/all"]}',
        b'{"logs": [null]}',
        b'{"logs": ["/"]}',
        b'{"logs": ["/dev/zero"]}',
    ):
        (tmp_path / "audit.json").write_bytes(told)
        assert found_in(findings).found[0].without_text == 1
    broken = tmp_path / "broken.jsonl"
    broken.write_bytes(b"\x00\x01 no log")
    (tmp_path / "audit.json").write_bytes(orjson.dumps({"logs": [str(broken)]}))
    assert found_in(findings).found[0].without_text == 1
