"""A selection as one file to send."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import orjson
import pytest
from tests.viewer.viewed import make_run
from tests.viewer.visiting import visiting

from tactful.errors import DataError, UsageError
from tactful.viewer.views.exporting import export_selection

EVIL = '<script>alert(1)</script><a href="javascript:alert(2)">x</a>\u202e'


def trajectory(number: int, *, said: str, asked: bool) -> dict[str, Any]:
    step = {
        "state": {"query": f"Request {number}"}, "action": "MID" if asked else "LOW", "message": said,
        "questions": int(asked), "reaction": {"reply": "Fine", "answered_clarification": asked},
    }  # fmt: skip
    return {
        "tactful": "trajectories", "id": f"t{number}", "state_id": f"s{number}", "action_space": "levels",
        "parent": "", "decision_point": 0, "steps": [step], "hidden": {"requirements": ["the-hidden-one"]},
        "reference": "the-hidden-reference",
    }  # fmt: skip


@pytest.fixture
def file(tmp_path: Path) -> Path:
    rows = [trajectory(n, said=EVIL if n == 3 else f"Answer {n}", asked=n % 2 == 1) for n in range(10)]
    path = tmp_path / "t.jsonl"
    path.write_bytes(b"".join(orjson.dumps(row) + b"\n" for row in rows))
    return path


def test_the_records_that_a_filter_finds_stand_in_one_file(file: Path, tmp_path: Path) -> None:
    out = tmp_path / "found.html"
    assert export_selection(file, out, filter_="asked") == 5  # 1, 3, 5, 7, 9
    page = out.read_text(encoding="utf-8")
    assert [int(n) for n in re.findall(r"Request (\d)", page)] == [1, 3, 5, 7, 9]
    assert "5 of 5 records" in page
    assert "<code>asked</code>" in page
    assert "Answer 1" in page
    assert "Answer 2" not in page


def test_no_more_than_the_limit_and_that_is_said(file: Path, tmp_path: Path) -> None:
    out = tmp_path / "found.html"
    assert export_selection(file, out, limit=2) == 10
    page = out.read_text(encoding="utf-8")
    assert "2 of 10 records" in page
    assert page.count("<article") == 2
    for wrong in (0, 1001):
        with pytest.raises(UsageError, match="a file holds 1 to 1,000 records"):
            export_selection(file, tmp_path / "no.html", limit=wrong)


def test_the_file_runs_nothing_asks_nobody_and_keeps_hidden_parts_at_home(file: Path, tmp_path: Path) -> None:
    out = tmp_path / "found.html"
    export_selection(file, out)
    page = out.read_text(encoding="utf-8")
    assert "default-src 'none'; style-src 'unsafe-inline'; img-src data:" in page
    assert "&lt;script&gt;alert(1)" in page
    assert "\u202e" not in page
    assert not re.search(
        r"<(script|link|img|iframe|form|base|object)\b|\son\w+=|url\(|@import|https?://", page
    )
    assert all(address.startswith("#") for address in re.findall(r'href="([^"]*)"', page))
    assert "the-hidden" not in page


def test_of_a_damaged_line_that_is_all_that_is_said(file: Path, tmp_path: Path) -> None:
    whole = file.read_bytes().splitlines(keepends=True)
    file.write_bytes(b"".join(whole) + whole[0].rstrip()[:-3])
    out = tmp_path / "found.html"
    assert export_selection(file, out) == 11
    page = out.read_text(encoding="utf-8")
    assert "line 11" in page
    assert "no JSON" in page
    assert "the-hidden" not in page


def test_nothing_is_ever_overwritten(file: Path, tmp_path: Path) -> None:
    out = tmp_path / "found.html"
    out.write_text("mine")
    with pytest.raises(UsageError, match="exists already"):
        export_selection(file, out)
    assert out.read_text() == "mine"


def test_a_filter_that_cannot_be_read_writes_nothing(file: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no record here has 'aksed'"):
        export_selection(file, tmp_path / "found.html", filter_="aksed")
    assert not (tmp_path / "found.html").exists()


def test_a_folder_of_several_runs_is_refused(tmp_path: Path) -> None:
    for name in "ab":
        make_run(tmp_path / name, 2)
    with pytest.raises(UsageError, match=r"holds several runs \([ab], [ab]\); give one of them"):
        export_selection(tmp_path, tmp_path / "found.html")


def test_a_folder_without_a_run_is_said_to_hold_none(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError, match=r"empty: holds no run and no JSONL file; give a run"):
        export_selection(tmp_path / "empty", tmp_path / "found.html")


def test_of_a_folder_with_one_run_that_is_exported(tmp_path: Path) -> None:
    make_run(tmp_path / "runs" / "a", 2)
    assert export_selection(tmp_path / "runs", tmp_path / "found.html") == 2


def test_failed_records_are_told_with_their_reason(tmp_path: Path) -> None:
    make_run(tmp_path / "run", 20)
    out = tmp_path / "found.html"
    assert export_selection(tmp_path / "run", out, filter_='state == "failed"') == 2  # 7 and 17
    assert "the endpoint hung up" in out.read_text(encoding="utf-8")


def test_the_button_gives_the_same_selection_as_a_download(file: Path) -> None:
    with visiting(file.parent) as client:
        client.get("/of/t.jsonl?filter=asked")
        for _ in range(50):
            found = client.get("/of/t.jsonl/export?filter=asked")
            if "5 of 5 records" in found.text:
                break
        assert found.headers["content-disposition"] == "attachment; filename*=UTF-8''t.html"
        assert "5 of 5 records" in found.text
        assert '<html lang="zh">' in client.get("/of/t.jsonl/export?lang=zh").text
        assert client.get("/of/t.jsonl/export?filter=aksed").status_code == 422
        assert '/of/t.jsonl/export?filter=asked" download' in client.get("/of/t.jsonl?filter=asked").text


def test_private_fields_deep_in_a_row_that_is_not_known_stay_at_home(tmp_path: Path) -> None:
    state = {
        "query": "what I asked",
        "hidden": {"requirements": ["the-hidden-one"]},
        "tests": ["secret-tests"],
    }
    row = {"id": "x", "mine": {"state": state}, "states": [state], "hidden": "the-hidden-two"}
    (tmp_path / "mine.jsonl").write_bytes(orjson.dumps(row))
    export_selection(tmp_path / "mine.jsonl", tmp_path / "mine.html")
    page = (tmp_path / "mine.html").read_text(encoding="utf-8")
    assert page.count("what I asked") == 2
    assert "the-hidden" not in page
    assert "secret-tests" not in page


def test_rows_that_are_not_known_are_shown_as_they_are_without_their_private_fields(tmp_path: Path) -> None:
    path = tmp_path / "mine.jsonl"
    path.write_bytes(
        orjson.dumps(
            {"id": "x", "note": "what I wrote", "reference": "the-hidden-one", "tests": "secret-tests"}
        )
    )
    out = tmp_path / "mine.html"
    export_selection(path, out)
    page = out.read_text(encoding="utf-8")
    assert "what I wrote" in page
    assert "the-hidden-one" not in page
    assert "secret-tests" not in page
