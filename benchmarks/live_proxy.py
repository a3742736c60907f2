"""What does the proxy cost? And first: which server should it stand on?

    python benchmarks/live_proxy.py servers [--requests 600] [--streams 100]
    python benchmarks/live_proxy.py overhead [--requests 600] [--reader none] [--upstream-ms 20]
    python benchmarks/live_proxy.py streams [--streams 500]
    python benchmarks/live_proxy.py replay [--turns 20000]          (24 hours of traffic: --turns 1000000)

`servers`: two bare proxies of some forty lines, aiohttp and FastAPI (uvicorn, httpx), pass the same streams on.
`overhead`: requests straight to an upstream and through `tactful live proxy`, in turn; the difference is what it costs.
`streams`: so many streams open at once, every byte compared. `replay`: a log goes through an advisor without a reader as
fast as it takes it; memory and size of the database on the way.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import aiohttp
import psutil
from aiohttp import web
from common import machine

from tactful.types import Message

CHUNKS = 40
WARM = 20
"""Requests before those that count."""
PLAIN = json.dumps(
    {
        "id": "c",
        "object": "chat.completion",
        "choices": [{"message": {"role": "assistant", "content": "x" * 800}}],
    }
).encode()
HEADERS = {"Authorization": "Bearer sk-benchmark"}


def chunk(at: int) -> bytes:
    delta = {"id": "c", "choices": [{"index": 0, "delta": {"content": f"word{at} "}}]}
    return b"data: " + json.dumps(delta).encode() + b"\n\n"


WHOLE = b"".join(chunk(at) for at in range(CHUNKS)) + b"data: [DONE]\n\n"


# ------------------------------------------------------------ processes


def upstream(port: int, wait_ms: float, apart_ms: float) -> None:
    """An endpoint that answers after `wait_ms`; a stream's chunks come `apart_ms` apart."""

    async def answer(request: web.Request) -> web.StreamResponse:
        asked = json.loads(await request.read())
        await asyncio.sleep(wait_ms / 1000)
        if not asked.get("stream"):
            return web.Response(body=PLAIN, content_type="application/json")
        stream = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await stream.prepare(request)
        for at in range(CHUNKS):
            await stream.write(chunk(at))
            await asyncio.sleep(apart_ms / 1000)
        await stream.write(b"data: [DONE]\n\n")
        return stream

    app = web.Application(client_max_size=2**26)
    app.router.add_post("/v1/chat/completions", answer)
    web.run_app(app, host="127.0.0.1", port=port, print=None, access_log=None, backlog=2048)


def bare_aiohttp(port: int, target: str) -> None:
    """A proxy on aiohttp that only passes on."""

    async def passed(request: web.Request) -> web.StreamResponse:
        body = await request.read()
        kept = {k: v for k, v in request.headers.items() if k.lower() in ("authorization", "content-type")}
        async with session.post(target + request.path_qs, data=body, headers=kept) as reply:
            stream = web.StreamResponse(
                status=reply.status, headers={"Content-Type": reply.headers["Content-Type"]}
            )
            await stream.prepare(request)
            async for piece in reply.content.iter_any():
                await stream.write(piece)
            await stream.write_eof()
            return stream

    session: Any = None

    async def app() -> web.Application:
        nonlocal session
        session = aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0), auto_decompress=False)
        made = web.Application(client_max_size=2**26)
        made.router.add_route("*", "/{path:.*}", passed)
        return made

    web.run_app(app(), host="127.0.0.1", port=port, print=None, access_log=None, backlog=2048)


