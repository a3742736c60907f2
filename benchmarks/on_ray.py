"""What does Ray cost, what does it bring, and what gives out first? Beside the local executor in one run.

    python -m benchmarks.on_ray [--calls 3000] [--records 5000] [--jobs 600] [--rounds 3] [--only calls,sandbox,…]

    start     seconds until the first worker is ready, and until a run of one record has ended
    record    a stage that does nothing: ms a record, and records/s of the one writer
    calls     calls/s to a chat server on loopback that takes 50 ms, at concurrency 256
    sandbox   programs tested a second, workers on two cores beside one process on one core
    gate      calls/s that the gate alone can serve: find, store, note (no Ray, in batches as workers send them)
    latency   1,000 records in flight over 8 workers, each waiting a second as for a slow endpoint: share of the ideal
    memory    peak memory of driver and workers at the number of records and at a tenth of it

`python -m benchmarks.on_ray_beside` compares with Ray's own ways. Every figure is of this machine under the load that is
printed; ratios come from rounds taken in turns.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import resource
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.common import machine, paired_ratio, spread, timed

from tactful.llm.types import ModelSpec, Usage
from tactful.runs import Context, Job, RunOptions, RunSummary, run_job
from tactful.runs.running.executor import LocalExecutor, Work
from tactful.runs.running.ray.executor import RayExecutor
from tactful.types import Message, Record

RAY = {"executor": "ray", "workers": 2}


class Item(Record):
    id: str
    text: str = "about sixty characters of text, as a short query may have it"


class Config(Record):
    pass


async def nothing(item: Item, context: Context) -> Item:
    return item


async def wait(item: Item, context: Context) -> Item:
    await asyncio.sleep(1.0)
    return item


async def ask(item: Item, context: Context) -> Item:
    reply = await context.models["assistant"].complete(
        [Message(role="user", content=f"{item.id}: {item.text}")]
    )
    return Item(id=item.id, text=reply.text)


async def test(item: Item, context: Context) -> Item:
    from tactful.sandbox import Job as Program

    job = Program(code=f"def double(x):\n    return 2 * x\n# {item.id}", tests=("assert double(4) == 8",))
    verdict = await asyncio.to_thread(_box().run, job)
    return Item(id=item.id, text=str(verdict.passed))


_boxes: list[Any] = []
_opening = threading.Lock()


def _box() -> Any:
    """One program at a time: what is compared is processes, not the sandbox's own threads."""
    from tactful.sandbox import Sandbox

    with _opening:
        if not _boxes:
            _boxes.append(Sandbox(workers=1))
    return _boxes[0]


def run(stage: Any, count: int, **options: Any) -> RunSummary:
    with tempfile.TemporaryDirectory() as folder:
        return run_in(Path(folder) / "out", stage, count, **options)


def run_in(
    out: Path,
    stage: Any,
    count: int,
    *,
    models: dict[str, ModelSpec] | None = None,
    by: Any = None,
    **options: Any,
) -> RunSummary:
    source = (Item(id=f"item-{number}") for number in range(count))
    job = Job(noun="bench", verb="ray", config=Config(), source=source, stage=stage, models=models or {})
    summary = run_job(job, RunOptions(out=out, progress="off", **options), executor=by)
    assert summary.done == count, summary
    return summary


class Held:
    """Ray, started once for all measurements: only `start` measures starting it."""

    def __enter__(self) -> None:
        from tactful.runs.running.ray.cluster import join

        join(None, 8)

    def __exit__(self, *_: object) -> None:
        from tactful.runs.running.ray.cluster import leave

        leave()


def start(given: argparse.Namespace) -> None:
    async def first() -> float:
        executor, began = RayExecutor(2, 32), time.perf_counter()
        await executor.start(Work(stage=nothing, run_id="r", seed=0))
        took = time.perf_counter() - began
        await executor.aclose()
        return took

    print(
        f"start     first worker ready after {spread([asyncio.run(first()) for _ in range(given.rounds)], ' s')}"
    )
    print(f"          a run of one record takes {spread([timed(lambda: run(nothing, 1, **RAY)) for _ in range(given.rounds)], ' s')}")  # fmt: skip


def _beyond_start(stage: Any, count: int, **options: Any) -> float:
    """Seconds for `count` records, from the moment when all workers are ready to the last result."""
    kind: Any = _clocked(RayExecutor if options.get("executor") == "ray" else LocalExecutor)
    executor = kind(options["workers"], options["concurrency"]) if "workers" in options else kind()
    run(stage, count, by=executor, **options)
    return executor.ended - executor.began


def _clocked(kind: Any) -> Any:
    class Clocked(kind):
        async def start(self, work: Work) -> None:
            await super().start(work)
            while "of" in self.standing:  # noqa: ASYNC110 `1 of 2 workers`; nobody tells of more
                await asyncio.sleep(0.05)
            self.began = time.perf_counter()

        async def process(self, record: Any) -> Any:
            result = await super().process(record)
            self.ended = time.perf_counter()
            return result

    return Clocked


