"""What does a judgement cost over HTTP, against the same judgement in the process?

    python benchmarks/reward_serve.py [--data FILE] [--rounds 5] [--requests 200]

A model trained on FILE (labelled moments; default: made-up sessions) is served on loopback by a process of its own and
asked one moment at a time, then by eight clients at once, then with the largest body that it takes.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import aiohttp
from common import machine, paired_ratio, spread

sys.path.insert(0, str(Path(__file__).parents[1]))

from tests.reward.synthetic import make_items

from tactful.data.formats.moments import labelled_rows
from tactful.reward.embedded.model import RewardModel, save_model
from tactful.reward.embedded.training import TrainConfig, train
from tactful.types import Moment

CLIENTS = 8


def body(moment: Moment) -> dict[str, Any]:
    """The request that asks about a moment."""
    events = [{"time": event.time, "event": event.text} for event in moment.events]
    return {"events": events, "proposal": moment.proposal}


def in_process(model: RewardModel, moments: Sequence[Moment]) -> float:
    """Median milliseconds of one explained judgement."""
    return statistics.median(timed_ms(model, moment) for moment in moments)


def timed_ms(model: RewardModel, moment: Moment) -> float:
    started = time.perf_counter()
    model.judge_now([moment], explain=True)
    return (time.perf_counter() - started) * 1000


async def one_by_one(session: aiohttp.ClientSession, url: str, moments: Sequence[Moment]) -> float:
    """Median milliseconds of one request."""
    took = []
    for moment in moments:
        started = time.perf_counter()
        async with session.post(url, json=body(moment)) as reply:
            reply.raise_for_status()
            await reply.read()
        took.append((time.perf_counter() - started) * 1000)
    return statistics.median(took)


async def per_second(session: aiohttp.ClientSession, url: str, moments: Sequence[Moment]) -> float:
    """Requests answered per second, by several clients at once."""
    waiting = iter(moments)

    async def client() -> None:
        for moment in waiting:
            async with session.post(url, json=body(moment)) as reply:
                reply.raise_for_status()
                await reply.read()

    started = time.perf_counter()
    await asyncio.gather(*(client() for _ in range(CLIENTS)))
    return len(moments) / (time.perf_counter() - started)


async def measure(address: str, model: RewardModel, moments: Sequence[Moment], rounds: int) -> None:
    url = f"{address}/v1/judge"
    async with aiohttp.ClientSession() as session:
        await one_by_one(session, url, moments[:20])
        own, http, rate = [], [], []
        for _ in range(rounds):
            own.append(in_process(model, moments))
            http.append(await one_by_one(session, url, moments))
            rate.append(await per_second(session, url, moments))
        print(f"in the process, p50 at batch 1   {spread(own, ' ms')}")
        print(f"over HTTP, p50 at batch 1        {spread(http, ' ms')}")
        print(f"ratio, round by round            {paired_ratio(http, own)}")
        print(f"{CLIENTS} clients at once                {spread(rate, ' /s', 0)}")
        giant = {"events": [{"event": f"Event {at} " + "word " * 90} for at in range(2000)], "proposal": "x"}
        started = time.perf_counter()
        async with session.post(url, json=giant) as reply:
            await reply.read()
            took = time.perf_counter() - started
            print(
                f"2,000 events, {len(json.dumps(giant)) // 1000} kB            {took:.2f} s (status {reply.status})"
            )


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--data", type=Path)
    options.add_argument("--rounds", type=int, default=5)
    options.add_argument("--requests", type=int, default=200)
    given = options.parse_args()
    items = list(labelled_rows(given.data)) if given.data else make_items()
    model = train(items, TrainConfig())
    moments = [items[at * len(items) // given.requests].moment for at in range(given.requests)]
    print(f"machine: {machine()}")
    with tempfile.TemporaryDirectory() as place:
        save_model(model, Path(place) / "model", card="for a benchmark\n")
        command = [
            sys.executable,
            "-m",
            "tactful",
            "reward",
            "serve",
            f"{place}/model",
            "--port",
            "0",
            "--json",
        ]
        with subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        ) as server:
            assert server.stdout is not None
            address = json.loads(server.stdout.readline())["address"]
            asyncio.run(measure(address, model, moments, given.rounds))
            server.terminate()


if __name__ == "__main__":
    main()