def bare_fastapi(port: int, target: str) -> None:
    """The same on FastAPI, uvicorn and httpx."""
    import httpx
    import uvicorn
    from fastapi import FastAPI, Request
    from fastapi.responses import StreamingResponse

    app = FastAPI()
    limits = httpx.Limits(max_connections=None, max_keepalive_connections=None)
    client = httpx.AsyncClient(limits=limits, timeout=None)

    async def passed(request: Request) -> StreamingResponse:
        body = await request.body()
        kept = {k: v for k, v in request.headers.items() if k in ("authorization", "content-type")}
        sent = client.build_request("POST", target + request.url.path, content=body, headers=kept)
        reply = await client.send(sent, stream=True)
        return StreamingResponse(
            reply.aiter_raw(), status_code=reply.status_code, media_type=reply.headers["content-type"]
        )

    app.router.add_route("/{path:path}", passed, methods=["POST"])
    uvicorn.run(app, host="127.0.0.1", port=port, log_level="critical", access_log=False, backlog=2048)


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@contextmanager
def process(role: str, *more: object) -> Iterator[tuple[str, psutil.Process]]:
    """A process of this file, once it listens."""
    port = free_port()
    command = [sys.executable, __file__, role, str(port), *map(str, more)]
    with subprocess.Popen(command) as started:
        try:
            for _ in range(200):
                with socket.socket() as tried:
                    if tried.connect_ex(("127.0.0.1", port)) == 0:
                        break
                time.sleep(0.05)
            yield f"http://127.0.0.1:{port}", psutil.Process(started.pid)
        finally:
            started.kill()


@contextmanager
def proxy(target: str, *flags: str) -> Iterator[tuple[str, psutil.Process]]:
    """`tactful live proxy` in front of `target`, with a database of its own."""
    with tempfile.TemporaryDirectory() as place:
        command = [
            *(sys.executable, "-m", "tactful", "live", "proxy", "--upstream", f"{target}/v1"),
            *("--port", "0", "--database", f"{place}/live.sqlite", "--json", *flags),
        ]
        with subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        ) as started:
            assert started.stdout is not None
            address = json.loads(started.stdout.readline())["address"]
            try:
                yield address, psutil.Process(started.pid)
            finally:
                started.terminate()
                started.wait(20)


# ------------------------------------------------------------ clients


def asked(stream: bool, at: int) -> bytes:
    talk = [
        {"role": "system", "content": "You are an assistant in a shop. " * 20},
        {"role": "user", "content": f"Write a letter to customer {at} about the delivery that came late."},
    ]
    return json.dumps({"model": "m", "messages": talk, "stream": stream}).encode()


async def one(session: aiohttp.ClientSession, address: str, stream: bool, at: int) -> tuple[float, float]:
    """Milliseconds to the first byte of the answer, and to the last."""
    started = time.perf_counter()
    headers = HEADERS | {"Content-Type": "application/json"}
    async with session.post(
        f"{address}/v1/chat/completions", data=asked(stream, at), headers=headers
    ) as reply:
        first = await reply.content.readany()
        to_first = time.perf_counter() - started
        body = first + await reply.content.read()
        assert body == (WHOLE if stream else PLAIN), body[:200]
    return 1000 * to_first, 1000 * (time.perf_counter() - started)


def session() -> aiohttp.ClientSession:
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=0), timeout=aiohttp.ClientTimeout(total=600)
    )


def at(values: Sequence[float], share: float) -> float:
    return sorted(values)[min(len(values) - 1, int(share * len(values)))]


async def in_turn(addresses: Sequence[str], requests: int, stream: bool) -> list[list[float]]:
    """Milliseconds to the first byte at each address, asked in turn, so that a busy moment counts for all."""
    took: list[list[float]] = [[] for _ in addresses]
    async with session() as client:
        for number in range(requests + WARM):
            for place, address in enumerate(addresses):
                ms, _ = await one(client, address, stream, number)
                if number >= WARM:
                    took[place].append(ms)
    return took


async def together(address: str, streams: int, within_s: float = 0.0) -> tuple[float, float, float]:
    """Seconds until all of so many streams, which begin within some seconds, are read; p50 and p99 of their first byte in ms."""

    async def late(number: int) -> tuple[float, float]:
        await asyncio.sleep(within_s * number / streams)
        return await one(client, address, True, number)

    async with session() as client:
        started = time.perf_counter()
        found = await asyncio.gather(*(late(number) for number in range(streams)))
        took = time.perf_counter() - started
    firsts = [first for first, _ in found]
    return took, statistics.median(firsts), at(firsts, 0.99)


# ------------------------------------------------------------ measured


