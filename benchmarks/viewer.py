"""Do the viewer's pages stay quick over 100,000 records, while it indexes them and after, and is its memory flat?

    python benchmarks/viewer.py [--records 100000]

A run of judged exchanges, made by the real runner; each text differs, one in ten is Chinese. Targets at 100,000 records:
first page < 200 ms, search and filter < 500 ms, and a peak memory at most 1.3 times the one at a tenth of the records.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from threading import Event, Thread
from typing import Any

from common import machine

from tactful.runs import Context, RunFolder, RunOptions, run_stage
from tactful.types import Record

ROUNDS = 5
WORDS = [
    "could",
    "you",
    "please",
    "explain",
    "the",
    "refund",
    "policy",
    "again",
    "this",
    "is",
    "not",
    "what",
    "was",
    "asked",
    "for",
    "a",
    "shorter",
    "version",
    "would",
    "help",
    "python",
    "function",
    "list",
    "returns",
    "index",
    "table",
    "column",
    "order",
    "delivery",
    "invoice",
    "address",
    "change",
    "thanks",
    "works",
    "great",
    "but",
]
CHINESE = "请把退款的规则再说一遍我要的不是这个短一点会更好谢谢订单地址发票明天北京上海"


class Exchange(Record):
    id: str


class Judged(Record):
    id: str
    request: str
    answer: str
    asked: bool
    needed: bool | None
    reward: float
    p: float
    persona: str


class Config(Record):
    pass


async def stage(exchange: Exchange, context: Context) -> Judged:
    rng = random.Random(exchange.id)
    chinese = rng.random() < 0.1
    said = [
        "".join(rng.choices(CHINESE, k=n)) if chinese else " ".join(rng.choices(WORDS, k=n)) for n in (20, 80)
    ]
    if rng.random() < 0.001:
        said[0] += " zeppelin 齐柏林"
    return Judged(
        id=exchange.id,
        request=said[0],
        answer=said[1],
        asked=rng.random() < 0.3,
        needed=rng.choice((True, False, None)),
        reward=rng.gauss(0, 1),
        p=rng.random(),
        persona=rng.choice(("hurried", "patient", "expert")),
    )


def make(out: Path, records: int) -> float:
    """Seconds that it takes to make the run."""
    began = time.perf_counter()
    summary = run_stage(
        noun="bench",
        verb="viewer",
        config=Config(),
        source=(Exchange(id=f"exchange-{number}") for number in range(records)),
        stage=stage,
        options=RunOptions(out=out, progress="off"),
    )
    assert summary.done == records
    return time.perf_counter() - began


def look(out: Path) -> dict[str, Any]:
    """All measurements in this process, milliseconds: (median, slowest)."""
    from tactful.viewer.look import View
    from tactful.viewer.types import Query

    found: dict[str, Any] = {}

    def timed(name: str, work: Callable[[], Any], rounds: int = ROUNDS) -> Any:
        times = []
        for _ in range(rounds):
            began = time.perf_counter()
            result = work()
            times.append(1000 * (time.perf_counter() - began))
        found[name] = statistics.median(times), max(times)
        return result

    began = time.perf_counter()
    view = View.open(out)
    view.page(Query())
    found["opening and first page, nothing indexed"] = 2 * (1000 * (time.perf_counter() - began),)
    times, halt = [], Event()

    def meanwhile() -> None:
        """First pages and searches while the index is being built."""
        while not halt.is_set():
            for query in (Query(), Query(text="zeppelin")):
                begun = time.perf_counter()
                view.page(query)
                times.append((bool(query.text), 1000 * (time.perf_counter() - begun)))
            halt.wait(0.2)

    thread = Thread(target=meanwhile)
    thread.start()
    assert view.wait(3600)
    found["built_s"] = time.perf_counter() - began
    halt.set()
    thread.join()
    for name, searched in (("first page, while indexing", False), ("search, while indexing", True)):
        some = [took for was, took in times if was is searched]
        found[name] = statistics.median(some), max(some)
    total = view.progress().total
    timed("first page", lambda: view.page(Query()))
    timed("next page", lambda: view.page(Query(offset=50)))
    timed("page in the middle", lambda: view.page(Query(offset=total // 2)))
    timed("by cost", lambda: view.page(Query(sort="cost", descending=True)))
    timed("by reward", lambda: view.page(Query(sort="reward", descending=True)))
    rare = timed("search, one in a thousand", lambda: view.page(Query(text="zeppelin")))
    chinese = timed("search, Chinese word", lambda: view.page(Query(text="齐柏林")))
    assert rare.total == chinese.total > 0, (rare.total, chinese.total)
    timed("search, two of two characters", lambda: view.page(Query(text="退款 发票")))
    timed("search, a word in nine of ten", lambda: view.page(Query(text="refund")))
    timed("search, a phrase", lambda: view.page(Query(text='"refund policy"')))
    timed("filter, asked and not needed", lambda: view.page(Query(filter="asked and not needed")))
    timed("filter, two comparisons", lambda: view.page(Query(filter='reward < 0 and persona == "hurried"')))
    timed("filter with words", lambda: view.page(Query(filter='p > 0.6 and text ~ "refund"', sort="p")))
    timed("filter, nothing holds", lambda: view.page(Query(filter="p > 2")))
    timed("one record", lambda: view.record(total // 2))
    found["peak_mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    view.close()
    began = time.perf_counter()
    with View.open(out) as again:
        again.page(Query(text="zeppelin"))
        found["opened again, first search"] = 2 * (1000 * (time.perf_counter() - began),)
    return found


def in_fresh_process(out: Path) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, __file__, "--look", str(out)], capture_output=True, text=True, check=True
    )
    return dict(json.loads(done.stdout))


def size_mb(folder: Path) -> float:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) / 1e6


def main() -> None:
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument("--records", type=int, default=100_000)
    options.add_argument("--look", type=Path, help=argparse.SUPPRESS)
    given = options.parse_args()
    if given.look:
        print(json.dumps(look(given.look)))
        return
    print(f"machine: {machine()}")
    peaks = []
    with tempfile.TemporaryDirectory() as folder:
        for records in (max(1, given.records // 10), given.records):
            out, cache = Path(folder) / f"run-{records}", Path(folder) / f"cache-{records}"
            os.environ["XDG_CACHE_HOME"] = str(cache)
            made = make(out, records)
            found = in_fresh_process(out)
            built, peak = found.pop("built_s"), found.pop("peak_mb")
            peaks.append(peak)
            print(
                f"\n{records:,} records, made in {made:.0f} s; run.sqlite {RunFolder(out).state_path.stat().st_size / 1e6:.0f} MB, "
                f"index {size_mb(cache):.0f} MB, built in {built:.1f} s, peak memory {peak:.0f} MB"
            )
            print("                                            ms (median)   slowest")
            for name, (median, slowest) in found.items():
                print(f"  {name:40} {median:12.1f} {slowest:9.1f}")
    print(f"\npeak memory, {given.records:,} against a tenth: ratio {peaks[1] / peaks[0]:.2f}; target ≤ 1.3")


if __name__ == "__main__":
    main()
