"""A cell of a sweep: one command in a process of its own, on this machine or by a worker of Ray."""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

from tactful.errors import UsageError, UserError

Outcome = tuple[dict[str, Any] | None, str]
"""The command's result; or None and the last line of what it said."""

_RESULT = "result.json"
_ENDS_WITH_ITS_WORKER = (
    "import ctypes, runpy, signal; ctypes.CDLL(None).prctl(1, signal.SIGKILL); "  # PR_SET_PDEATHSIG
    "runpy.run_module('tactful', run_name='__main__', alter_sys=True)"
)
"""A run left behind by a worker that died would keep its folder locked for the one that takes its place."""


@dataclass(frozen=True)
class Cell:
    """What to run, and where. Picklable."""

    folder: Path
    """Gets the run, `run.words.json`, `log.txt` and, when it is done, `result.json`."""
    words: tuple[str, ...]
    """`tactful calibrate reward … --out FOLDER/run --json`"""
    inputs: Mapping[str, str]
    """Each file among the words, after its flag → what tells its content."""
    resumes: bool
    """The command has --resume."""
    started_in: Path = field(default_factory=Path.cwd)

    def done(self) -> dict[str, Any] | None:
        """The result that is stored of these very words and inputs; None where there is none yet."""
        stored = self._stored(_RESULT)
        if stored.get("command") != list(self.words) or self.changed():
            return None
        result: dict[str, Any] = stored["result"]
        return result

    def changed(self) -> list[str]:
        """The inputs that have changed since these words were done."""
        stored = self._stored(_RESULT)
        if stored.get("command") != list(self.words):
            return []
        return self._changed_since(stored.get("inputs", {}))

    def call(self) -> tuple[str, ...]:
        """The words that do it now: go on with the newest of `run`, `run-2`, … in the folder, or make the next one."""
        number = 1
        while self._begun(_run_name(number + 1)):
            number += 1
        resume = self._begun(_run_name(number)) and self._goes_on(_run_name(number))
        if self._begun(_run_name(number)) and not resume:
            number += 1
        out = str(self.folder / _run_name(number))
        return (*self.words[:-2], out, "--json", *(["--resume"] if resume else []))

    def run(self, *launcher: str) -> Outcome:
        """Run it, or go on with what was begun, and store its result."""
        from tactful.runs import write_atomic

        self.folder.mkdir(parents=True, exist_ok=True)
        words = self.call()
        out = Path(words[len(self.words) - 2]).name
        stored = {"command": list(self.words), "inputs": dict(self.inputs), "out": out}
        self._store(f"{out}.words.json", stored)
        done = subprocess.run(
            [sys.executable, *(launcher or ("-m", "tactful")), *words[1:]],
            capture_output=True,
            text=True,
            check=False,
            cwd=self.started_in,
        )
        write_atomic(self.folder / "log.txt", [done.stderr.encode()])
        if done.returncode:
            return None, (done.stderr.strip().splitlines() or [f"exit code {done.returncode}"])[-1]
        result = json.loads(done.stdout)
        self._store(_RESULT, {**stored, "result": result})
        return result, ""

    def _changed_since(self, before: Mapping[str, str]) -> list[str]:
        return [name for name, content in self.inputs.items() if before.get(name, content) != content]

    def _begun(self, run: str) -> bool:
        place = self.folder / run
        return place.exists() or _beside(place).exists()

    def _goes_on(self, run: str) -> bool:
        """Whether --resume makes of what lies there what these words make anew."""
        place = self.folder / run
        result = self._stored(_RESULT)
        ended = bool(result) and result.get("out", "run") == run
        begun_by = self._stored(f"{run}.words.json") or (result if ended else {})
        fewer = _limit(self.words) < _limit(begun_by.get("command", self.words))
        others = [name for name in self._changed_since(begun_by.get("inputs", {})) if name.startswith("--")]
        if not self.resumes or fewer or others:
            return False  # a run matches the records of its input, and keeps those beyond a smaller limit
        is_run = any((folder / "run.json").is_file() for folder in (place, _beside(place)))
        return is_run or (place.is_dir() and not ended)

    def _stored(self, name: str) -> dict[str, Any]:
        """Empty where there is none, or none that can be read."""
        try:
            stored: dict[str, Any] = json.loads((self.folder / name).read_bytes())
        except (OSError, ValueError):
            return {}
        return stored

    def _store(self, name: str, content: Mapping[str, Any]) -> None:
        from tactful.runs import write_atomic

        write_atomic(self.folder / name, [json.dumps(content, ensure_ascii=False, indent=1).encode(), b"\n"])


def _beside(place: Path) -> Path:
    """Where the run lies of a command whose --out is a file."""
    return place.with_suffix(".run")


def _run_name(number: int) -> str:
    return "run" if number == 1 else f"run-{number}"


def _limit(words: Sequence[str]) -> float:
    """How many records the words take."""
    given = [after for word, after in pairwise(words) if word == "--limit"]
    given += [word.removeprefix("--limit=") for word in words if word.startswith("--limit=")]
    return int(given[-1]) if given and given[-1].isdecimal() else math.inf


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
