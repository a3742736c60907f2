"""The source is read beside the loop: what it waits for holds up nothing else."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import threading
import time

import pytest
from tests.runs.parts import Answer, items, run

from tactful.errors import BudgetSpent
from tactful.runs import RunFolder
from tactful.runs.running.reader import Reader


def waited_for(condition, seconds=20.0):
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.01)
    return True


def done(out):
    return RunFolder.open(out).counts().done if (out / "run.json").exists() else 0


def test_source_that_waits_holds_up_neither_replies_nor_storing(tmp_path):
    out, stored = tmp_path / "out", []

    def source():
        yield from items(3)
        stored.append(waited_for(lambda: done(out) == 3))
        yield from items(5, start=3)

    async def stage(item, context):
        await asyncio.sleep(0.05)
        return Answer(id=item.id, double=0)

    assert run(out, source=source(), stage=stage, concurrency=8).done == 5
    assert stored == [True]


@pytest.mark.slow
def test_stop_does_not_wait_for_a_source_that_waits(tmp_path):
    over = threading.Event()

    def source():
        yield from items(3)
        over.wait(60)

    async def stage(item, context):
        await asyncio.sleep(0.05)
        raise BudgetSpent("spent")

    began = time.monotonic()
    with pytest.raises(BudgetSpent):
        run(tmp_path / "out", source=source(), stage=stage, concurrency=8)
    assert time.monotonic() - began < 5
    over.set()


def test_source_is_iterated_and_closed_in_one_thread_and_never_far_ahead(tmp_path):
    threads, ahead, read = set(), [], 0

    def source():
        nonlocal read
        try:
            for item in items(500):
                read += 1
                threads.add(threading.get_ident())
                yield item
        finally:
            threads.add(threading.get_ident())

    async def stage(item, context):
        ahead.append(read - len(ahead))
        return Answer(id=item.id, double=0)

    run(tmp_path / "out", source=source(), stage=stage, concurrency=2)
    assert len(threads) == 1
    assert threads != {threading.get_ident()}
    assert max(ahead) <= 2 + 64


@pytest.mark.parametrize("ahead", [1, 2, 7])
@pytest.mark.parametrize("takers", [1, 5])
async def test_every_record_is_handed_over_once_and_in_order(ahead, takers):
    def source():
        for item in items(400):
            if item.number % 50 == 0:
                time.sleep(0.002)
            yield item

    reader, taken = Reader(source(), ahead=ahead, limit=None), []

    async def take():
        while True:
            record = reader.pop()
            if record is not None:
                taken.append(record.number)
                if record.number % 3 == 0:
                    await asyncio.sleep(0)
            elif not await reader.wait():
                return

    reader.start()
    await asyncio.gather(*(take() for _ in range(takers)))
    reader.close()
    assert taken == list(range(400))
    assert reader.at_end


def judging(out):
    """`tactful feedback judge -` as a process that waits for lines."""
    command = [
        sys.executable,
        "-m",
        "tactful",
        "feedback",
        "judge",
        "-",
        "--model",
        "offline",
        "--out",
        str(out),
    ]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)


@pytest.mark.slow
def test_log_that_grows_is_judged_line_by_line(tmp_path):
    """`tail -f log | tactful feedback judge -`: each record is stored before the next line is there."""
    out = tmp_path / "out"
    judge = judging(out)
    talk = [("user", "Sort this list."), ("assistant", "Ascending?"), ("user", "Yes, thanks.")]
    messages = [{"role": role, "content": content} for role, content in talk]
    for number in (1, 2, 3):
        judge.stdin.write(json.dumps({"id": f"d{number}", "messages": messages}).encode() + b"\n")
        judge.stdin.flush()
        assert waited_for(lambda number=number: done(out) == number), judge.stderr.read1()
    judge.stdin.close()
    assert judge.wait(30) == 0
    judge.stderr.close()


@pytest.mark.slow
def test_interrupt_while_the_pipe_waits_ends_cleanly(tmp_path):
    out = tmp_path / "out"
    judge = judging(out)
    judge.stdin.write(
        b'{"id": "d", "messages": [{"role": "user", "content": "a"}, {"role": "assistant", '
        b'"content": "b"}, {"role": "user", "content": "c"}]}\n'
    )
    judge.stdin.flush()
    assert waited_for(lambda: done(out) == 1)
    judge.send_signal(2)
    assert judge.wait(20) == 130
    assert b"Fatal" not in judge.stderr.read()
    judge.stdin.close()
    judge.stderr.close()
    assert os.path.exists(out / "records.jsonl")
