"""Pages, search and filters over real runs, while they grow and change."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import orjson
import pytest
from tests.viewer.viewed import Config, make_run, reply, requests, shouting

from tactful.errors import DataError, UsageError
from tactful.runs import RunOptions, run_stage
from tactful.runs.store.lock import only_writer
from tactful.viewer.index.build import NAME, bring_up_to_date
from tactful.viewer.index.place import index_folder
from tactful.viewer.index.sources import open_source
from tactful.viewer.index.tables import Writer, open_index, prepare
from tactful.viewer.look import View
from tactful.viewer.types import Progress, Query
from tactful.viewer.units import units


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """20 records: r7, r17 failed, r8, r18 skipped, r9, r19 unscored."""
    make_run(tmp_path / "run")
    return tmp_path / "run"


def ids(view: View, **query: Any) -> list[str]:
    return [line.id for line in view.page(Query(**query)).lines]


def numbers(view: View, **query: Any) -> list[int]:
    return [int(one[1:]) for one in ids(view, **query)]


def test_pages_follow_the_order_of_the_input_and_say_how_many_records_there_are(run: Path) -> None:
    with View.open(run) as view:
        first, second = view.page(Query(limit=8)), view.page(Query(limit=8, offset=16))
    assert [line.ordinal for line in first.lines] == list(range(8))
    assert [line.id for line in second.lines] == ["r16", "r17", "r18", "r19"]
    assert first.total == second.total == 20
    assert first.progress is None


def test_the_first_page_needs_no_index(run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tactful.viewer.index.build.Builder.start", lambda builder: None)
    with View.open(run) as view:
        assert view.page(Query(state="failed")).total == 2
        searched = view.page(Query(text="refunds"))
        assert (searched.total, searched.progress) == (0, Progress(indexed=0, total=20))
        assert not view.progress().complete


def test_a_page_is_filtered_by_state_stage_reason_and_unscored(run: Path) -> None:
    with View.open(run) as view:
        view.wait()
        for text in ({}, {"filter": "id is not None"}):  # without the index, and with it
            assert numbers(view, state="failed", **text) == [7, 17]
            assert numbers(view, stage="answering", error="out_of_reach", **text) == [7, 17]
            assert numbers(view, state="skipped", **text) == [8, 18]
            assert numbers(view, unscored=True, **text) == [9, 19]
            assert numbers(view, stage="elsewhere", **text) == []
        failed = view.page(Query(state="failed")).lines[0]
    assert failed.preview == "the endpoint hung up"


def test_pages_are_sorted_by_columns_and_by_any_number_of_the_records(run: Path) -> None:
    with View.open(run) as view:
        view.wait()
        assert numbers(view, descending=True, limit=2) == [19, 18]
        assert ids(view, sort="id", limit=3) == ["r0", "r1", "r10"]
        assert numbers(view, sort="state", limit=20)[-2:] == [8, 18]  # done, failed, skipped
        assert numbers(view, sort="reward", limit=4) == [0, 5, 10, 15]
        assert numbers(view, sort="reward", descending=True, limit=3) == [4, 9, 14]
        assert numbers(view, sort="reward", descending=True)[-4:] == [7, 8, 17, 18], "who has none comes last"
        with pytest.raises(UsageError, match=r"'margin' to sort by; known are: asked"):
            view.page(Query(sort="margin"))


def test_search_finds_words_their_beginnings_phrases_and_chinese_words_of_two_characters(run: Path) -> None:
    with View.open(run) as view:
        view.wait()
        assert numbers(view, text="refund order 13") == [13]
        assert numbers(view, text="退款") == [2, 12]
        assert numbers(view, text="款退") == []
        assert numbers(view, text='"of order 14"') == [14]
        assert numbers(view, text='"order of"') == []
        assert numbers(view, text="hung") == [7, 17], "the reason of a failure is text too"
        assert "order 13" in view.page(Query(text="13")).lines[0].preview
        for odd in ('refund" OR "x', "NEAR(a b)", "text:refund", "^refund", "a*b", "'; DROP TABLE words; --"):
            view.page(Query(text=odd))
        assert view.page(Query(text="refund")).total == 14
        with pytest.raises(UsageError, match="no letter or digit"):
            view.page(Query(text="?!"))


def test_filters_leave_out_what_is_not_known(run: Path) -> None:
    with View.open(run) as view:
        view.wait()
        # r0, 3, 6, 9, 12, 15 ask (r18 is skipped); of r0 and r12 nobody knows; of the rest r6 was needed
        assert numbers(view, filter="asked and needed") == [6]
        assert numbers(view, filter="asked and not needed") == [3, 9, 15]
        assert numbers(view, filter="asked and needed is None") == [0, 12]
        assert numbers(view, filter="reward < 0 and persona == 'hurried'") == [5, 15]
        assert numbers(view, filter="1 <= reward < 2 or reward in (3,)") == [2, 4, 9, 12, 14, 19]
        assert numbers(view, filter='text ~ "退款" and not (reward > 5)') == [2, 12]
        assert numbers(view, filter='has("refund") and error ~ "REACH"') == []
        assert numbers(view, filter='error ~ "REACH"') == [7, 17]
        assert view.page(Query(filter="asked")).lines[0].matches == ((0, 0),)


@pytest.mark.parametrize(
    "expression",
    [
        "asked and not needed",
        "not (asked or needed)",
        "not (asked and reward > 0)",
        "reward < 0 and persona == 'hurried'",
        "persona != 'hurried' or needed is None",
        "reward not in (0, 1) and -1 <= reward",
        'not text ~ "退款" and not stage is not None',
        'text ~ "refund ord" and not persona ~ "HURR"',
        "state == 'failed' or unscored",
    ],
)
def test_a_copied_filter_finds_as_python_what_the_page_finds(run: Path, expression: str) -> None:
    with View.open(run) as view:
        view.wait()
        found = numbers(view, filter=expression, limit=100)
        code = view.as_python(expression)
    scope: dict[str, Any] = {}
    exec(code, scope)
    assert [unit.ordinal for unit in scope["found"]] == found
    assert 0 < len(found) < 20, "a filter that holds for all or none tells nothing"


def test_the_index_follows_a_run_that_grows_and_records_that_are_taken_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tactful.viewer.index.build._POLL_S", 0.02)
    make_run(tmp_path / "run", limit=10)
    with View.open(tmp_path / "run") as view:
        view.wait()
        assert view.page(Query(text="refunds")).total == 7
        make_run(tmp_path / "run", resume=True)
        until(lambda: view.progress().indexed == 20)
        until(lambda: view.page(Query(text="refunds")).total == 14)
        state = tmp_path / "run" / "run.sqlite"
        replace_row(state, "r7", reply(3).model_copy(update={"said": "Zeppelins are late"}).model_dump_json())
        until(lambda: ids(view, text="zeppelin") == ["r7"])
        assert numbers(view, text="hung") == [17], "what the old row said is found no more"
        assert view.page(Query(filter="asked")).total == 7
        with sqlite3.connect(state) as connection:
            connection.execute("DELETE FROM results WHERE record_id = 'r7'")
        until(lambda: view.page(Query(text="zeppelin")).total == 0)


def test_another_run_in_the_same_folder_starts_another_index(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tactful.viewer.index.build._POLL_S", 0.02)
    out = tmp_path / "run"
    make_run(out)
    with View.open(out) as view:
        view.wait()
        assert view.page(Query(text="shouted")).total == 0
        shutil.rmtree(out)
        for limit in (5, 20):  # the new one is followed like the old one
            run_stage(
                noun="view",
                verb="try",
                config=Config(),
                source=requests(20),
                stage=shouting,
                options=RunOptions(out=out, progress="off", limit=limit, resume=limit == 20),
            )
            until(lambda limit=limit: view.page(Query(text="shouted")).total == limit)
        assert view.page(Query(text="refunds")).total == 0


def test_nothing_is_written_into_the_run_and_the_index_serves_the_next_time(
    run: Path, own_cache: Path
) -> None:
    before = {path.name: path.stat().st_mtime_ns for path in run.iterdir()}
    with View.open(run) as view:
        view.wait()
        view.page(Query(text="refund"))
        view.record(3)
    index = next(own_cache.rglob("index.sqlite"))
    made = index.stat().st_ino
    after = {path.name: path.stat().st_mtime_ns for path in run.iterdir() if "-" not in path.name}
    assert after == {name: at for name, at in before.items() if "-" not in name}
    assert index.stat().st_mode & 0o777 == 0o600
    with View.open(run) as view:
        view.wait()
        assert view.page(Query(text="refund")).total == 14
    assert index.stat().st_ino == made


@pytest.mark.slow
def test_a_damaged_index_is_built_again(run: Path, own_cache: Path) -> None:
    with View.open(run) as view:
        view.wait()
    index = next(own_cache.rglob("index.sqlite"))
    index.write_bytes(b"no database at all" * 1000)
    with View.open(run) as view:
        until(lambda: view.progress().complete)
        assert view.page(Query(text="refund")).total == 14


def test_the_index_of_a_run_that_is_gone_is_removed(run: Path, tmp_path: Path, own_cache: Path) -> None:
    with View.open(run) as view:
        view.wait()
    make_run(tmp_path / "other", 3)
    shutil.rmtree(run)
    with View.open(tmp_path / "other") as view:
        view.wait()
    assert len(list(own_cache.rglob("index.sqlite"))) == 1


def test_two_viewers_of_one_run_share_its_index(run: Path) -> None:
    with View.open(run) as one, View.open(run) as other:
        until(lambda: one.progress().complete and other.progress().complete)
        assert one.page(Query(text="refund")).total == other.page(Query(text="refund")).total == 14


def test_a_damaged_row_is_a_record_of_its_own_kind(run: Path) -> None:
    with sqlite3.connect(run / "run.sqlite") as connection:
        connection.execute("UPDATE results SET reason = 'flipped' WHERE record_id = 'r3'")
    with View.open(run) as view:
        view.wait()
        line = view.page(Query()).lines[3]
        assert (line.state, line.reason) == ("damaged", "the stored result does not match its hash")
        assert numbers(view, filter="state == 'damaged'") == [3]


def test_a_record_shows_its_outputs_turns_and_raw_lines(run: Path) -> None:
    with View.open(run) as view:
        shown, failed = view.record(9), view.record(7)
        assert view.record(20) is None
    assert shown is not None
    assert failed is not None
    assert [row["id"] for row in shown.outputs] == ["r9"]
    place, _, line = shown.raw[0].rpartition(":")
    assert orjson.loads(Path(place).read_bytes().splitlines()[int(line) - 1])["id"] == "r9"
    info = run / "run.json"
    info.write_text(info.read_text().replace('"state": "done"', '"state": "running"'))
    with View.open(run) as view:
        killed = view.record(9)
    assert killed is not None
    assert killed.raw == (), "what a killed run wrote last is older than what it stored"
    assert (failed.line.error, failed.raw, failed.attempts) == ("out_of_reach", (), 1)


def test_a_file_is_looked_at_like_a_run_and_followed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tactful.viewer.index.build._POLL_S", 0.02)
    path = tmp_path / "rows.jsonl"
    rows = [reply(number).model_dump_json() for number in range(600)]
    path.write_text("\n".join(rows[:299]) + "\nno json\n" + rows[300][:20])
    with View.open(path) as view:
        page = view.page(Query(offset=298))
        assert [(line.id, line.state) for line in page.lines] == [
            ("r298", "done"), ("line 300", "damaged"), ("line 301", "damaged"),
        ]  # fmt: skip
        assert view.page(Query(descending=True, limit=1)).lines[0].ordinal == 300
        until(lambda: view.progress().complete)
        assert view.page(Query(text='"order 298"')).total == 1
        with path.open("a") as file:
            file.write(rows[300][20:] + "\n" + "\n".join(rows[301:]) + "\n")
        until(lambda: view.progress().indexed == 600)
        until(lambda: view.page(Query(text='"order 300"')).total == 1)
        shown = view.record(513)
        assert shown is not None
        assert shown.line.id == "r513"
        assert shown.raw == (f"{path}:514",)
        path.write_text(rows[5] + "\n")
        until(lambda: view.page(Query(filter="asked or not asked")).total == 1)


def rewarded(id_: str, reward: float, *, parent: str = "") -> bytes:
    step = {"action": "HIGH" if parent else "LOW", "questions": len(parent), "message": "m", "reaction": {}}
    trajectory = {"id": id_, "parent": parent, "decision_point": 0, "steps": [step]}
    row = {
        "tactful": "rewarded",
        "trajectory": trajectory,
        "counts": [],
        "task_score": reward,
        "interruption_cost": 0.0,
    }
    return orjson.dumps({**row, "reward": reward}, option=orjson.OPT_APPEND_NEWLINE)


def test_the_road_not_taken_stands_in_other_records_and_filters_know_what_it_got(tmp_path: Path) -> None:
    path = tmp_path / "rewarded.jsonl"
    path.write_bytes(
        rewarded("a/main", 0.5) + rewarded("a/b", 0.9, parent="a/main") + rewarded("a/c", 0.1, parent="a/main")
        + rewarded("b/main", 0.8) + rewarded("b/b", 0.2, parent="b/main")
    )  # fmt: skip
    with View.open(path) as view:
        view.wait()
        main, branch, alone = view.record(0), view.record(1), view.record(3)
        better = [line.ordinal for line in view.page(Query(filter="other_reward > reward")).lines]
        code = view.as_python("other_reward > reward")
    assert main is not None
    assert branch is not None
    assert alone is not None
    assert [(one.action, one.did, one.reward, one.id) for one in main.strips[0].others] == [
        ("HIGH", "asked", 0.9, "a/b"), ("HIGH", "asked", 0.1, "a/c"),
    ]  # fmt: skip
    assert [one.id for one in branch.strips[0].others] == ["a/main", "a/c"]
    assert [one.id for one in alone.strips[0].others] == ["b/b"]
    assert better == [0]
    scope: dict[str, Any] = {}
    exec(code, scope)
    assert [unit.ordinal for unit in scope["found"]] == better


def test_an_index_is_whole_when_it_knows_what_branches_got(tmp_path: Path) -> None:
    path = tmp_path / "rewarded.jsonl"
    path.write_bytes(rewarded("a/main", 0.5))
    source, index = open_source(path), index_folder(path) / NAME
    prepare(index, source.identity())
    better = Query(filter="other_reward > reward")
    with only_writer(index.parent), closing(open_index(index, writing=True)) as connection:
        told: list[str] = []
        bring_up_to_date(connection, source)
        with path.open("ab") as file:
            file.write(rewarded("a/b", 0.9, parent="a/main"))
        connection.set_trace_callback(told.append)
        bring_up_to_date(connection, source)
        assert any("UPDATE units SET" in one for one in told)
        told.clear()
        bring_up_to_date(connection, source)
        assert not any("UPDATE units SET" in one for one in told), "nothing changed"
        Writer(connection).change_roads()  # as a viewer that was killed before it told them leaves it
        with View.open(path) as view:
            assert view.progress().indexed == 1
    with View.open(path) as view:
        until(lambda: view.progress().complete)
        assert [line.ordinal for line in view.page(better).lines] == [0]


def test_what_is_neither_run_nor_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no such run folder"):
        View.open(tmp_path / "nothing")
    with pytest.raises(DataError, match=r"no run\.json"):
        View.open(tmp_path)


def test_units_stream_without_an_index(run: Path, own_cache: Path) -> None:
    assert [unit.row["id"] for unit in units(run) if unit.get("reward") == 3] == ["r4", "r9", "r14", "r19"]
    assert not own_cache.exists()


def replace_row(state: Path, record_id: str, line: str) -> None:
    """As `runs retry` replaces a row."""
    from tactful.runs.result import Result
    from tactful.runs.store.rows import Row, packed
    from tactful.runs.store.state import _INSERT, RunState

    opened = RunState.read(state)
    row = opened.find(record_id)
    opened.close()
    assert row is not None
    result = Result(state="done", lines=line.encode() + b"\n", outputs=1, elapsed_s=0.1)
    with sqlite3.connect(state) as connection:
        connection.execute(_INSERT, packed(Row(row.ordinal, record_id, row.record_hash, result, 2)))


def until(holds: Any, seconds: float = 20.0) -> None:
    """Wait for what another thread does; fails where it never does."""
    import time

    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, "it never came"
        time.sleep(0.02)


def test_turns_are_counted_and_averaged_by_filters(run: Path) -> None:
    with View.open(run) as view:
        view.wait()
        # r0, 3, 6, 9, 12, 15 ask, with rewards −1, 2, 0, 3, 1, −1
        asked, needless, road, kind = view.tally(
            ["asked", "asked and not needed", "other_reward > reward", "persona"], ["reward", "margin"]
        )
        assert (asked.turns, needless.turns, road.turns) == (6, 3, 0)
        assert asked.averages == {"reward": pytest.approx(4 / 6)}
        assert needless.averages == {"reward": pytest.approx((2 + 3 - 1) / 3)}
        assert kind.turns == 0, "no fact of yes or no"
        with pytest.raises(UsageError, match="cannot be read"):
            view.tally(["asked and"])


def test_facts_have_examples_also_where_the_first_turns_have_none(
    run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tactful.viewer.index.asking._FIRST_TURNS", 3)
    with View.open(run) as view:
        view.wait()
        found = view.examples(most=2)
    assert found["persona"] == ("patient", "hurried")
    assert found["asked"] == (True, False)
    assert found["reward"] == (-1.0, 0.0)
    assert found["stage"] == ("answering",), "r7 is the first that failed"


def test_a_list_shows_each_turn_in_short_and_says_something_of_a_record_without_texts(tmp_path: Path) -> None:
    row = {"tactful": "findings", "conversation": "c", "turn": 1, "asked": True, "need": 0.1, "needless": 0.9,
           "reason": "unanswered", "unjudged": ""}  # fmt: skip
    (tmp_path / "rows.jsonl").write_bytes(orjson.dumps(row))
    with View.open(tmp_path / "rows.jsonl") as view:
        (line,) = view.page(Query()).lines
    (mark,) = line.marks
    assert (mark.did, mark.needed, line.preview) == ("asked", False, "c#1 · unanswered")
