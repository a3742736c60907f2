from __future__ import annotations

import asyncio
import json
import os
import pickle
import stat
import subprocess
import sys
import time
import tomllib
from collections.abc import Mapping

import pytest
from tests.runs import parts
from tests.runs.parts import Answer, Config, Item, items, run

from tactful.errors import ConfigChanged, DataError, ProviderError, UsageError
from tactful.runs import RunFolder, RunOptions, Skip, run_job
from tactful.runs.running.executor import LocalExecutor, Work
from tactful.types import Record, seeded


def lines(path):
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_run_folder_holds_configuration_state_provenance_and_outputs(tmp_path):
    summary = run(tmp_path / "out", count=3)
    folder = summary.folder
    assert (summary.done, summary.failed, summary.skipped, summary.read) == (3, 0, 0, 3)
    assert not summary.interrupted
    assert [answer["double"] for answer in lines(folder.records_path)] == [0, 2, 4]
    assert folder.failures_path.read_bytes() == b""
    assert tomllib.loads(folder.config_path.read_text()) == {"factor": 2, "concurrency": 4}
    info = folder.info()
    assert info.state == "done"
    assert info.fingerprint["config.factor"] == 2
    assert info.input_hash
    assert info.ended_at is not None


def test_everything_in_the_folder_is_for_its_owner_alone(tmp_path):
    before = os.umask(0)
    try:
        folder = run(tmp_path / "out").folder.path
    finally:
        os.umask(before)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {0o600}


def test_failed_and_skipped_records_are_kept_with_stage_and_reason_and_the_run_goes_on(tmp_path):
    summary = run(tmp_path / "out", stage=parts.moody, count=20)
    assert (summary.done, summary.failed, summary.skipped, summary.read) == (14, 4, 2, 20)
    failures = list(summary.folder.failures())
    assert [failure.id for failure in failures] == ["item-5", "item-7", "item-15", "item-17"]
    assert (failures[0].stage, failures[0].error) == ("moody", "out_of_reach")
    assert failures[0].reason == "the endpoint hung up"
    assert failures[0].detail == ""
    assert (failures[1].error, failures[1].reason) == ("ZeroDivisionError", "7 again")
    assert "parts.py" in failures[1].detail, "an accident says where it happened"
    assert [line["id"] for line in lines(summary.folder.failures_path)] == [item.id for item in failures]


def test_outputs_keep_input_order_and_equal_runs_write_equal_bytes(tmp_path):
    odd = run(tmp_path / "a", stage=parts.double_in_odd_order, count=30, concurrency=16)
    one = run(tmp_path / "b", stage=parts.double, count=30, concurrency=1)
    assert [answer.id for answer in odd.folder.records(Answer)] == [f"item-{number}" for number in range(30)]
    assert odd.folder.records_path.read_bytes() == one.folder.records_path.read_bytes()
    assert odd.folder.info().run_id == one.folder.info().run_id


@pytest.mark.slow
def test_same_seed_and_another_hash_seed_write_equal_bytes(tmp_path):
    for hash_seed in ("1", "2"):
        command = [sys.executable, "-m", "tests.runs.worker", str(tmp_path / hash_seed), "50"]
        subprocess.run(command, env={**os.environ, "PYTHONHASHSEED": hash_seed}, check=True)
    one, two = (RunFolder.open(tmp_path / hash_seed) for hash_seed in ("1", "2"))
    assert one.records_path.read_bytes() == two.records_path.read_bytes()
    assert one.failures_path.read_bytes() == two.failures_path.read_bytes()
    assert (one.info().run_id, one.info().input_hash) == (two.info().run_id, two.info().input_hash)


def test_randomness_comes_from_run_seed_and_record_id_alone(tmp_path):
    run(tmp_path / "out", count=3, seed=7)
    (first, *_) = RunFolder.open(tmp_path / "out").records(Answer)
    assert first.draw == round(seeded(7, "item-0").random(), 12)


def test_never_more_than_concurrency_records_at_once_and_the_source_is_read_lazily(tmp_path):
    running, most, read_ahead = 0, 0, []
    read = 0

    def source():
        nonlocal read
        for item in items(40):
            read += 1
            yield item

    async def stage(item, context):
        nonlocal running, most
        running += 1
        most = max(most, running)
        read_ahead.append(read - len(read_ahead))
        await asyncio.sleep(0.001)
        running -= 1
        return Answer(id=item.id, double=0)

    run(tmp_path / "out", stage=stage, source=source(), concurrency=3)
    assert most == 3
    assert max(read_ahead) <= 3 + 64  # at work, and read before they are asked for