def record(given: argparse.Namespace) -> None:
    rows = [
        (_beyond_start(nothing, given.records, concurrency=64), _beyond_start(nothing, given.records, concurrency=64, **RAY))
        for _ in range(given.rounds)
    ]  # fmt: skip
    for name, took in zip(("local", "ray, 2 workers"), zip(*rows, strict=True), strict=True):
        print(f"record    {name:15} {spread([1000 * one / given.records for one in took], ' ms', 3)} a record; "
              f"{spread([given.records / one for one in took], '/s', 0)}")  # fmt: skip


def calls(given: argparse.Namespace) -> None:
    from tests.chat_server import serving_process

    with serving_process(record=False, latency_s=0.05) as base_url:
        models = {"assistant": ModelSpec(name="m", base_url=base_url, max_concurrency=256)}

        def speed(**options: Any) -> float:
            return given.calls / _beyond_start(ask, given.calls, models=models, concurrency=256, **options)

        rows = [(speed(), speed(**RAY)) for _ in range(given.rounds)]
    local, ray = zip(*rows, strict=True)
    print(
        f"calls     local {spread(local, '/s', 0)}; ray, 2 workers {spread(ray, '/s', 0)}; {paired_ratio(ray, local)}"
    )


def sandbox(given: argparse.Namespace) -> None:
    def on_one_core() -> float:
        script = f"from benchmarks import on_ray; print({given.jobs} / on_ray._beyond_start(on_ray.test, {given.jobs}, concurrency=4))"
        root = Path(__file__).resolve().parent.parent
        done = subprocess.run(
            ["taskset", "-c", "0", sys.executable, "-c", script],
            check=True,
            capture_output=True,
            text=True,
            cwd=root,
        )
        return float(done.stdout)

    rows = [
        (on_one_core(), given.jobs / _beyond_start(test, given.jobs, concurrency=8, **RAY))
        for _ in range(given.rounds)
    ]
    one, two = zip(*rows, strict=True)
    print(
        f"sandbox   one core {spread(one, '/s', 0)}; ray, 2 workers {spread(two, '/s', 0)}; {paired_ratio(two, one)}"
    )


def gate(given: argparse.Namespace) -> None:
    from tactful.runs.running.ray.gate import Gate, Said

    async def serve(batch: int) -> float:
        with tempfile.TemporaryDirectory() as folder:
            made = Gate(Path(folder) / "calls.sqlite", None, None, Usage())
            await made.start()
            await made.join(1)
            keys = [number.to_bytes(16) for number in range(given.calls)]
            body, began = b"x" * 1000, time.perf_counter()
            for at in range(0, len(keys), batch):
                some = keys[at : at + batch]
                await made.take(1, [Said(n + 1, "find", (key,)) for n, key in enumerate(some)])
                puts = [
                    Said(n + 1, "put", ((key, body, b"9,9,0", "m", body[:200]), ("run", "r"), Usage()))
                    for n, key in enumerate(some)
                ]
                await made.take(1, puts)
                heard = 0
                while heard < 2 * len(some):
                    heard += len(await made.news(1))
            took = time.perf_counter() - began
            await made.aclose()
        return given.calls / took

    for batch in (10, 100):
        print(f"gate      in batches of {batch:3}: {spread([asyncio.run(serve(batch)) for _ in range(given.rounds)], ' calls/s', 0)}")  # fmt: skip


def latency(given: argparse.Namespace) -> None:
    took = [
        _beyond_start(wait, 5000, executor="ray", workers=8, concurrency=1000) for _ in range(given.rounds)
    ]
    print(
        f"latency   1,000 in flight over 8 workers: {spread([5000 / one for one in took], ' records/s', 0)} of 1,000"
    )


def memory(given: argparse.Namespace) -> None:
    import psutil

    for count in (given.records // 10, given.records):
        peaks: dict[str, float] = {}
        done = threading.Event()

        def watch(peaks: dict[str, float] = peaks, done: threading.Event = done) -> None:
            while not done.wait(0.5):
                for child in psutil.Process().children(recursive=True):
                    try:
                        name = child.cmdline()[0]
                        if name.startswith("ray::"):
                            key = name.split(".")[0]
                            peaks[key] = max(peaks.get(key, 0.0), child.memory_info().rss / 2**20)
                    except (psutil.Error, IndexError):
                        continue

        watching = threading.Thread(target=watch)
        watching.start()
        run(nothing, count, concurrency=64, **RAY)
        done.set()
        watching.join()
        driver = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        told = ", ".join(f"{name} {peak:.0f} MB" for name, peak in sorted(peaks.items()))
        print(f"memory    {count:9,} records: driver {driver:.0f} MB, {told}")


PARTS: dict[str, Callable[[argparse.Namespace], None]] = {
    "start": start,
    "record": record,
    "calls": calls,
    "sandbox": sandbox,
    "gate": gate,
    "latency": latency,
    "memory": memory,
}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--calls", type=int, default=3000)
    parser.add_argument("--records", type=int, default=5000)
    parser.add_argument("--jobs", type=int, default=600)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", default=",".join(PARTS))
    given = parser.parse_args()
    os.environ["OPENAI_API_KEY"] = ""
    print(machine())
    for name in given.only.split(","):
        if name in ("start", "gate"):
            PARTS[name](given)
        else:
            with Held():
                PARTS[name](given)


if __name__ == "__main__":
    # The workers load stages by name: not from __main__.
    from benchmarks import on_ray

    on_ray.main()
