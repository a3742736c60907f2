"""Beside Ray's own ways of batch inference: requests a second, and which faults are survived.

    python -m benchmarks.on_ray_beside [--calls 400] [--speed-calls 2000] [--parts speed,faults,killed]

    tactful        a run with --executor ray
    pool           ray.util.ActorPool over actors that ask a batch at a time, as Ray's examples do
    pool, retried  the same with all of Ray's own retries: max_restarts, max_task_retries, retry_exceptions
    ray.data       map_batches over such actors, with actor_task_retry_on_errors (needs pandas)

Each asks the same prompts of the same server on loopback (50 ms; 64 in flight) from two workers. Then one request in
fifty goes wrong, in one way at a time, or a worker is killed halfway. Told is how many prompts have an answer at the end, and how
many answers were paid for. A way that stops at the first fault keeps what it had handed out before.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import tempfile
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
from benchmarks import on_ray
from benchmarks.common import machine
from tests.chat_server import serving_process

from tactful.llm.types import ModelSpec
from tactful.runs import RunFolder

BATCH, WORKERS, LATENCY_S = 32, 2, 0.05
FAULTS = ("429", "503", "reset")


class Asker:
    """What Ray's examples do: a batch of prompts, asked together."""

    def __init__(self, base_url: str) -> None:
        self._url = f"{base_url}/chat/completions"

    def __call__(self, batch: dict[str, Any]) -> dict[str, Any]:
        prompts = [str(prompt) for prompt in batch["prompt"]]
        return {"prompt": prompts, "answer": self.ask(prompts)}

    def ask(self, prompts: list[str]) -> list[str]:
        return asyncio.run(asked(self._url, prompts))


async def asked(url: str, prompts: list[str]) -> list[str]:
    """Not a method: a class with coroutines would be an actor with an event loop."""
    import aiohttp

    async with aiohttp.ClientSession() as session:

        async def one(prompt: str) -> str:
            body = {"model": "m", "messages": [{"role": "user", "content": prompt}]}
            async with session.post(url, json=body) as response:
                response.raise_for_status()
                return str((await response.json())["choices"][0]["message"]["content"])

        return list(await asyncio.gather(*map(one, prompts)))


def prompts(count: int) -> list[str]:
    return [f"item-{number}: {on_ray.Item(id='x').text}" for number in range(count)]


def batches(count: int) -> Iterator[list[str]]:
    given = prompts(count)
    yield from (given[at : at + BATCH] for at in range(0, count, BATCH))


def pool(base_url: str, count: int, halfway: Callable[[int], None], *, retried: bool = False) -> int:
    import ray
    from ray.util import ActorPool

    options: dict[str, Any] = {"num_cpus": 1}
    if retried:
        options |= {"max_restarts": -1, "max_task_retries": 5}
    actors = [ray.remote(Asker).options(**options).remote(base_url) for _ in range(WORKERS)]
    how = {"retry_exceptions": True} if retried else {}
    done = 0
    try:
        answered = ActorPool(actors).map_unordered(lambda actor, some: actor.ask.options(**how).remote(some), list(batches(count)))  # fmt: skip
        for answers in answered:
            done += len(answers)
            halfway(done)
    except Exception as error:
        print(f"          ({type(error).__name__})")
    for actor in actors:
        ray.kill(actor)
    return done


def retried(base_url: str, count: int, halfway: Callable[[int], None]) -> int:
    return pool(base_url, count, halfway, retried=True)


