"""Many annotators at once against a real `tactful annotate serve`: what they were told was kept must be there, once."""

from __future__ import annotations

import asyncio
import contextlib
import re
import socket
import sys
import time
import uuid
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp
from sqlalchemy import insert, select
from tests.annotation.pool import START
from tests.annotation.simulated import make_pool

from tactful.annotation.services.accounts import Person
from tactful.annotation.services.loading import load_items
from tactful.annotation.services.logins import begin_session
from tactful.annotation.services.project import Project, app_secret, keep_project
from tactful.annotation.store import open_store
from tactful.annotation.store.tables import annotators, answers, items
from tactful.annotation.views.who import session_cookie
from tactful.types import seeded

_FIELD = re.compile(r'name="(slot|kind|parts)" value="([^"]*)"')
_TOKEN = re.compile(r'"X-CSRF-Token": "(\w+)"')
_ANSWERS = {
    "replies": {"better": "first"},
    "follow-up": {"label": "neutral"},
    "asking": {"verdict": "ask", "what": "For how many?"},
}


@dataclass(frozen=True)
class Worker:
    """An annotator with a session."""

    id: str
    cookie: str
    """Of the session: name and value."""


@dataclass
class Told:
    """What the clients were told."""

    kept: list[tuple[str, int]] = field(default_factory=list)
    """(annotator, slot) of each answer that was acknowledged."""
    seconds: list[float] = field(default_factory=list)
    """From sending each of them until the next item was there."""
    broken: int = 0
    """Requests that ended without an answer: the server was dead."""
    enough: bool = False
    """Set: everybody stops, before the time is over."""

    async def holds(self, count: int) -> None:
        """Wait until so many answers were acknowledged."""
        while len(self.kept) < count:  # noqa: ASYNC110 - a test looks on
            await asyncio.sleep(0.02)


def fill(place: Path | str, *, count: int, people: int, overlap: int = 3, seed: int = 0) -> list[Worker]:
    """An empty database with a pool and annotators who are signed in."""
    with open_store(place) as store:
        keep_project(store, Project(overlap=overlap, seed=seed))
        load_items(store, make_pool(count, seed, gold=50))
        found = []
        for at in range(people):
            person = Person(id=str(uuid.uuid4()), name=f"Person {at}", role="annotator")
            row = {
                "id": person.id,
                "name": person.name,
                "name_key": person.name.casefold(),
                "password_hash": "",
                "role": person.role,
                "created_at": START,
            }
            with store.write() as connection:
                connection.execute(insert(annotators).values(row))
            name = session_cookie(app_secret(store), behind_tls=False)
            found.append(Worker(person.id, f"{name}={begin_session(store, person)}"))
        return found


@dataclass(frozen=True)
class Server:
    """The command, in a process of its own."""

    process: asyncio.subprocess.Process
    address: str


@contextlib.asynccontextmanager
async def serving(place: Path | str, port: int) -> AsyncIterator[Server]:
    """`tactful annotate serve` over a database, until the block ends, where it has not ended before."""
    command = [
        sys.executable,
        "-m",
        "tactful",
        "annotate",
        "serve",
        "--database",
        str(place),
        "--port",
        str(port),
    ]
    process = await asyncio.create_subprocess_exec(
        *command, stderr=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.DEVNULL
    )
    assert process.stderr is not None
    try:
        said = []
        async with asyncio.timeout(60):
            while line := (await process.stderr.readline()).decode():
                said.append(line)
                if found := re.search(r"serving .* at (http://\S+)", line):
                    break
            else:
                raise AssertionError("".join(said))
        yield Server(process, found[1])
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()


