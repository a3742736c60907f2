"""How fast are chat logs read, and does memory stay flat? Conversations a second on one core, redacted and not.

    python benchmarks/logs.py [--conversations 100000] [--shape openai]

Each reading is a process of its own. Bars: 2,000 conversations a second of OpenAI messages; memory at the whole log within
20 MB of that at a tenth of it (what was seen is held for 50,000 conversations, then goes to the disk).
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

from common import machine

TALK = [
    ("user", "Rename the column 'amt' to 'amount' in invoices.csv and keep everything else."),
    (
        "assistant",
        "Would you like me to keep the other columns unchanged? And should I keep a copy of the old file?",
    ),
    (
        "user",
        "I already said keep everything else. Write to ann@example.com when it is done, or ring +44 20 7946 0958.",
    ),
    (
        "assistant",
        "Done: the column is now 'amount', in /srv/shop/invoices.csv.\n```python\ndf.rename(columns={'amt': 'amount'})\n```",
    ),
    ("user", "good, and now the totals by month please"),
    (
        "assistant",
        "Here are the totals by month:\n"
        + "\n".join(f"- month {month}: {month * 1234.5:.2f}" for month in range(1, 13)),
    ),
    ("user", "Perfect, thank you!"),
]
READ = """
import json, resource, sys, time
from tactful.data.logs import read_conversations
begun = time.process_time()
log = read_conversations(sys.argv[1], redact=sys.argv[2] == "redacted")
count = sum(1 for _ in log)
print(json.dumps({"count": count, "seconds": time.process_time() - begun, "mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, "cut": sum(log.cut.values())}))
"""


def write(path: Path, count: int, shape: str) -> None:
    """A log of `count` conversations, seven turns each, no two alike."""
    with path.open("w") as file:
        for number in range(count):
            said = [
                {"role": role, "content": f"{text} ({number})" if not at else text}
                for at, (role, text) in enumerate(TALK)
            ]
            if shape == "openai":
                file.write(
                    json.dumps({"id": f"c{number}", "user": f"u{number % 997}", "messages": said}) + "\n"
                )
                continue
            for at in range(1, len(said), 2):
                row = {
                    "id": f"o{number}-{at}",
                    "type": "GENERATION",
                    "sessionId": f"c{number}",
                    "traceId": f"t{number}",
                }
                row |= {"userId": f"u{number % 997}", "startTime": f"2026-10-01T09:00:{at:02}Z", "input": said[:at], "output": said[at]}  # fmt: skip
                file.write(json.dumps(row) + "\n")


def read(path: Path, way: str) -> dict[str, float]:
    """What a process of its own measured."""
    done = subprocess.run(
        [sys.executable, "-c", READ, str(path), way], check=True, capture_output=True, text=True
    )
    found: dict[str, float] = json.loads(done.stdout)
    return found


def main() -> None:
    """Print conversations a second and peak memory, at a tenth and at all of them."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--conversations", type=int, default=100_000)
    parser.add_argument("--shape", choices=["openai", "langfuse"], default="openai")
    given = parser.parse_args()
    print(f"machine: {machine()}; {given.shape}, {len(TALK)} turns a conversation, CPU seconds of one core")
    with tempfile.TemporaryDirectory() as folder:
        for count in (given.conversations // 10, given.conversations):
            path = Path(folder) / f"{count}.jsonl"
            write(path, count, given.shape)
            for way in ("redacted", "as they are"):
                found = read(path, way)
                print(
                    f"{count:8,} {way:12} {found['count'] / found['seconds']:8,.0f}/s  {found['mb']:5.0f} MB  {found['cut']:,.0f} cut"
                )
    print("bars: 2,000/s redacted; memory within 20 MB of that at a tenth of the log")


if __name__ == "__main__":
    main()
