"""The page of two runs side by side, and that of clusters."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import orjson
import pytest
from starlette.testclient import TestClient
from tests.viewer.visiting import visiting

Row = Mapping[str, Any]
EVIL = "<script>alert(1)</script><img src=x onerror=alert(2)>\u202e"


def write(path: Path, rows: Sequence[Row]) -> None:
    path.write_bytes(b"".join(orjson.dumps(row) + b"\n" for row in rows))


def decision(at: int, proposal: str | None, need: bool) -> Row:
    return {
        "tactful": "decisions",
        "trace": "t",
        "at": at,
        "proposal": proposal,
        "need": need,
        "outcome": "hit",
    }


def settled(client: TestClient, address: str) -> str:
    """The page, once the index is whole."""
    for _ in range(100):
        found = client.get(address)
        assert found.status_code == 200, found.text
        if "every 2s" not in found.text:
            return found.text
        time.sleep(0.1)
    raise AssertionError(found.text)


def test_two_files_stand_side_by_side_where_they_differ_first(tmp_path: Path) -> None:
    write(tmp_path / "a.jsonl", [decision(0, None, True), decision(1, "Shall I tidy up?", False)])
    write(tmp_path / "b.jsonl", [decision(0, None, True), decision(1, None, False), decision(2, None, False)])
    with visiting(tmp_path) as client:
        page = settled(client, "/compare?a=a.jsonl&b=b.jsonl")
        assert "matched by turn_id" in page
        assert "Shall I tidy up?" in page
        assert page.index("t#1") < page.index("t#0")  # what differs comes first
        assert "50.0%" in page  # a offered in one of two
        assert "-50.0 pp" in page
        only = settled(client, "/compare?a=a.jsonl&b=b.jsonl&filter=a.offered+and+not+b.offered")
        assert "t#1" in only
        assert 'aria-label="t#0"' not in only
        assert client.get("/compare?a=a.jsonl&b=nothing").status_code == 404
        wrong = client.get("/compare?a=a.jsonl&b=b.jsonl&filter=a.nothing")
        assert wrong.status_code == 422
        assert "no record here has" in wrong.text
        by = client.get("/compare?a=a.jsonl&b=b.jsonl&by=scene")
        assert (by.status_code, "not both runs have &#39;scene&#39;" in by.text) == (422, True)
        assert "matched by trace, at" in client.get("/compare?a=a.jsonl&b=b.jsonl&by=trace,at").text
        choice = client.get("/compare?a=a.jsonl").text
        assert '<option value="a.jsonl" selected>' in choice
        assert '<option value="b.jsonl">' in choice


def test_what_was_said_is_shown_as_text_in_comparisons_and_clusters(tmp_path: Path) -> None:
    write(tmp_path / "a.jsonl", [decision(0, EVIL, False)])
    write(tmp_path / "b.jsonl", [decision(0, None, False)])
    with visiting(tmp_path) as client:
        for address in ("/compare?a=a.jsonl&b=b.jsonl", "/of/a.jsonl/clusters"):
            page = settled(client, address)
            assert "<script>alert" not in page
            assert "<img" not in page
            assert "\u202e" not in page
            assert "&lt;script&gt;alert(1)" in page


def test_clusters_name_size_examples_and_the_filter(tmp_path: Path) -> None:
    write(tmp_path / "d.jsonl", [decision(at, "Shall I fix the spelling?", at == 9) for at in range(10)])
    write(tmp_path / "plain.jsonl", [{"id": "x", "text": "nothing was done"}])
    with visiting(tmp_path) as client:
        page = settled(client, "/of/d.jsonl/clusters")
        assert "9 needless questions and offers" in page
        assert "0 missed questions and offers" in page
        assert 'href="/of/d.jsonl/records/0#l0t0"' in page
        assert "filter=%28asked+or+offered%29+and+not+needed" in page
        assert "No turn here says both" in settled(client, "/of/plain.jsonl/clusters")
        assert "多余的和漏掉的提问" in client.get("/of/d.jsonl/clusters?lang=zh").text
        assert client.get("/of/nothing/clusters").status_code == 404


@pytest.mark.slow
def test_a_side_that_is_written_anew_is_compared_anew_and_its_questions_grouped_anew(tmp_path: Path) -> None:
    one, other = tmp_path / "a.jsonl", tmp_path / "b.jsonl"
    rows = [decision(at, "Shall I tidy up?" if at % 2 else None, need=False) for at in range(8)]
    write(one, rows)
    write(other, rows)
    with visiting(tmp_path) as client:
        addresses = ("/compare?a=a.jsonl&b=b.jsonl", "/of/b.jsonl/clusters")
        before = [settled(client, address) for address in addresses]
        assert "+0.0 pp" in before[0]
        write(
            other, [rows[0], *(decision(at, "Shall I water the plants?", need=False) for at in range(1, 8))]
        )
        for _ in range(100):
            after = [settled(client, address) for address in addresses]
            if "+37.5 pp" in after[0] and "plants" in after[1]:
                return
            time.sleep(0.1)
        raise AssertionError(after)
