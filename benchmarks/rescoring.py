"""How fast are trajectories re-scored from stored counts? Target: 20,000 a second, loading included.

    python benchmarks/rescoring.py [--rows 20000] [--repeats 7]

Synthetic rewarded trajectories of one to four steps, with messages of the size that offline coding rollouts have.
Three ways, each timed on the same rows:

load + re-score   read the JSONL (orjson, no records built), make columns, re-score once
re-score          one more configuration on columns in memory: what each step of a sweep costs
records           `recompute` on records in memory, one by one: what the columns are compared with
"""

from __future__ import annotations

import argparse
import os
import platform
import random
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from tactful.calibration.reward.rescoring import RewardColumns, rescore
from tactful.calibration.reward.rewards import RewardConfig, recompute, reward
from tactful.calibration.reward.task_score import TaskScores
from tactful.calibration.types import Rewarded
from tactful.types import Hidden, Message, Provenance, PublicState, Reaction, Step, Trajectory

MESSAGE = "def solve(rows):\n    return sorted(rows, key=lambda row: row['date'], reverse=True)\n" * 4
OTHER = RewardConfig(delta=0.5, lam=0.05, task_score="share")


def rewarded_rows(count: int, seed: int = 0) -> Iterator[Rewarded]:
    rng = random.Random(seed)
    for number in range(count):
        yield rewarded_row(number, rng)


def rewarded_row(number: int, rng: random.Random) -> Rewarded:
    steps = []
    history: tuple[Message, ...] = ()
    for turn in range(rng.randint(1, 4)):
        state = PublicState(
            id=f"task-{number % 97}-open",
            domain="coding",
            query="Sort the rows of the table by date and give me the first ten. " * 2,
            dialogue_turn=turn,
            query_clarity=0.5,
            task_complexity=0.5,
            history=history,
            group=f"task-{number % 97}",
        )
        asked = rng.random() < 0.5
        steps.append(
            Step(
                state=state,
                action=rng.choice(("LOW", "MID", "HIGH")),
                message=MESSAGE,
                questions=int(asked),
                tokens=rng.randint(20, 400),
                gave_solution=not asked,
                reaction=Reaction(
                    reply="Descending, please.",
                    answered_clarification=asked,
                    reject_signal=rng.random() < 0.2,
                ),
                revealed=("r1",) if asked else (),
            )
        )
        history = (*history, Message(role="assistant", content=MESSAGE), Message(role="user", content="ok"))
    trajectory = Trajectory(
        id=f"row-{number}",
        state_id=steps[0].state.id,
        group=steps[0].state.group,
        domain="coding",
        persona="calm",
        action_space="levels",
        mode="multi",
        steps=tuple(steps),
        end="completed",
        solution=MESSAGE,
        hidden=Hidden(tests=("assert solve([]) == []",) * 3, reference=MESSAGE),
        provenance=Provenance(model="offline", generator="offline"),
    )
    passed = rng.random() < 0.6
    scores = {"r1": float(passed), "r2": 1.0}
    return reward(trajectory, TaskScores(scores, {"r1": 0.7, "r2": 0.3}, passed), RewardConfig())


def rates(work: Callable[[], object], rows: int, repeats: int) -> list[float]:
    """Rows per second of each repeat."""
    found = []
    for _ in range(repeats):
        began = time.perf_counter()
        work()
        found.append(rows / (time.perf_counter() - began))
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--rows", type=int, default=20_000)
    parser.add_argument("--repeats", type=int, default=7)
    options = parser.parse_args()
    records = list(rewarded_rows(options.rows))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "records.jsonl"
        path.write_text("".join(record.model_dump_json() + "\n" for record in records))
        megabytes = path.stat().st_size / 1e6
        columns = RewardColumns.from_jsonl(path)
        ways = {
            "load + re-score": lambda: rescore(RewardColumns.from_jsonl(path), OTHER),
            "re-score": lambda: rescore(columns, OTHER),
            "records": lambda: [recompute(record, OTHER) for record in records],
        }
        measured = {name: rates(work, options.rows, options.repeats) for name, work in ways.items()}
    plain = statistics.median(measured["records"])
    print(f"{options.rows} rewarded trajectories, {len(columns.row)} steps, {megabytes:.0f} MB of JSONL")
    for name, found in measured.items():
        middle = statistics.median(found)
        spread = f"{min(found):,.0f} to {max(found):,.0f}"
        print(f"{name:16} {middle:14,.0f} /s  ({spread}); {middle / plain:.2f} x records")
    machine = f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}"
    print(
        f"target 20,000 /s for load + re-score; median of {options.repeats}; {machine}, {platform.system()}"
    )


if __name__ == "__main__":
    main()
