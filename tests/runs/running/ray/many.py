"""Commands one after the other on one Ray of this machine: python -m tests.runs.running.ray.many < commands > results

A line of JSON for each command, in and out: its words, and {"code", "stdout", "stderr"}.
"""

from __future__ import annotations

import io
import json
import sys
from contextlib import redirect_stderr, redirect_stdout

from tactful.cli.main import main as tactful
from tactful.runs.running.ray.cluster import joined


def main() -> None:
    with joined(None, 4):
        for line in sys.stdin:
            print(json.dumps(outcome(json.loads(line))), flush=True)


def outcome(words: list[str]) -> dict[str, object]:
    out, err, code = io.StringIO(), io.StringIO(), 0
    sys.argv = ["tactful", *words]
    with redirect_stdout(out), redirect_stderr(err):
        try:
            tactful()
        except SystemExit as ended:
            code = int(ended.code or 0)
    return {"code": code, "stdout": out.getvalue(), "stderr": err.getvalue()}


if __name__ == "__main__":
    main()