def test_stage_may_return_several_records_or_none(tmp_path):
    async def stage(item, context):
        return [Answer(id=f"{item.id}-{index}", double=index) for index in range(item.number)]

    summary = run(tmp_path / "out", stage=stage, count=4)
    assert summary.done == 4
    assert [answer.id for answer in summary.folder.records(Answer)] == [
        "item-1-0", "item-2-0", "item-2-1", "item-3-0", "item-3-1", "item-3-2",
    ]  # fmt: skip


class Text(Record):
    id: str
    text: str


@pytest.mark.parametrize(
    ("returned", "reason"),
    [(None, "got NoneType"), ("text", "got str"), ([1], "got list"), (Text(id="a", text="\ud800"), "utf-8")],
)
def test_stage_that_returns_what_cannot_be_stored_fails_its_record(tmp_path, returned, reason):
    async def stage(item, context):
        return returned

    summary = run(tmp_path / "out", stage=stage, count=2)
    assert summary.failed == 2
    assert reason in next(summary.folder.failures()).reason


def test_lone_surrogates_in_a_reason_do_not_end_the_run(tmp_path):
    async def stage(item, context):
        raise ProviderError("reply \ud83d cut")

    summary = run(tmp_path / "out", stage=stage, count=1)
    assert next(summary.folder.failures()).reason == r"reply \ud83d cut"


def test_cancellation_that_nobody_asked_for_is_a_failure_of_its_record(tmp_path):
    async def stage(item, context):
        raise asyncio.CancelledError

    assert run(tmp_path / "out", stage=stage, count=3).failed == 3


def test_limit_takes_the_first_records_and_a_later_run_goes_on(tmp_path):
    assert run(tmp_path / "out", count=10, limit=4).read == 4
    assert run(tmp_path / "out", count=10, resume=True).read == 10


def test_limit_closes_the_source(tmp_path):
    closed = []

    def source():
        try:
            yield from items(10)
        finally:
            closed.append(True)

    run(tmp_path / "out", source=source(), limit=2)
    assert closed == [True]


