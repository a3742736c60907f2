from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from dataclasses import replace

import pytest
from tests.runs import parts
from tests.runs.parts import Answer, Config, Item, items, run

from tactful.errors import ConfigChanged, DataError
from tactful.llm.types import Usage
from tactful.runs import RunFolder, RunOptions, retry_run, run_job
from tactful.runs.running.executor import LocalExecutor
from tactful.types import Record

QUIET = RunOptions(progress="off")


def test_retry_takes_the_failures_again_and_nothing_else(tmp_path):
    run(tmp_path / "out", stage=parts.moody, count=10)
    folder = RunFolder.open(tmp_path / "out")
    stage = parts.Logged(tmp_path / "log")
    summary = retry_run(folder, parts.job(10, stage=stage), options=QUIET)
    assert stage.worked_on() == ["item-5", "item-7"]
    assert (summary.done, summary.failed, summary.skipped, summary.read) == (9, 0, 1, 10)
    assert [answer.id for answer in folder.records(Answer)] == [f"item-{n}" for n in range(10) if n != 3]
    assert folder.failures_path.read_bytes() == b""
    assert folder.info().state == "done"


def test_retry_loses_no_result_whose_stored_row_is_damaged_or_whose_input_changed(tmp_path):
    run(tmp_path / "out", stage=parts.moody, count=10)
    folder = RunFolder.open(tmp_path / "out")
    with closing(sqlite3.connect(folder.path / "run.sqlite", isolation_level=None)) as connection:
        connection.execute("PRAGMA ignore_check_constraints = ON")
        connection.execute("UPDATE results SET state = 'dofe' WHERE record_id = 'item-4'")
    changed = [one.model_copy(update={"number": 60}) if one.id == "item-6" else one for one in items(10)]
    with closing(folder.state()) as state:
        assert state.counts().done == 6
    stage = parts.Logged(tmp_path / "log")
    summary = retry_run(folder, replace(parts.job(stage=stage), source=changed), options=QUIET)
    assert sorted(stage.worked_on()) == ["item-4", "item-5", "item-6", "item-7"]
    assert (summary.done, summary.read) == (9, 10)
    assert {answer.id: answer.double for answer in folder.records(Answer)}["item-6"] == 120


def test_record_that_fails_again_counts_its_attempts_and_all_its_cost(tmp_path):
    class Priced(LocalExecutor):
        async def process(self, record):
            result = await super().process(record)
            result.usage = Usage(calls=1, prompt_tokens=10, cost_usd=0.25)
            return result

    options = RunOptions(out=tmp_path / "out", progress="off")
    run_job(parts.job(10), options, executor=Priced())
    folder = RunFolder.open(tmp_path / "out")
    summary = retry_run(folder, parts.job(10), options=QUIET, executor=Priced())
    assert [failure.attempts for failure in folder.failures()] == [2, 2]
    # 10 records once and 2 of them once more
    assert (summary.usage.calls, summary.usage.prompt_tokens, summary.usage.cost_usd) == (12, 120, 3.0)


async def doubtful(item: Item, context) -> Answer:
    return Answer(id=item.id, double=0, unscored=item.number % 3 == 0)


def test_unscored_counts_as_done_and_is_taken_again_only_when_asked_for(tmp_path):
    assert run(tmp_path / "out", stage=doubtful, count=9).unscored == 3
    folder = RunFolder.open(tmp_path / "out")
    stage = parts.Logged(tmp_path / "log")
    assert retry_run(folder, parts.job(9, stage=stage), options=QUIET).unscored == 3
    assert stage.worked_on() == []
    assert retry_run(folder, parts.job(9, stage=stage), unscored=True, options=QUIET).unscored == 0
    assert stage.worked_on() == ["item-0", "item-3", "item-6"]


def test_method_called_unscored_is_no_unscored_output(tmp_path):
    class Judged(Record):
        step_id: str

        @classmethod
        def unscored(cls, step_id: str) -> Judged:
            return cls(step_id=step_id)

    async def stage(item, context):
        return Judged(step_id=item.id)

    assert run(tmp_path / "out", stage=stage, count=3).unscored == 0


def test_retry_of_an_unfinished_run_leaves_the_rest_for_resuming(tmp_path):
    run(tmp_path / "out", stage=parts.moody, source=[*items(8)])
    folder = RunFolder.open(tmp_path / "out")
    folder.save_info(folder.info().model_copy(update={"state": "interrupted"}))
    summary = retry_run(folder, parts.job(20, stage=parts.double), options=QUIET)
    assert summary.read == 8
    assert folder.standing() == "interrupted"
    assert run(folder.path, count=20, resume=True).read == 20
    assert folder.standing() == "done"


def test_retry_with_another_configuration_is_refused(tmp_path):
    run(tmp_path / "out", stage=parts.moody)
    with pytest.raises(ConfigChanged, match=r"config\.factor: 2 → 5"):
        retry_run(RunFolder.open(tmp_path / "out"), parts.job(config=Config(factor=5)), options=QUIET)


def test_shared_cache_is_remembered(tmp_path):
    run(tmp_path / "out", cache=tmp_path / "shared.sqlite")
    info = json.loads((tmp_path / "out" / "run.json").read_text())
    assert info["cache"] == str(tmp_path / "shared.sqlite")


def test_error_about_a_folder_is_a_data_error(tmp_path):
    with pytest.raises(DataError, match="no such run folder"):
        RunFolder.open(tmp_path / "typo")


@pytest.mark.parametrize("empty", [False, True])
def test_a_folder_without_its_state_is_refused_and_keeps_its_outputs(tmp_path, empty):
    run(tmp_path / "out", stage=parts.moody, count=10)
    folder = RunFolder.open(tmp_path / "out")
    written = folder.records_path.read_bytes()
    for side in tmp_path.glob("out/run.sqlite*"):
        side.unlink()
    if empty:
        folder.state_path.touch()
    with pytest.raises(DataError, match="the run folder is incomplete"):
        retry_run(folder, parts.job(10), options=QUIET)
    assert folder.records_path.read_bytes() == written != b""


@pytest.mark.parametrize("damage", ["lines = 'x'", "state = 'dofe'", "reason = 'flipped'"])
def test_what_a_damaged_record_had_cost_stays_counted_when_it_is_taken_again(tmp_path, damage):
    class Priced(LocalExecutor):
        async def process(self, record):
            result = await super().process(record)
            result.usage = Usage(calls=1, prompt_tokens=10, cost_usd=0.25)
            return result

    run_job(parts.job(5), RunOptions(out=tmp_path / "out", progress="off"), executor=Priced())
    with closing(sqlite3.connect(tmp_path / "out" / "run.sqlite", isolation_level=None)) as connection:
        connection.execute("PRAGMA ignore_check_constraints = ON")
        connection.execute(f"UPDATE results SET {damage} WHERE record_id = 'item-4'")
    again = RunOptions(out=tmp_path / "out", progress="off", resume=True)
    summary = run_job(parts.job(5), again, executor=Priced())
    assert (summary.usage.calls, summary.usage.prompt_tokens, summary.usage.cost_usd) == (6, 60, 1.5)