def servers(given: argparse.Namespace) -> None:
    with ExitStack() as stack:
        target, _ = stack.enter_context(process("upstream", 2, 0))
        proxies = {
            name: stack.enter_context(process(name, target)) for name in ("bare_aiohttp", "bare_fastapi")
        }
        for stream in (False, True):
            direct, *rest = asyncio.run(
                in_turn([target, *(address for address, _ in proxies.values())], given.requests, stream)
            )
            for name, took in zip(proxies, rest, strict=True):
                added = [x - y for x, y in zip(took, direct, strict=True)]
                print(
                    f"{name:13} {'stream' if stream else 'plain ':6}  adds p50 {statistics.median(added):.2f} ms, "
                    f"p99 {at(added, 0.99):.2f} ms to the first byte"
                )
        for name, (address, running) in proxies.items():
            before = sum(running.cpu_times()[:2])
            rounds = [asyncio.run(together(address, given.streams)) for _ in range(5)]
            cpu = (sum(running.cpu_times()[:2]) - before) / (5 * given.streams)
            print(
                f"{name:13} {given.streams} streams of {CHUNKS + 1} chunks at once: "
                f"{statistics.median(took for took, *_ in rounds):.2f} s, {1000 * cpu:.2f} ms CPU a stream"
            )


def overhead(given: argparse.Namespace) -> None:
    """Of `tactful live proxy` in each mode, beside a bare proxy; each request is a new conversation of its own user."""
    flags = ("--reader", given.reader, "--keep-texts") if given.keep_texts else ("--reader", given.reader)
    with ExitStack() as stack:
        target, _ = stack.enter_context(process("upstream", given.upstream_ms, 0))
        fronts = {"bare proxy": stack.enter_context(process("bare_aiohttp", target))}
        for mode in ("shadow", "advise"):
            fronts[mode] = stack.enter_context(proxy(target, "--mode", mode, *flags))
        for stream in (False, True):
            before = {name: used(running) for name, (_, running) in fronts.items()}
            addresses = [target, *(address for address, _ in fronts.values())]
            direct, *rest = asyncio.run(in_turn(addresses, given.requests, stream))
            usual = statistics.median(direct)
            print(
                f"direct     {'stream' if stream else 'plain ':6}  p50 {usual:.2f} ms, its p99 is {at(direct, 0.99) - usual:.2f} ms later"
            )
            for (name, (_, running)), took in zip(fronts.items(), rest, strict=True):
                middle, high = statistics.median(took) - usual, at(took, 0.99) - usual
                cpu = (used(running) - before[name]) / (given.requests + WARM)
                print(
                    f"{name:10} {'stream' if stream else 'plain ':6}  adds p50 {middle:.2f} ms, p99 {high:.2f} ms "
                    f"({high / middle:.1f} times p50), {cpu:.2f} ms CPU a request"
                )
        for mode in ("shadow", "advise"):
            print(f"{mode}: {asyncio.run(health(fronts[mode][0]))}")


def used(running: psutil.Process) -> float:
    """Milliseconds of processor so far."""
    return 1000 * sum(running.cpu_times()[:2])


async def health(address: str) -> str:
    async with session() as client, client.get(f"{address}/tactful/health") as reply:
        return str((await reply.json())["counts"])


def streams(given: argparse.Namespace) -> None:
    """So many streams that begin within eight seconds and last ten: all are open at once. Every byte is compared."""
    with ExitStack() as stack:
        target, _ = stack.enter_context(process("upstream", given.upstream_ms, 250))
        fronts: dict[str, tuple[str, psutil.Process | None]] = {"direct": (target, None)}
        fronts["bare proxy"] = stack.enter_context(process("bare_aiohttp", target))
        for mode in ("shadow", "advise"):
            fronts[mode] = stack.enter_context(proxy(target, "--mode", mode, "--reader", given.reader))
        for name, (address, running) in fronts.items():
            before = sum(running.cpu_times()[:2]) if running else 0.0
            took, middle, high = asyncio.run(together(address, given.streams, 8.0))
            print(
                f"{name:10} {given.streams} streams of {CHUNKS + 1} chunks in {took:.1f} s, first byte p50 {middle:.1f} ms, "
                f"p99 {high:.1f} ms"
            )
            if running:
                cpu = 1000 * (sum(running.cpu_times()[:2]) - before) / given.streams
                print(f"           {cpu:.1f} ms CPU a stream, {running.memory_info().rss / 1e6:.0f} MB")
            if name in ("shadow", "advise"):
                print(f"           {asyncio.run(health(address))}")


