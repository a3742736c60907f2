"""How long does an answer take when 50 annotators answer at once, and is every one kept, also through kill -9?

    python benchmarks/annotation.py [--people 50] [--seconds 60] [--items 4000] [--seed 0] [--only sqlite|postgresql]

A real `tactful annotate serve` in a process of its own, asked over HTTP on loopback by clients in this one; both share the
machine's cores, and PostgreSQL, a real server started here, shares them too. For each database:

1. each annotator answers about once a second (a pause of 0.5 to 1.5 s after each answer) for a minute;
2. each answers again at once, for a quarter of that: the most that it takes;
3. a fresh database, paced as in 1: the server is killed with kill -9 after a quarter of the time and started again, for
   another quarter. The clients wait for it.

An answer takes from sending it until the next item is there. Afterwards the database is held against what the clients
were told: lost (acknowledged and not there), double, and items with more answers than the overlap. Exits with 1 where there is
one of these.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
from common import machine

sys.path.insert(0, str(Path(__file__).parents[1]))

from tests.annotation.load import Found, Told, compare, fill, free_port, serving, work
from tests.annotation.postgres import server

OVERLAP = 3


def told_line(name: str, told: Told, seconds: float) -> str:
    """Rate and percentiles of one part."""
    cuts = statistics.quantiles([1000 * one for one in told.seconds], n=100, method="inclusive")
    return (
        f"{name:28}{len(told.kept):6} answers, {len(told.kept) / seconds:6.1f} /s   "
        f"p50 {cuts[49]:6.1f} ms   p95 {cuts[94]:6.1f} ms   p99 {cuts[98]:6.1f} ms"
    )


def found_line(found: Found, told: int) -> str:
    """What the database holds."""
    return (
        f"{'':28}{told} acknowledged, {found.answers} kept: lost {found.lost}, double {found.double}, "
        f"over the overlap {found.over}"
    )


def cpu_s(process: int) -> float:
    """Seconds of processor that a process has had."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


async def paced(place: str, given: argparse.Namespace) -> Found:
    people = fill(place, count=given.items, people=given.people, overlap=OVERLAP, seed=given.seed)
    async with serving(place, free_port()) as one:
        warm = await work(one.address, people, seconds=2, pause_s=1, seed=given.seed)
        before = cpu_s(one.process.pid)
        told = await work(one.address, people, seconds=given.seconds, pause_s=1, seed=given.seed)
        spent = cpu_s(one.process.pid) - before
        print(told_line("once a second each", told, given.seconds))
        print(f"{'':28}server: {1000 * spent / len(told.kept):.1f} ms of processor an answer")
        most = await work(one.address, people, seconds=given.seconds / 4, pause_s=0, seed=given.seed)
        print(told_line("again at once", most, given.seconds / 4))
    kept = warm.kept + told.kept + most.kept
    found = compare(place, kept, overlap=OVERLAP)
    print(found_line(found, len(kept)), flush=True)
    return found


async def killed(place: str, given: argparse.Namespace) -> Found:
    people = fill(place, count=given.items, people=given.people, overlap=OVERLAP, seed=given.seed)
    port, told = free_port(), Told()
    part_s = given.seconds / 4
    async with serving(place, port) as one:
        lasting = 10 * given.seconds
        at_work = asyncio.create_task(
            work(one.address, people, seconds=lasting, pause_s=1, seed=given.seed, told=told)
        )
        await asyncio.sleep(part_s)
        one.process.kill()
        await one.process.wait()
    before, started = len(told.kept), time.perf_counter()
    async with serving(place, port):
        again_s = time.perf_counter() - started
        await asyncio.sleep(part_s)
        told.enough = True
        await at_work
    found = compare(place, told.kept, overlap=OVERLAP)
    print(
        f"{'killed and started again':28}{before} answers before kill -9, {len(told.kept) - before} after; up again in "
        f"{again_s:.1f} s, {told.broken} requests found no server"
    )
    print(found_line(found, len(told.kept)), flush=True)
    return found


@contextlib.contextmanager
def databases(kind: str) -> Iterator[tuple[str, str]]:
    """Two empty ones."""
    if kind == "sqlite":
        with tempfile.TemporaryDirectory() as folder:
            yield f"{folder}/first.sqlite", f"{folder}/second.sqlite"
        return
    with server() as root:
        with psycopg.connect(root + "postgres", autocommit=True) as connection:
            connection.execute("CREATE DATABASE first")
            connection.execute("CREATE DATABASE second")
        yield root + "first", root + "second"


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--people", type=int, default=50)
    options.add_argument("--seconds", type=float, default=60)
    options.add_argument("--items", type=int, default=4000)
    options.add_argument("--seed", type=int, default=0)
    options.add_argument("--only", choices=("sqlite", "postgresql"))
    given = options.parse_args()
    print(f"machine: {machine()}")
    print(
        f"{given.people} annotators, {given.items} items of four kinds for {OVERLAP} each, 50 gold items, seed {given.seed}"
    )
    wrong = 0
    for kind in (given.only,) if given.only else ("sqlite", "postgresql"):
        print(f"\n{kind}")
        try:
            with databases(kind) as (first, second):
                for found in (asyncio.run(paced(first, given)), asyncio.run(killed(second, given))):
                    wrong += found.lost + found.double + found.over
        except LookupError as error:
            print(f"left out: {error}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
