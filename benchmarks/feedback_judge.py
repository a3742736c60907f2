"""What does the language-model judge of feedback cost on top of the door, in CPU per call?

Paired in the same process, round by round, against one chat server in a process of its own: a plain structured
call with the judge's prompt, rendered beforehand, and its reply type (the door), and `FeedbackJudge.judge` (door,
fencing, prompt, cut, record). The texts of every round are new, so that nothing is shared. Run:

    python benchmarks/feedback_judge.py
"""

from __future__ import annotations

import argparse
import asyncio
import os
import platform
import statistics
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar

sys.path.insert(0, str(Path(__file__).parents[1]))

from tests.chat_server import serving_process

from tactful.feedback.judging.judge import FeedbackJudge, FeedbackVerdict, judge_prompt, judge_spec
from tactful.feedback.types import Turn
from tactful.llm import open_model

T = TypeVar("T")
BAR_MS = 0.2
AT_ONCE = 64


def turns(count: int, number: int) -> list[Turn]:
    return [
        Turn(
            id=f"{number}-{place}",
            dialogue_id=f"{number}-{place}",
            q_t=f"How do I sort the rows of table {place}.{number} by date?",
            a_t="Use the sort_values method and give it the name of the column. " * 6,
            user_next=f"No, I said newest first, as in request {place}.",
        )
        for place in range(count)
    ]


async def cpu_ms(work: Callable[[T], Awaitable[object]], given: list[T]) -> float:
    """CPU of this process per call in ms, with `AT_ONCE` calls under way."""
    gate = asyncio.Semaphore(AT_ONCE)

    async def one(item: T) -> None:
        async with gate:
            await work(item)

    started = time.process_time()
    await asyncio.gather(*(one(item) for item in given))
    return (time.process_time() - started) / len(given) * 1000


async def measure(base_url: str, rounds: int, calls: int) -> list[tuple[float, float]]:
    spec = judge_spec("judge", base_url=base_url)
    found = []
    door = open_model(spec)
    judge = FeedbackJudge(open_model(spec))
    try:
        for number in range(rounds + 1):
            given = turns(calls, number)
            prompts = [judge_prompt(turn) for turn in given]
            plain = await cpu_ms(lambda prompt: door.structured(prompt, FeedbackVerdict), prompts)
            judged = await cpu_ms(
                judge.judge, [turn.model_copy(update={"q_t": turn.q_t + "?"}) for turn in given]
            )
            if number:  # the first round opens connections and probes the endpoint
                found.append((plain, judged))
    finally:
        await door.aclose()
        await judge.aclose()
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--calls", type=int, default=1000)
    arguments = parser.parse_args()
    os.environ.setdefault("OPENAI_API_KEY", "sk-benchmark")
    with serving_process() as base_url:
        found = asyncio.run(measure(base_url, arguments.rounds, arguments.calls))
    gaps = [judged - plain for plain, judged in found]
    print(
        f"{arguments.calls} calls a round, {len(found)} rounds, {AT_ONCE} at once; CPU ms per call of this process"
    )
    print(f"door    median {statistics.median(plain for plain, _ in found):.3f}")
    print(f"judge   median {statistics.median(judged for _, judged in found):.3f}")
    ratio = statistics.median(judged / plain for plain, judged in found)
    print(
        f"added   median {statistics.median(gaps):+.3f}  spread {min(gaps):+.3f} to {max(gaps):+.3f}  "
        f"paired ratio {ratio:.2f}  (bar: {BAR_MS})"
    )
    print(f"machine: {platform.machine()}, Python {platform.python_version()}, {os.cpu_count()} CPUs")


if __name__ == "__main__":
    main()
