"""A cell of a sweep: one command in a process of its own, on this machine or by a worker of Ray."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tactful.errors import UsageError, UserError

Outcome = tuple[dict[str, Any] | None, str]
"""The command's result; or None and the last line of what it said."""

_ENDS_WITH_ITS_WORKER = (
    "import ctypes, runpy, signal; ctypes.CDLL(None).prctl(1, signal.SIGKILL); "  # PR_SET_PDEATHSIG
    "runpy.run_module('tactful', run_name='__main__', alter_sys=True)"
)
"""A run left behind by a worker that died would keep its folder locked for the one that takes its place."""


@dataclass(frozen=True)
class Cell:
    """What to run, and where. Picklable."""

    folder: Path
    """Gets the run, `log.txt` and, when it is done, `result.json`."""
    words: tuple[str, ...]
    """`tactful calibrate reward … --json`"""
    started_in: Path = field(default_factory=Path.cwd)

    def done(self) -> dict[str, Any] | None:
        """The result that is stored of these very words; None where there is none yet."""
        try:
            stored = json.loads((self.folder / "result.json").read_bytes())
        except (OSError, ValueError):
            return None
        same = stored.get("command") == list(self.words)
        result: dict[str, Any] | None = stored["result"] if same else None
        return result

    def run(self, *launcher: str) -> Outcome:
        """Run it, or go on with what was begun, and store its result."""
        from tactful.runs import write_atomic

        self.folder.mkdir(parents=True, exist_ok=True)
        resume = ["--resume"] if (self.folder / "run" / "run.json").is_file() else []
        done = subprocess.run(
            [sys.executable, *(launcher or ("-m", "tactful")), *self.words[1:], *resume],
            capture_output=True,
            text=True,
            check=False,
            cwd=self.started_in,
        )
        write_atomic(self.folder / "log.txt", [done.stderr.encode()])
        if done.returncode:
            return None, (done.stderr.strip().splitlines() or [f"exit code {done.returncode}"])[-1]
        result = json.loads(done.stdout)
        stored = {"command": list(self.words), "result": result}
        content = [json.dumps(stored, ensure_ascii=False, indent=1).encode(), b"\n"]
        write_atomic(self.folder / "result.json", content)
        return result, ""


class Running:
    """The actor: runs cells on its machine, one at a time."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        for name, value in environment.items():
            os.environ.setdefault(name, value)

    def run(self, cell: Cell) -> Outcome | UserError:
        """What came of it; or why this machine cannot run it."""
        if not cell.folder.is_dir() or not cell.started_in.is_dir():
            return UserError(
                f"{cell.folder}: is not there on every node; a sweep on a cluster needs input and 'out' on a file "
                "system that all nodes share"
            )
        return cell.run("-c", _ENDS_WITH_ITS_WORKER)


@contextmanager
def runs_cells(options: Mapping[str, Any]) -> Iterator[Callable[[Iterable[Cell]], Iterator[Outcome]]]:
    """What runs cells, in their order: one after the other, or on Ray as many at a time as there are workers."""
    from tactful.api.options import executor_options, run_options

    chosen = run_options(executor_options(options))
    if chosen.per_worker_concurrency is not None:
        raise UsageError(
            "--per-worker-concurrency is for runs; give it to the cells, in [set]: a worker of a sweep runs one"
        )
    if chosen.executor == "local":
        yield lambda cells: (cell.run() for cell in cells)
        return
    from tactful.runs.running.ray.spread import Spread

    def spread(cells: Iterable[Cell]) -> Iterator[Outcome]:
        waiting = list(cells)
        if not waiting:
            return
        for cell in waiting:
            cell.folder.mkdir(parents=True, exist_ok=True)
        actors: Spread[Cell, Outcome] = Spread(
            Running, _environment(waiting), workers=chosen.how_many_workers, address=chosen.ray_address
        )
        with actors:
            for _, outcome in actors.map(waiting, ahead=len(waiting)):
                yield outcome

    yield spread


def _environment(cells: Iterable[Cell]) -> dict[str, str]:
    """What cells elsewhere need of our environment: keys, by the names that their words say, and our own settings."""
    named = {"OPENAI_API_KEY", "OPENAI_BASE_URL", *(word for cell in cells for word in cell.words)}
    return {name: value for name, value in os.environ.items() if name in named or name.startswith("TACTFUL_")}