def replay(given: argparse.Namespace) -> None:
    """Turns of made-up conversations, four to each, as fast as an advisor without a reader takes and judges them.

    Nobody waits for a turn's being stored: a thousand go in before it is seen to.
    """
    from tactful.live.advisor import Advisor
    from tactful.live.deciding.unread import NoReader
    from tactful.live.settings import LiveSettings

    me, step, done = psutil.Process(), max(1, given.turns // 10), 0
    with tempfile.TemporaryDirectory() as place:
        settings = LiveSettings(mode="advise", timeout_ms=60_000, retention_days=given.retention_days)
        with Advisor(Path(place) / "live.sqlite", reader=NoReader(), settings=settings) as advisor:
            started, before = time.perf_counter(), time.process_time()
            for first in range(0, given.turns // 4, TOGETHER):
                numbers = range(first, min(first + TOGETHER, given.turns // 4))
                for turn in range(4):
                    for number in numbers:
                        found = advisor.decide(said(number, turn), user=f"user-{number % given.users}")
                        assert not found.failed
                advisor.settle()
                if (done + 4 * len(numbers)) // step > done // step:
                    took, cpu = time.perf_counter() - started, time.process_time() - before
                    turns = done + 4 * len(numbers)
                    size = sum(path.stat().st_size for path in Path(place).iterdir()) / 1e6
                    print(
                        f"{turns:>9,} turns, {turns / took:,.0f} a second, {1000 * cpu / turns:.2f} ms CPU each, "
                        f"{me.memory_info().rss / 1e6:.0f} MB, database {size:.1f} MB ({1e6 * size / turns:,.0f} bytes a turn)",
                        flush=True,
                    )
                done += 4 * len(numbers)
            print(
                f"{advisor.failed} decisions failed, {advisor.unjudged} turns unjudged, {advisor.lost} writes lost"
            )


TOGETHER = 250
REPLIES = ("Thanks, that is it.", "No, shorter please.", "Good. And now in French.", "Just do it!")


def said(number: int, turn: int) -> list[Message]:
    """A conversation up to one of its requests."""
    answer = Message(role="assistant", content="Shall it be formal?" if number % 3 else "Here: …")
    found = [Message(role="user", content=f"Write letter {number} to the customer about it.")]
    for later in range(1, turn + 1):
        found += [answer, Message(role="user", content=REPLIES[(number + later) % 4])]
    return found


MEASURES = {"servers": servers, "overhead": overhead, "streams": streams, "replay": replay}


def main() -> None:
    if len(sys.argv) > 2 and sys.argv[1] in ("upstream", "bare_aiohttp", "bare_fastapi"):
        role, port, *more = sys.argv[1:]
        if role == "upstream":
            upstream(int(port), float(more[0]), float(more[1]))
        else:
            {"bare_aiohttp": bare_aiohttp, "bare_fastapi": bare_fastapi}[role](int(port), more[0])
        return
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("what", choices=list(MEASURES))
    options.add_argument("--requests", type=int, default=600)
    options.add_argument("--streams", type=int, default=None)
    options.add_argument("--reader", default="none")
    options.add_argument("--keep-texts", action="store_true")
    options.add_argument("--upstream-ms", type=float, default=20, help="until the upstream's first byte")
    options.add_argument("--turns", type=int, default=20_000)
    options.add_argument("--users", type=int, default=5_000)
    options.add_argument("--retention-days", type=float, default=180)
    given = options.parse_args()
    given.streams = given.streams or (100 if given.what == "servers" else 500)
    print(f"machine: {machine()}")
    MEASURES[given.what](given)


if __name__ == "__main__":
    main()
