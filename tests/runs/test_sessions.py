"""Several sessions over an input that changes: what stays in the outputs, and what stays paid."""

from __future__ import annotations

import pytest
from tests.runs import parts
from tests.runs.parts import Answer, items

from tactful.errors import BudgetSpent
from tactful.llm.types import Usage
from tactful.runs import Job, RunFolder, RunOptions, run_job
from tactful.runs.running.executor import LocalExecutor

COST = Usage(calls=1, prompt_tokens=100, completion_tokens=10, cost_usd=0.25)


class Paid(LocalExecutor):
    """Every record costs `each`; `midway` is what was paid for those that were stopped."""

    def __init__(self, each=COST, midway=None):
        super().__init__()
        self.each, self.midway = each, midway or Usage()

    async def start(self, work):
        self._work, self._secrets, self.spent = work, (), work.spent

    async def process(self, record):
        result = await super().process(record)
        result.usage = self.each
        return result

    async def aclose(self):
        self.unfinished = self.midway


def job(source, stage=parts.double):
    return Job(noun="test", verb="double", config=parts.Config(), source=source, stage=stage)


def work(out, source, executor, *, stage=parts.double, **options):
    options = RunOptions(out=out, progress="off", concurrency=1, **options)
    return run_job(job(source, stage), options, executor=executor)


async def stopping(item, context):
    if item.number == 2:
        raise BudgetSpent("spent")
    return await parts.double(item, context)


def test_what_was_paid_for_stopped_records_counts_in_every_later_session(tmp_path):
    out = tmp_path / "out"
    for sessions, resume in ((1, False), (2, True)):
        with pytest.raises(BudgetSpent):
            work(out, items(5), Paid(midway=COST), stage=stopping, resume=resume)
        # two finished records at 0.25 each, and one stopped call of 0.25 in each session
        assert RunFolder.open(out).usage().cost_usd == 0.5 + 0.25 * sessions
    last = Paid()
    summary = work(out, items(5), last, resume=True)
    assert (last.spent.cost_usd, last.spent.calls, last.spent.prompt_tokens) == (1.0, 4, 400)
    assert summary.usage.cost_usd == 1.0 + 3 * 0.25


def test_records_that_left_the_end_of_the_input_leave_the_outputs_and_stay_paid(tmp_path):
    out = tmp_path / "out"
    work(out, items(10), Paid())
    again = Paid()
    summary = work(out, items(6), again, resume=True)
    assert (summary.read, summary.folder.counts().absent) == (6, 4)
    assert len(summary.folder.records_path.read_bytes().splitlines()) == 6
    assert [answer.id for answer in summary.folder.records(Answer)] == [
        f"item-{number}" for number in range(6)
    ]
    assert summary.usage.cost_usd == again.spent.cost_usd == 10 * 0.25
    back = work(out, items(10), Paid(), resume=True)
    assert (back.read, back.usage.cost_usd) == (10, 10 * 0.25)


def test_limit_is_no_end_of_the_input(tmp_path):
    work(tmp_path / "out", items(10), Paid())
    assert work(tmp_path / "out", items(10), Paid(), resume=True, limit=4).read == 10


def test_record_that_changed_is_worked_on_again_and_both_times_count(tmp_path):
    work(tmp_path / "out", items(3), Paid())
    changed = [item.model_copy(update={"number": item.number + 7}) for item in items(3)]
    summary = work(tmp_path / "out", changed, Paid(), resume=True)
    assert (summary.read, summary.usage.cost_usd) == (3, 6 * 0.25)
