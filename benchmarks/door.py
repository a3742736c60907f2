"""How fast is the door to models, beside plain aiohttp and the openai SDK, in one run?

    python benchmarks/door.py [--calls 2000] [--rounds 3]

Each client asks a chat server on loopback (a process of its own) for structured replies. CPU is user + system time
of the client process alone; every measurement runs in a fresh process. The door validates, stores every answer in
its call cache and counts usage; plain aiohttp and the SDK validate only. Targets: at most 0.5 ms CPU a call, 1,000
calls/s at 50 ms latency and concurrency 64, flat CPU a call up to 512, under 80 MB, a cached re-run of 2,000 calls
in 0.3 s.
"""

from __future__ import annotations

import argparse
import asyncio
import importlib
import json
import os
import platform
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from tactful.types import Record

ROOT = Path(__file__).resolve().parent.parent
CLIENTS = ("aiohttp", "tactful", "openai")


class Verdict(Record):
    reason: str
    accepted: bool


def prompt(number: int) -> str:
    """About 600 characters, as a short judging prompt has."""
    return f"Case {number}. " + "The user is editing a file and has not asked for help yet. " * 9 + "Accept?"


async def _in_parallel(ask: Callable[[int], Awaitable[Any]], calls: int, concurrency: int) -> float:
    numbers = iter(range(calls))

    async def worker() -> None:
        for number in numbers:
            await ask(number)

    started = time.perf_counter()
    await asyncio.gather(*(worker() for _ in range(concurrency)))
    return time.perf_counter() - started


async def with_aiohttp(base_url: str, calls: int, concurrency: int, cache: Path) -> float:
    import aiohttp
    import orjson

    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:

        async def ask(number: int) -> None:
            body = {
                "model": "m",
                "messages": [{"role": "user", "content": prompt(number)}],
                "response_format": {
                    "type": "json_schema",
                    "json_schema": {"name": "Verdict", "schema": SCHEMA},
                },
            }
            headers = {"Content-Type": "application/json"}
            async with session.post(
                f"{base_url}/chat/completions", data=orjson.dumps(body), headers=headers
            ) as got:
                data = orjson.loads(await got.read())
            Verdict.model_validate_json(data["choices"][0]["message"]["content"])

        return await _in_parallel(ask, calls, concurrency)


async def with_openai(base_url: str, calls: int, concurrency: int, cache: Path) -> float:
    from openai import AsyncOpenAI

    async with AsyncOpenAI(base_url=base_url, api_key="none") as client:

        async def ask(number: int) -> None:
            got = await client.chat.completions.create(
                model="m",
                messages=[{"role": "user", "content": prompt(number)}],
                response_format={"type": "json_schema", "json_schema": {"name": "Verdict", "schema": SCHEMA}},
            )
            Verdict.model_validate_json(got.choices[0].message.content or "")

        return await _in_parallel(ask, calls, concurrency)


async def with_tactful(base_url: str, calls: int, concurrency: int, cache: Path) -> float:
    from tactful.llm import CallCache, ModelSpec, metered, open_model
    from tactful.types import Message

    with CallCache(cache) as stored:
        model = open_model(ModelSpec(name="m", base_url=base_url, max_concurrency=concurrency), cache=stored)

        async def ask(number: int) -> None:
            with metered():
                await model.structured([Message(role="user", content=prompt(number))], Verdict)

        seconds = await _in_parallel(ask, calls, concurrency)
        await model.aclose()
    return seconds


SCHEMA = {
    "type": "object",
    "properties": {"reason": {"type": "string"}, "accepted": {"type": "boolean"}},
    "required": ["reason", "accepted"],
    "additionalProperties": False,
}
IMPORTS = {"aiohttp": ["aiohttp", "orjson"], "openai": ["openai"], "tactful": ["tactful.llm.client"]}
WAYS = {"aiohttp": with_aiohttp, "openai": with_openai, "tactful": with_tactful}


def _child(client: str, base_url: str, calls: int, concurrency: int, cache: str) -> None:
    for module in IMPORTS[client]:
        importlib.import_module(module)
    before = time.process_time()
    seconds = asyncio.run(WAYS[client](base_url, calls, concurrency, Path(cache)))
    used = time.process_time() - before
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    row = {"cpu_ms": 1000 * used / calls, "per_s": calls / seconds, "seconds": seconds, "peak_mb": peak_mb}
    print(json.dumps(row))


def measure(client: str, base_url: str, calls: int, concurrency: int, cache: Path) -> dict[str, float]:
    """One measurement in a fresh process."""
    command = [
        sys.executable,
        __file__,
        "--child",
        client,
        base_url,
        str(calls),
        str(concurrency),
        str(cache),
    ]
    environment = {**os.environ, "OPENAI_API_KEY": "", "PYTHONPATH": f"{ROOT / 'src'}:{ROOT}"}
    done = subprocess.run(command, check=True, capture_output=True, text=True, env=environment)
    return json.loads(done.stdout.splitlines()[-1])


def _spread(values: list[float]) -> str:
    return f"{statistics.median(values):9.2f} [{min(values):.2f}–{max(values):.2f}]"


def compare(title: str, base_url: str, calls: int, concurrency: int, rounds: int, folder: Path) -> None:
    """A table of all clients, taken in turns so that they share the machine's moods."""
    rows: dict[str, list[dict[str, float]]] = {client: [] for client in CLIENTS}
    for number in range(rounds):
        for client in CLIENTS:
            cache = folder / f"{title}-{concurrency}-{number}.sqlite"
            few = max(calls // 4, 200) if client == "openai" else calls
            rows[client].append(measure(client, base_url, few, concurrency, cache))
    print(
        f"\n{title}, concurrency {concurrency}, {calls} calls (openai: a quarter), {rounds} rounds: median [min–max]"
    )
    print(f"{'':10}{'CPU ms/call':>26}{'calls/s':>34}{'peak MB':>28}{'CPU ratio to aiohttp':>28}")
    plain = [row["cpu_ms"] for row in rows["aiohttp"]]
    for client in CLIENTS:
        columns = [_spread([row[name] for row in rows[client]]) for name in ("cpu_ms", "per_s", "peak_mb")]
        ratios = [row["cpu_ms"] / base for row, base in zip(rows[client], plain, strict=True)]
        print(f"{client:10}" + "".join(f"{column:>30}" for column in columns) + f"{_spread(ratios):>28}")


def main() -> None:
    """Print all tables."""
    if sys.argv[1:2] == ["--child"]:
        client, base_url, calls, concurrency, cache = sys.argv[2:7]
        _child(client, base_url, int(calls), int(concurrency), cache)
        return
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--calls", type=int, default=2000)
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    sys.path.insert(0, str(ROOT))
    from tests.chat_server import serving_process

    print(f"{platform.platform()}, Python {platform.python_version()}, {os.cpu_count()} cores")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with serving_process(record=False) as base_url:
            for concurrency in (64, 512):
                compare("0 ms latency", base_url, given.calls, concurrency, given.rounds, folder)
        with serving_process(record=False, latency_s=0.05) as base_url:
            compare("50 ms latency", base_url, given.calls, 64, given.rounds, folder)
            cache = folder / "again.sqlite"
            measure("tactful", base_url, given.calls, 64, cache)
            again = [
                measure("tactful", base_url, given.calls, 64, cache)["seconds"] for _ in range(given.rounds)
            ]
            print(f"\n{given.calls} calls, all from the cache: {_spread(again)} s")


if __name__ == "__main__":
    main()
