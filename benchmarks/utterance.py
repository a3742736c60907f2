"""How long does a dialogue take, and how close does a run come to what the endpoint allows?

    python benchmarks/utterance.py [--rounds 3] [--dialogues 500] [--many 5000]

A chat server on loopback, in a process of its own, answers every stage after a fixed latency; all dialogues take the
branch with the most calls (eleven). Targets:
- one dialogue takes at most 5.5 times the server's latency at 50 ms (its longest way has five calls);
- 500 dialogues at concurrency 64 take at most 1.3 times the larger of latency x calls / concurrency and of the
  same run at no latency (which is what the processors allow), by the median of the pairs;
- peak memory at 5,000 dialogues is at most 1.1 times the one at 500.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from common import machine, spread

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
os.environ.setdefault("OPENAI_API_KEY", "none")
CALLS = 11
LATENCY_S = 0.05
CONCURRENCY = 64


def serve_forever(latency_s: float) -> None:
    """The server's process: answers until killed, and prints its address first."""
    from tests.chat_server import ChatServer, _serve_for_ever
    from tests.utterance.fakes import serve

    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_serve_for_ever(ChatServer(serve, latency_s=latency_s, record=False)))


@contextlib.contextmanager
def server(latency_s: float) -> Iterator[str]:
    command = [sys.executable, __file__, "--serve", str(latency_s)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield process.stdout.readline().strip()
        finally:
            process.kill()


def examples(count: int) -> Iterator[object]:
    from tests.utterance.fakes import rows_of

    from tactful.data.formats.chats import Dialogue
    from tactful.utterance.dialogues import TargetRule, examples_of

    for row in rows_of(count):
        yield from examples_of(Dialogue.model_validate(row), TargetRule())


def one_by_one(base_url: str, count: int) -> list[float]:
    """Seconds of each of `count` dialogues, one after the other; a first one warms up and is left out."""
    from tactful.llm import ModelSpec, open_model
    from tactful.runs import Context
    from tactful.utterance.pipeline import SynthesizeStage
    from tactful.utterance.stages.pairs import PairConfig

    async def each() -> list[float]:
        model = open_model(ModelSpec(name="m", base_url=base_url))
        stage, took = SynthesizeStage(pairs=PairConfig()), []
        for one in examples(count + 1):
            began = time.perf_counter()
            await stage(one, Context(one.id, 0, "", {"assistant": model}))
            took.append(time.perf_counter() - began)
        await model.aclose()
        return took[1:]

    return asyncio.run(each())


def whole_run(base_url: str, count: int) -> dict[str, float]:
    """One run in this process: seconds, CPU seconds, calls, peak memory in MB."""
    from tactful.llm import ModelSpec
    from tactful.runs import RunOptions, run_job
    from tactful.utterance.pipeline import SynthesizeConfig, synthesize_job

    spec = ModelSpec(name="m", base_url=base_url, max_concurrency=CONCURRENCY)
    job = synthesize_job(SynthesizeConfig(assistant=spec), examples(count))
    with tempfile.TemporaryDirectory() as folder:
        options = RunOptions(out=Path(folder) / "run", progress="off", concurrency=CONCURRENCY)
        began, cpu = time.perf_counter(), time.process_time()
        summary = run_job(job, options)
        took, cpu = time.perf_counter() - began, time.process_time() - cpu
    assert summary.done == summary.read == count, f"{summary.failed} of {count} failed"
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"took_s": took, "cpu_s": cpu, "calls": summary.usage.calls, "peak_mb": peak_mb}


def in_fresh_process(base_url: str, count: int) -> dict[str, float]:
    command = [sys.executable, __file__, "--one", base_url, str(count)]
    return json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


def latency() -> None:
    with server(LATENCY_S) as base_url:
        multiples = [seconds / LATENCY_S for seconds in one_by_one(base_url, 20)]
    print(f"one dialogue, in multiples of the server's 50 ms: {spread(multiples)}; target <= 5.5")


def throughput(dialogues: int, rounds: int) -> None:
    ratios, found = [], []
    for _ in range(rounds):
        with server(LATENCY_S) as base_url:
            slow = in_fresh_process(base_url, dialogues)
        with server(0.0) as base_url:
            fast = in_fresh_process(base_url, dialogues)
        bound = LATENCY_S * slow["calls"] / CONCURRENCY
        ratios.append(slow["took_s"] / max(bound, fast["took_s"]))
        found.append((slow["took_s"], bound, fast["took_s"], 1000 * slow["cpu_s"] / slow["calls"]))
    took, bound, fast, cpu = (statistics.median(column) for column in zip(*found, strict=True))
    print(
        f"{dialogues} dialogues at {CONCURRENCY}: {took:.2f} s; bound by latency {bound:.2f} s, by processors "
        f"{fast:.2f} s; {cpu:.2f} ms CPU a call; ratio {spread(ratios)}; target <= 1.3"
    )


def memory(few: int, many: int) -> None:
    with server(0.0) as base_url:
        small, large = in_fresh_process(base_url, few), in_fresh_process(base_url, many)
    print(
        f"peak memory: {small['peak_mb']:.1f} MB at {few} dialogues, {large['peak_mb']:.1f} MB at {many}, ratio "
        f"{large['peak_mb'] / small['peak_mb']:.3f}; target <= 1.1"
    )


def main() -> None:
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument("--rounds", type=int, default=3)
    options.add_argument("--dialogues", type=int, default=500)
    options.add_argument("--many", type=int, default=5000, help="0 leaves the memory out")
    options.add_argument("--one", nargs=2, help=argparse.SUPPRESS)
    options.add_argument("--serve", type=float, help=argparse.SUPPRESS)
    given = options.parse_args()
    if given.serve is not None:
        serve_forever(given.serve)
        return
    if given.one:
        print(json.dumps(whole_run(given.one[0], int(given.one[1]))))
        return
    print(f"machine: {machine()}")
    latency()
    throughput(given.dialogues, given.rounds)
    if given.many:
        memory(given.dialogues, given.many)


if __name__ == "__main__":
    main()
