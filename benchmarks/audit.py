"""How fast an audit is with the embedded reader, and what it finds in the rehearsal: `python benchmarks/audit.py`.

The log is the rehearsal over and over, each time with another number in all but the shortest messages, so
that hardly anything is read from memory; one core. Beside it the same log with equal texts, as many real logs have them, and without a reader's network.
`--large 10000` audits that many conversations and a tenth of them, each in a process of its own, and prints the peak memory of both.

Bar: 300 turns a second of CPU, after what is done once. Compare the memory of logs beyond 10,000 conversations: up to there the reader's memory of texts fills.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from common import machine

from tactful.audit.pipeline import audit, judged
from tactful.data.logs import read_conversations
from tactful.reading.opening import open_embedded_reader

TALKS = Path(__file__).parent.parent / "tests" / "audit"


def log_of(folder: Path, conversations: int, *, equal: bool) -> Path:
    rows = [json.loads(line) for line in (TALKS / "rehearsal.jsonl").read_text().splitlines()]
    path = folder / f"{'equal' if equal else 'different'}.jsonl"
    with path.open("w") as file:
        for n in range(conversations):
            row = rows[n % len(rows)]
            said = [
                {
                    "role": m["role"],
                    "content": m["content"] + ("" if equal or len(m["content"]) < 20 else f" ({n})"),
                }
                for m in row["messages"]
            ]
            file.write(json.dumps({"id": f"c{n}", "messages": said}, ensure_ascii=False) + "\n")
    return path


def speed(path: Path, reader: str) -> str:
    opened = open_embedded_reader(reader)
    audit(
        read_conversations(TALKS / "later.jsonl"), opened
    )  # what is imported and compiled once is not counted
    start, cpu = time.perf_counter(), time.process_time()
    found = audit(read_conversations(path), opened)
    turns = found.read["turns"]
    return f"{turns / (time.process_time() - cpu):8.0f} turns/s of CPU, {turns / (time.perf_counter() - start):8.0f} turns/s on the clock"


def large(path: Path) -> None:
    """One audit, and the peak memory of this process."""
    print(speed(path, "encoder"), f"{resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:6.0f} MB")


def found_in(name: str) -> None:
    path = TALKS / f"{name}.jsonl"
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    found: dict[str, set[str]] = {"over-asks": set(), "guesses": set()}
    for conversation, findings in judged(read_conversations(path), open_embedded_reader()):
        if any(finding.is_needless for _, finding in findings):
            found["over-asks"].add(conversation.id)
        if any(finding.is_guess for _, finding in findings):
            found["guesses"].add(conversation.id)
    for fault, named in found.items():
        true = {row["id"] for row in rows if row["fault"] == fault}
        others = len(rows) - len(true)
        print(
            f"{name}, {fault}: {len(true & named)} of {len(true)} found, {len(named - true)} of {others} others named"
        )


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--conversations", type=int, default=300)
    parser.add_argument("--large", type=int, help="Conversations of the audit whose memory is measured.")
    parser.add_argument("--one", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.one:
        large(given.one)
        return
    if given.large:
        print(f"machine: {machine()}")
        for count in (given.large // 10, given.large):
            with tempfile.TemporaryDirectory() as folder:
                path = log_of(Path(folder), count, equal=False)
                print(f"{count:8,} conversations ", end="", flush=True)
                one_core = {**os.environ, "OMP_NUM_THREADS": "1"}
                subprocess.run([sys.executable, __file__, "--one", str(path)], check=True, env=one_core)
        return
    for name in ("rehearsal", "elsewhere", "later"):
        found_in(name)
    with tempfile.TemporaryDirectory() as folder:
        different = log_of(Path(folder), given.conversations, equal=False)
        equal = log_of(Path(folder), given.conversations, equal=True)
        print("encoder, no text twice ", speed(different, "encoder"))
        print("encoder, equal texts   ", speed(equal, "encoder"))
        print("surface, no text twice ", speed(different, "surface"))


if __name__ == "__main__":
    main()