def data(base_url: str, count: int, halfway: Callable[[int], None]) -> int:
    import ray.data

    context = ray.data.DataContext.get_current()
    context.enable_progress_bars = False
    context.actor_task_retry_on_errors = True
    context.max_errored_blocks = 0
    rows = ray.data.from_items([{"prompt": one} for one in prompts(count)], override_num_blocks=max(1, count // BATCH))  # fmt: skip
    made = rows.map_batches(
        Asker, fn_constructor_args=(base_url,), batch_size=BATCH, compute=ray.data.ActorPoolStrategy(size=WORKERS)
    )  # fmt: skip
    done = 0
    try:
        for _ in made.iter_rows():
            done += 1
            halfway(done)
    except Exception as error:
        print(f"          ({type(error).__name__})")
    return done


def tactful(base_url: str, count: int, halfway: Callable[[int], None]) -> int:
    models = {
        "assistant": ModelSpec(
            name="m", base_url=base_url, max_concurrency=2 * BATCH, requests_per_minute=None
        )
    }
    with tempfile.TemporaryDirectory() as folder:
        over = threading.Event()

        def watch() -> None:
            while not over.wait(0.1):
                try:
                    halfway(RunFolder(Path(folder) / "out").counts().read)
                except Exception:  # not begun
                    continue

        watching = threading.Thread(target=watch)
        watching.start()
        try:
            summary = on_ray.run_in(Path(folder) / "out", on_ray.ask, count, models=models, concurrency=2 * BATCH, **on_ray.RAY)  # fmt: skip
        finally:
            over.set()
            watching.join()
        return summary.done


WAYS: dict[str, tuple[Callable[..., int], str]] = {
    "tactful": (tactful, "ray::Worker"),
    "pool": (pool, "ray::Asker"),
    "pool, retried": (retried, "ray::Asker"),
    "ray.data": (data, "ray::MapWorker"),
}


def paid(base_url: str) -> int:
    with urllib.request.urlopen(f"{base_url}/stats") as told:
        return int(json.load(told)["statuses"].get("ok", 0))


class Killer:
    """Kills one worker when half is done."""

    def __init__(self, count: int, title: str) -> None:
        self._half, self._title = count // 2, title
        self.killed = False

    def __call__(self, done: int) -> None:
        if self.killed or done < self._half:
            return
        for child in psutil.Process().children(recursive=True):
            try:
                if " ".join(child.cmdline()).startswith(self._title):
                    child.kill()
                    self.killed = True
                    return
            except psutil.Error:
                continue


def speed(name: str, count: int, base_url: str) -> float:
    """Calls a second between the first batch that is done and the last: starting workers is told by `on_ray`."""
    at: list[tuple[float, int]] = []
    WAYS[name][0](base_url, count, lambda done: at.append((time.perf_counter(), done)))
    steps = [one for one in at if one[1]]
    return (steps[-1][1] - steps[0][1]) / (steps[-1][0] - steps[0][0])


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--calls", type=int, default=400)
    parser.add_argument("--speed-calls", type=int, default=2000)
    parser.add_argument("--only", default="tactful;pool;pool, retried;ray.data", help="ways, by semicolons")
    parser.add_argument("--parts", default=",".join(PARTS))
    given = parser.parse_args()
    os.environ["OPENAI_API_KEY"] = ""
    print(machine())
    names = given.only.split(";")
    with on_ray.Held():
        for part in given.parts.split(","):
            PARTS[part](given, names)


def speeds(given: argparse.Namespace, names: list[str]) -> None:
    for _ in range(2):
        for name in names:
            with serving_process(record=False, latency_s=LATENCY_S) as base_url:
                print(
                    f"speed     {name:14} {speed(name, given.speed_calls, base_url):6.0f} calls/s", flush=True
                )


def faults(given: argparse.Namespace, names: list[str]) -> None:
    for fault in FAULTS:
        for name in names:
            with serving_process(record=False, latency_s=LATENCY_S, faults={fault: 0.02}, seed=3) as base_url:
                done = WAYS[name][0](base_url, given.calls, lambda done: None)
                told(fault, name, done, given.calls, base_url)


def kills(given: argparse.Namespace, names: list[str]) -> None:
    for name in names:
        with serving_process(record=False, latency_s=LATENCY_S) as base_url:
            killer = Killer(given.calls, WAYS[name][1])
            done = WAYS[name][0](base_url, given.calls, killer)
            told("killed" if killer.killed else "too late", name, done, given.calls, base_url)


def told(fault: str, name: str, done: int, count: int, base_url: str) -> None:
    print(
        f"{fault:9} {name:14} {done:4} of {count} have an answer, {paid(base_url)} were paid for", flush=True
    )


PARTS = {"speed": speeds, "faults": faults, "killed": kills}


if __name__ == "__main__":
    # Actors load their class by name: not from __main__.
    from benchmarks import on_ray_beside

    on_ray_beside.main()