def test_default_folder_is_named_by_noun_verb_and_utc_time(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    first, second = run(None, count=1).folder.path, run(None, count=1).folder.path
    assert first.parent.name == "runs"
    assert first.name.startswith("test-double-20")
    assert first != second


@pytest.mark.parametrize("record_id", ["", 5])
def test_record_without_an_id_of_its_own_stops_the_run(tmp_path, record_id):
    class Odd(Record):
        id: str | int

    with pytest.raises(DataError, match=f"record 1 of the input has the id {record_id!r}"):
        run(tmp_path / "out", source=[Odd(id=record_id)])


@pytest.mark.parametrize("concurrency", [1, 8])
def test_id_that_occurs_twice_is_named_with_both_places(tmp_path, concurrency):
    source = [*items(5), Item(id="item-1", number=99)]
    with pytest.raises(DataError, match=r"'item-1' occurs twice in the input \(records 2 and 6\)"):
        run(tmp_path / "out", source=source, concurrency=concurrency)
    assert RunFolder.open(tmp_path / "out").standing() == "interrupted"
    assert len(lines(tmp_path / "out" / "records.jsonl")) == 5


def test_first_record_that_comes_again_after_it_is_stored_is_named_with_both_places(tmp_path):
    # one at a time, so that record 1 is stored, at ordinal 0, before its second coming is read
    def source():
        yield Item(id="item-0", number=0)
        yield from list(items(5))[1:]
        yield Item(id="item-0", number=99)

    with pytest.raises(DataError, match=r"'item-0' occurs twice in the input \(records 1 and 6\)"):
        run(tmp_path / "out", source=source(), concurrency=1)


def test_unusable_line_of_the_source_stops_the_run_after_storing_what_is_finished(tmp_path):
    def source():
        yield from items(3)
        raise DataError.at("states.jsonl", 4, "is not JSON")

    with pytest.raises(DataError, match=r"states\.jsonl:4: is not JSON"):
        run(tmp_path / "out", source=source())
    assert len(lines(tmp_path / "out" / "records.jsonl")) == 3


def test_existing_folder_is_never_overwritten(tmp_path):
    run(tmp_path / "out", count=2)
    before = {path.name: path.read_bytes() for path in (tmp_path / "out").iterdir()}
    with pytest.raises(UsageError, match="exists already; go on with it by --resume"):
        run(tmp_path / "out", count=2)
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.tex").write_text("x")
    with pytest.raises(UsageError, match="not a run folder"):
        run(tmp_path / "mine", resume=True)
    with pytest.raises(UsageError, match="is a file"):
        run(tmp_path / "mine" / "thesis.tex")
    assert {path.name: path.read_bytes() for path in (tmp_path / "out").iterdir()} == before
    assert os.listdir(tmp_path / "mine") == ["thesis.tex"]


def test_resume_without_a_run_to_go_on_with_is_wrong_usage(tmp_path):
    with pytest.raises(UsageError, match="nothing to resume"):
        run(tmp_path / "typo", resume=True)
    with pytest.raises(UsageError, match="--resume needs --out"):
        run(None, resume=True)


def test_other_configuration_is_refused_naming_the_keys(tmp_path):
    run(tmp_path / "out")
    with pytest.raises(ConfigChanged, match=r"config.factor: 2 → 3; seed: 0 → 1"):
        run(tmp_path / "out", config=Config(factor=3, concurrency=9), seed=1, resume=True)
    run(tmp_path / "out", config=Config(concurrency=9), concurrency=2, resume=True, budget_usd=1.0)


def test_configuration_that_toml_cannot_hold_is_refused_before_anything_runs(tmp_path):
    class Odd(Record):
        limit: int | None = 5

    with pytest.raises(Exception, match=r"reads back differently.*\['limit'\]"):
        run(tmp_path / "out", config=Odd(limit=None))


async def test_inside_a_running_event_loop_it_says_how_to_call_it(tmp_path):
    with pytest.raises(UsageError, match=r"asyncio\.to_thread"):
        run(tmp_path / "out")
    summary = await asyncio.to_thread(run, tmp_path / "out")
    assert summary.done == 10


def test_stage_record_and_result_cross_processes(tmp_path):
    work = Work(stage=parts.Logged(tmp_path / "log"), run_id="r", seed=3)
    work = pickle.loads(pickle.dumps(work))
    item = pickle.loads(pickle.dumps(Item(id="a", number=21)))

    async def process():
        executor = LocalExecutor()
        await executor.start(work)
        return await executor.process(item)

    result = pickle.loads(pickle.dumps(asyncio.run(process())))
    assert json.loads(result.lines)["double"] == 42


def test_another_executor_can_take_the_work(tmp_path):
    class Counting(LocalExecutor):
        taken = 0

        async def process(self, record):
            Counting.taken += 1
            return await super().process(record)

    options = RunOptions(out=tmp_path / "out", progress="off")
    run_job(parts.job(6, stage=parts.double), options, executor=Counting())
    assert Counting.taken == 6


def test_clock_that_jumps_back_gives_no_negative_duration(tmp_path, monkeypatch):
    from datetime import UTC, datetime, timedelta

    from tactful.runs.read.report import list_runs

    present = datetime(2026, 11, 21, tzinfo=UTC)
    times = iter([present + timedelta(days=1)] + [present] * 10)
    monkeypatch.setattr("tactful.runs.running.opening.utc_now", lambda: next(times))
    monkeypatch.setattr("tactful.runs.running.runner.utc_now", lambda: present)
    monkeypatch.setattr("tactful.runs.read.report.utc_now", lambda: present - timedelta(days=400))
    monkeypatch.setenv("TZ", "Pacific/Kiritimati")
    time.tzset()
    try:
        run(tmp_path / "out", count=3)
        (line,) = list_runs(tmp_path)
    finally:
        monkeypatch.undo()
        time.tzset()
    assert line.age_s == 0
    folder = RunFolder.open(tmp_path / "out")
    assert 0 <= folder.info().elapsed_s < 60
    state = folder.state()
    assert all(row.result.elapsed_s >= 0 for row in state.rows())
    state.close()


def test_skip_is_counted_by_reason(tmp_path):
    async def stage(item, context):
        return Skip("odd" if item.number % 2 else "even")

    summary = run(tmp_path / "out", stage=stage, count=5)
    skips = summary.folder.reasons("skipped")
    assert [(reason, count) for _, _, reason, count in skips] == [("even", 3), ("odd", 2)]


class Loose(Record):
    id: str
    extra: Mapping[str, object] = {}


@pytest.mark.parametrize(("depth", "stage"), [(250, "keep"), (300, "reading"), (900, "reading")])
def test_record_that_nests_too_deeply_fails_alone_and_the_run_stays_readable(tmp_path, depth, stage):
    async def keep(item, context):
        return item

    deep: dict[str, object] = {}
    for _ in range(depth):
        deep = {"k": deep}
    fine = {"many": [{} for _ in range(1_000)]}
    source = [Loose(id="a", extra=fine), Loose(id="b", extra=deep), Loose(id="c")]
    folder = run(tmp_path / "out", stage=keep, source=source).folder
    assert [record.id for record in folder.records(Loose)] == ["a", "c"]
    (failure,) = folder.failures()
    assert (failure.id, failure.stage) == ("b", stage)
    assert "recursion limit" in failure.reason or "depth exceeded" in failure.reason
