from __future__ import annotations

import json

import pytest
from tests.runs import parts
from tests.runs.parts import Answer, Config, Item, items, run

from tactful.errors import ConfigChanged, DataError, UserError
from tactful.llm.types import Usage
from tactful.runs import Job, RunFolder, RunOptions, retry_run, run_job, run_stage
from tactful.runs.running import retry as retry_module
from tactful.runs.running.executor import LocalExecutor
from tactful.types import Record

QUIET = RunOptions(progress="off")


def test_retry_takes_the_failures_again_and_nothing_else(tmp_path):
    run(tmp_path / "out", stage=parts.moody, count=10)
    folder = RunFolder.open(tmp_path / "out")
    stage = parts.Logged(tmp_path / "log")
    summary = retry_run(folder, job=parts.job(10, stage=stage), options=QUIET)
    assert stage.worked_on() == ["item-5", "item-7"]
    assert (summary.done, summary.failed, summary.skipped, summary.read) == (9, 0, 1, 10)
    assert [answer.id for answer in folder.records(Answer)] == [f"item-{n}" for n in range(10) if n != 3]
    assert folder.failures_path.read_bytes() == b""
    assert folder.info().state == "done"


def test_record_that_fails_again_counts_its_attempts_and_all_its_cost(tmp_path):
    class Priced(LocalExecutor):
        async def process(self, record):
            result = await super().process(record)
            result.usage = Usage(calls=1, prompt_tokens=10, cost_usd=0.25)
            return result

    options = RunOptions(out=tmp_path / "out", progress="off")
    run_job(parts.job(10), options, executor=Priced())
    folder = RunFolder.open(tmp_path / "out")
    summary = retry_run(folder, job=parts.job(10), options=QUIET, executor=Priced())
    assert [failure.attempts for failure in folder.failures()] == [2, 2]
    # 10 records once and 2 of them once more
    assert (summary.usage.calls, summary.usage.prompt_tokens, summary.usage.cost_usd) == (12, 120, 3.0)


async def doubtful(item: Item, context) -> Answer:
    return Answer(id=item.id, double=0, unscored=item.number % 3 == 0)


def test_unscored_counts_as_done_and_is_taken_again_only_when_asked_for(tmp_path):
    assert run(tmp_path / "out", stage=doubtful, count=9).unscored == 3
    folder = RunFolder.open(tmp_path / "out")
    stage = parts.Logged(tmp_path / "log")
    assert retry_run(folder, job=parts.job(9, stage=stage), options=QUIET).unscored == 3
    assert stage.worked_on() == []
    assert retry_run(folder, unscored=True, job=parts.job(9, stage=stage), options=QUIET).unscored == 0
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
    summary = retry_run(folder, job=parts.job(20, stage=parts.double), options=QUIET)
    assert summary.read == 8
    assert folder.standing() == "interrupted"
    assert run(folder.path, count=20, resume=True).read == 20
    assert folder.standing() == "done"


def test_retry_with_another_configuration_is_refused(tmp_path):
    run(tmp_path / "out", stage=parts.moody)
    with pytest.raises(ConfigChanged, match=r"config\.factor: 2 → 5"):
        retry_run(RunFolder.open(tmp_path / "out"), job=parts.job(config=Config(factor=5)), options=QUIET)


def build(config: dict[str, object], *, count: int) -> Job:
    return parts.job(count, stage=parts.double, config=Config.model_validate(config))


def reopenable(out, **changes):
    arguments = {"resume_with": f"{__name__}:build", "resume_args": {"count": 10}, **changes}
    run_stage(
        noun="test",
        verb="double",
        config=Config(concurrency=7),
        source=items(10),
        stage=parts.moody,
        options=RunOptions(out=out, progress="off"),
        **arguments,
    )
    return RunFolder.open(out)


def test_run_is_opened_again_by_the_function_it_names(tmp_path, monkeypatch):
    folder = reopenable(tmp_path / "out")
    monkeypatch.setattr(retry_module, "_TRUSTED", "")
    assert retry_run(folder, options=QUIET).failed == 0


def test_function_outside_tactful_is_never_imported_on_the_word_of_a_folder(tmp_path):
    folder = reopenable(tmp_path / "out", resume_with="subprocess:run")
    with pytest.raises(UserError, match="asks to import 'subprocess:run', which is no part of Tactful"):
        retry_run(folder, options=QUIET)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"resume_with": ""}, "cannot be opened again by itself"),
        ({"resume_with": "tactful.nowhere:job"}, "which is not there"),
        ({"resume_with": "tactful.runs:nothing"}, "which is not there"),
        (
            {"resume_with": "tactful.runs:resolve_input", "resume_args": {"odd": 1}},
            "does not take what the run kept",
        ),
    ],
)
def test_run_that_cannot_be_opened_again_says_why(tmp_path, changes, said):
    folder = reopenable(tmp_path / "out", **changes)
    with pytest.raises(UserError, match=said):
        retry_run(folder, options=QUIET)


def test_shared_cache_is_remembered(tmp_path):
    run(tmp_path / "out", cache=tmp_path / "shared.sqlite")
    info = json.loads((tmp_path / "out" / "run.json").read_text())
    assert info["cache"] == str(tmp_path / "shared.sqlite")


def test_error_about_a_folder_is_a_data_error(tmp_path):
    with pytest.raises(DataError, match="no such run folder"):
        RunFolder.open(tmp_path / "typo")
