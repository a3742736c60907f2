"""A cell of a sweep: one command in a process of its own, on this machine or by a worker of Ray."""

from __future__ import annotations

import json
import math
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from types import FrameType
from typing import Any

from tactful.errors import Interrupted, UsageError, UserError

Outcome = tuple[dict[str, Any] | None, str]
"""The command's result; or None and what it said last."""

_RESULT = "result.json"
_STOPPED = "{}; the same command goes on"
_PR_SET_PDEATHSIG = 1
_COMMAND = (
    f"import ctypes, runpy, sys; ctypes.CDLL(None).prctl({_PR_SET_PDEATHSIG}, int(sys.argv.pop(1))); "
    "runpy.run_module('tactful', run_name='__main__', alter_sys=True)"
)
"""`tactful`, which gets the signal that its first word says when we end, however we end."""


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

    @property
    def place(self) -> Path:
        """The folder, wherever one stands: a worker of a cluster stands elsewhere."""
        return self.started_in / self.folder

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
        run = _run_name(number)
        begun = self._begun(run)
        resume = begun and self._goes_on(run)
        if begun and not resume:
            run = _run_name(number + 1)
        return (*self.words[:-2], str(self.folder / run), "--json", *(["--resume"] if resume else []))

    def run(self, at_our_end: signal.Signals = signal.SIGTERM) -> Outcome:
        """Run it, or go on with what was begun, and store its result. `at_our_end`: what it gets if we die."""
        from tactful.runs import write_atomic

        self.place.mkdir(parents=True, exist_ok=True)
        words = self.call()
        out = Path(words[len(self.words) - 2]).name
        stored = {"command": list(self.words), "inputs": dict(self.inputs), "out": out}
        self._store(f"{out}.words.json", stored)
        done = _ran(words[1:], at_our_end, self.started_in)
        write_atomic(self.place / "log.txt", [done.stderr.encode()])
        if done.returncode:
            return None, _last_said(done.stderr) or f"exit code {done.returncode}"
        result = json.loads(done.stdout)
        self._store(_RESULT, {**stored, "result": result})
        return result, ""

    def _changed_since(self, before: Mapping[str, str]) -> list[str]:
        return [name for name, content in self.inputs.items() if before.get(name, content) != content]

    def _begun(self, run: str) -> bool:
        place = self.place / run
        return place.exists() or _beside(place).exists()

    def _goes_on(self, run: str) -> bool:
        """Whether --resume makes of what lies there what these words make anew."""
        place = self.place / run
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
            stored: dict[str, Any] = json.loads((self.place / name).read_bytes())
        except (OSError, ValueError):
            return {}
        return stored

    def _store(self, name: str, content: Mapping[str, Any]) -> None:
        from tactful.runs import write_atomic

        write_atomic(self.place / name, [json.dumps(content, ensure_ascii=False, indent=1).encode(), b"\n"])


def _ran(words: Sequence[str], at_our_end: signal.Signals, place: Path) -> subprocess.CompletedProcess[str]:
    """The command at its end. What stops us stops it first, once: a run stores what is finished."""
    command = [sys.executable, "-c", _COMMAND, str(int(at_our_end)), *words]
    pipe = subprocess.PIPE
    with subprocess.Popen(
        command, stdout=pipe, stderr=pipe, text=True, cwd=place, start_new_session=True
    ) as process:
        try:
            said, told = process.communicate()
        except BaseException:
            process.terminate()
            try:
                process.communicate()
            except BaseException:  # a second Ctrl-C
                process.kill()
                raise
            raise
    return subprocess.CompletedProcess(command, process.returncode, said, told)


def _last_said(told: str) -> str:
    """The last line, or what stands in the box in which wrong options are told."""
    lines = told.strip().splitlines() or [""]
    if lines[-1][:1] in ("╰", "+"):
        return " ".join(line.strip("│| ") for line in lines if line[:1] in ("│", "|"))
    return lines[-1]


@contextmanager
def _stops_as_runs_do() -> Iterator[None]:
    """Ctrl-C, and SIGTERM where nobody else has said what it does, end a sweep with a sentence."""

    def stop(number: int, frame: FrameType | None) -> None:
        raise Interrupted(_STOPPED.format("stopped by SIGTERM"))

    in_main = threading.current_thread() is threading.main_thread()
    if ours := in_main and signal.getsignal(signal.SIGTERM) is signal.SIG_DFL:
        signal.signal(signal.SIGTERM, stop)
    try:
        yield
    except KeyboardInterrupt as error:
        raise Interrupted(_STOPPED.format("interrupted by Ctrl-C")) from error
    finally:
        if ours:
            signal.signal(signal.SIGTERM, signal.SIG_DFL)


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
        if not cell.place.is_dir() or not cell.started_in.is_dir():
            return UserError(
                f"{cell.folder}: is not there on every node; a sweep on a cluster needs input and 'out' on a file "
                "system that all nodes share"
            )
        return cell.run(
            signal.SIGKILL
        )  # else it would keep its folder locked for the worker that takes our place


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
        with _stops_as_runs_do():
            yield lambda cells: (cell.run() for cell in cells)
        return
    from tactful.runs.running.ray.spread import Spread

    def spread(cells: Iterable[Cell]) -> Iterator[Outcome]:
        waiting = list(cells)
        if not waiting:
            return
        for cell in waiting:
            cell.place.mkdir(parents=True, exist_ok=True)
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