def free_port() -> int:
    """One that nobody listens at now: a server that is started again takes the same."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


async def work(
    address: str,
    workers: Sequence[Worker],
    *,
    seconds: float,
    pause_s: float,
    seed: int = 0,
    told: Told | None = None,
) -> Told:
    """All answer until the time is over, or `told` says enough: after each answer a pause of `pause_s` on average, half as long to half as long again.

    Whoever finds no server waits for it.
    """
    told = told or Told()
    until = time.monotonic() + seconds
    connector = aiohttp.TCPConnector(limit=0)
    async with (
        aiohttp.ClientSession(address, connector=connector, cookie_jar=aiohttp.DummyCookieJar()) as http,
        asyncio.TaskGroup() as group,
    ):
        for at, worker in enumerate(workers):
            first_s = pause_s * at / len(workers)
            group.create_task(_one(http, worker, told, until, pause_s, first_s, seed))
    return told


async def _one(
    http: aiohttp.ClientSession,
    worker: Worker,
    told: Told,
    until: float,
    pause_s: float,
    first_s: float,
    seed: int,
) -> None:
    rng = seeded(seed, "load", worker.id)
    headers = {"Cookie": f"{worker.cookie}; tactful_browser=load-{worker.id}"}
    await asyncio.sleep(first_s)
    page = ""
    while time.monotonic() < until and not told.enough:
        try:
            if 'name="slot"' not in page:
                page = await _opened(http, headers)
                headers["X-CSRF-Token"] = _TOKEN.search(page)[1]  # type: ignore[index]
                headers["HX-Request"] = "true"
                if 'name="slot"' not in page:
                    return  # nothing is left
            shown = dict(_FIELD.findall(page))
            started = time.perf_counter()
            async with http.post("/work/answer", data=_said(shown), headers=headers) as reply:
                text = await reply.text()
                if reply.status != 200:
                    raise AssertionError(f"{reply.status}: {text[:300]}")
            told.seconds.append(time.perf_counter() - started)
            told.kept.append((worker.id, int(shown["slot"])))
            page = text
        except (aiohttp.ClientError, ConnectionError):
            told.broken += 1
            page = ""
            await asyncio.sleep(0.1)
        await asyncio.sleep(pause_s * (0.5 + rng.random()))


async def _opened(http: aiohttp.ClientSession, headers: dict[str, str]) -> str:
    plain = {name: value for name, value in headers.items() if name == "Cookie"}
    async with http.get("/work", headers=plain) as reply:
        assert reply.status == 200, reply.status
        return await reply.text()


def _said(shown: dict[str, str]) -> dict[str, str]:
    kind = shown["kind"]
    fields = {"slot": shown["slot"], "kind": kind}
    if kind != "proposals":
        return fields | _ANSWERS[kind]
    count = int(shown["parts"])
    offers = {f"accepted-{place}": "yes" if place == 0 else "no" for place in range(count)}
    return fields | {"parts": shown["parts"], "help_wanted": "yes"} | offers


@dataclass(frozen=True)
class Found:
    """What the database holds beside what the clients were told."""

    answers: int
    lost: int
    """Acknowledged and not there."""
    double: int
    """Answers of one annotator to one item beyond the first, repeats beside."""
    over: int
    """Items of the pool with more answers than the overlap."""


def compare(place: Path | str, kept: Sequence[tuple[str, int]], *, overlap: int = 3) -> Found:
    """Look at every answer that stands."""
    with open_store(place) as store, store.read() as connection:
        rows = connection.execute(
            select(
                answers.c.annotator_id, answers.c.slot_id, answers.c.item_id, answers.c.repeat, items.c.number
            )
            .join(items, items.c.id == answers.c.item_id)
            .where(answers.c.withdrawn_at.is_(None))
        ).all()
    there = Counter((row.annotator_id, row.slot_id) for row in rows)
    own = Counter((row.annotator_id, row.item_id, row.repeat) for row in rows)
    pool = Counter(row.item_id for row in rows if row.number >= 0 and not row.repeat)
    return Found(
        answers=len(rows),
        lost=sum(one not in there for one in set(kept)),
        double=sum(count - 1 for count in own.values()) + sum(count - 1 for count in there.values()),
        over=sum(count > overlap for count in pool.values()),
    )
