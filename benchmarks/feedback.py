"""How many turns a second does the embedded judge read, on one core?

Paired in the same process, round by round: the embedded judge untrained, the same with a linear model, and the
plain keyword list as the floor. Turns are the authored probes and, where the real data is there, IARD's. The texts
of every round are made new (a number is appended), so that no cache of a former round helps. Run:

    python benchmarks/feedback.py
"""

from __future__ import annotations

import argparse
import os
import platform
import statistics
import time
from collections.abc import Callable
from pathlib import Path

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(name, "1")

from tactful.evaluation.feedback.baselines import keyword_label  # noqa: E402
from tactful.evaluation.feedback.probes import load_probes  # noqa: E402
from tactful.feedback.chats import LabelledTurns  # noqa: E402
from tactful.feedback.embedded import EmbeddedJudge, open_embedded  # noqa: E402
from tactful.feedback.embedded.linear import train_linear  # noqa: E402
from tactful.feedback.types import LabelledTurn  # noqa: E402

REAL = Path(os.environ.get("TACTFUL_TEST_DATA", Path(__file__).parents[2] / "shared" / "data")) / "feedback"
BAR = 2000


def turns() -> list[LabelledTurn]:
    found = [probe.turn() for probe in load_probes()]
    path = REAL / "iard.jsonl"
    return found + (list(LabelledTurns(path)) if path.is_file() else [])


def fresh(given: list[LabelledTurn], number: int) -> list[LabelledTurn]:
    return [
        turn.model_copy(
            update={name: f"{getattr(turn, name)} {number}" for name in ("q_t", "a_t", "user_next")}
        )
        for turn in given
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    rounds = parser.parse_args().rounds
    given = turns()
    judges: dict[str, Callable[[list[LabelledTurn]], object]] = {
        "embedded, untrained": open_embedded().judge_now,
        "embedded, linear model": EmbeddedJudge(train_linear(given)).judge_now,
        "keyword list": lambda batch: [keyword_label(turn) for turn in batch],
    }
    rates: dict[str, list[float]] = {name: [] for name in judges}
    for number in range(rounds):
        for name, judge in judges.items():
            batch = fresh(given, number)
            started = time.process_time()
            judge(batch)
            rates[name].append(len(batch) / (time.process_time() - started))
    print(f"{len(given)} turns a round, {rounds} rounds, turns per second of CPU time (one core)")
    first = next(iter(rates))
    for name, values in rates.items():
        ratio = statistics.median(one / two for one, two in zip(values, rates[first], strict=True))
        print(
            f"{name:<24} median {statistics.median(values):>9.0f}  spread {min(values):.0f} to {max(values):.0f}"
            f"  paired ratio to the first {ratio:.2f}"
        )
    print(f"bar: {BAR} turns/s; Python {platform.python_version()}, {os.cpu_count()} CPUs")


if __name__ == "__main__":
    main()
