"""What was sent and answered for one record, from the run's own cache or a shared one."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
from tests.chat_server import serving
from tests.runs import parts
from tests.runs.parts import run
from tests.viewer.visiting import visiting

from tactful.viewer.look import View


def test_the_calls_of_a_record_are_shown_as_sent_and_as_answered(tmp_path: Path) -> None:
    with serving() as server:
        run(tmp_path / "out", stage=parts.ask, count=3, models=parts.endpoint(server.base_url))
    with View.open(tmp_path / "out") as view:
        first, second = view.calls(0), view.calls(1)
        assert view.calls(99) == ()
    assert len(first) == len(second) == 2
    assert {call.messages for call in first}.isdisjoint({call.messages for call in second})
    assert b'"choices"' in first[0].body
    assert first[0].tokens > 0
    assert not first[0].invalid


@pytest.mark.slow
def test_the_page_of_calls_shows_prompt_and_reply_as_text(tmp_path: Path) -> None:
    with serving() as server:
        run(tmp_path / "out", stage=parts.ask, count=1, models=parts.endpoint(server.base_url))
    with visiting(tmp_path / "out") as client:
        page = client.get("/of/out/records/0/calls").text
    assert '<div class="turn user"><b>user</b>first about item-0</div>' in page
    assert "Reply to: first about item-0" in page


def test_a_run_answered_by_a_shared_cache_has_its_calls_too(tmp_path: Path) -> None:
    with serving() as server:
        for name in ("a", "b"):
            run(
                tmp_path / name,
                stage=parts.ask,
                count=3,
                models=parts.endpoint(server.base_url),
                cache=tmp_path / "calls.sqlite",
            )
    for name in ("a", "b"):
        with View.open(tmp_path / name) as view:
            assert len(view.calls(2)) == 2


def test_a_cache_of_before_and_a_missing_one_have_no_calls(tmp_path: Path) -> None:
    with serving() as server:
        run(tmp_path / "out", stage=parts.ask, count=1, models=parts.endpoint(server.base_url))
    cache = tmp_path / "out" / "calls.sqlite"
    with sqlite3.connect(cache) as connection:
        connection.execute("DROP TABLE asked")
    with View.open(tmp_path / "out") as view:
        assert view.calls(0) == ()
        cache.unlink()
        assert view.calls(0) == ()


@pytest.mark.parametrize("spoilt", ["NULL", "x'00'"])
def test_a_reply_is_shown_also_where_the_prompt_was_lost(tmp_path: Path, spoilt: str) -> None:
    with serving() as server:
        run(tmp_path / "out", stage=parts.ask, count=1, models=parts.endpoint(server.base_url))
    with sqlite3.connect(tmp_path / "out" / "calls.sqlite") as connection:
        connection.execute(f"UPDATE calls SET messages = {spoilt}")
    with View.open(tmp_path / "out") as view:
        calls = view.calls(0)
    assert [call.messages for call in calls] == [(), ()]
    assert all(call.body for call in calls)
