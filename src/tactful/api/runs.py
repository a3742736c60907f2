"""A run in Python: iterate over its records, look at its failures, take them again."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, Self, TypeVar, Unpack

from tactful.api.options import SpendOptions, run_options, takes
from tactful.api.tables import to_pandas

if TYPE_CHECKING:
    import pandas

    from tactful.api.inputs import Input
    from tactful.data.io import Rows
    from tactful.runs import Failure, Job, RunFolder, RunOptions, RunSummary
    from tactful.types import Record

T = TypeVar("T", bound="Record")
R = TypeVar("R")


class Run(Generic[T]):
    """A finished run: `for record in run`, `run.failures()`, `run.retry()`.

    Records are read from the disk as they are asked for; a run of any length takes no memory.
    """

    def __init__(
        self,
        summary: RunSummary,
        kind: type[T],
        *,
        source: Input[Any] | Rows[Any] | None = None,
        again: Callable[[], Job] | None = None,
    ) -> None:
        self.summary = summary
        """Counts (read = done + failed + skipped), usage and cost."""
        self._kind = kind
        self._again = again
        self.problems: Sequence[str] = source.problems if source else ()
        """The first unusable lines of the input that were left out, with `skip_bad`."""
        self.bad = source.bad if source else 0
        """How many unusable lines there were."""

    @property
    def folder(self) -> Path:
        """Where the run lies."""
        return self.summary.folder.path

    @property
    def details(self) -> dict[str, Any]:
        """What the command prints with `--json`, from `summary.json`; empty for runs that write none."""
        file = self.folder / "summary.json"
        found: dict[str, Any] = json.loads(file.read_bytes()) if file.is_file() else {}
        return found

    def __iter__(self) -> Iterator[T]:
        return self.summary.folder.records(self._kind)

    def rows(self) -> list[dict[str, Any]]:
        """The records as dictionaries."""
        return [record.model_dump(mode="json") for record in self]

    def to_pandas(self) -> pandas.DataFrame:
        """The records as a data frame. Raises UserError where pandas is not installed."""
        return to_pandas(self.rows())

    def failures(self) -> list[Failure]:
        """What failed, each with stage, error and reason."""
        return list(self.summary.folder.failures())

    @takes(SpendOptions)
    def retry(self, *, unscored: bool = False, trust: bool = False, **options: Unpack[SpendOptions]) -> Self:
        """Take the failed records again, with `unscored` also those that could not be judged; the run as it stands then,
        and what its records say.

        `trust`: the folder is yours, also where no earlier run here used its endpoint. Raises what the run itself
        raises; UserError when another process made it from records in memory (the same call with `resume=True` gives a
        run that can be taken up).
        """
        from tactful.jobs import job_of
        from tactful.runs import retry_run

        folder = self.summary.folder
        if self._again is None and not folder.info().resume_with and not self._left(unscored=unscored):
            return self
        job = job_of(folder, trust=trust) if self._again is None else self._again()
        chosen = run_options(options)
        self.summary = outside_loop(lambda: retry_run(folder, job, unscored=unscored, options=chosen))
        for name in list(vars(self)):
            if isinstance(getattr(type(self), name, None), cached_property):
                delattr(self, name)
        return self

    def _left(self, *, unscored: bool) -> int:
        """How many records a retry would take."""
        now = summary_of(self.summary.folder)
        return now.failed + (now.unscored if unscored else 0)

    def __fspath__(self) -> str:
        return str(self.folder)

    def __repr__(self) -> str:
        one = self.summary
        parts = [f"{one.done} done", *([f"{one.failed} failed"] if one.failed else [])]
        parts += [f"{one.skipped} skipped"] if one.skipped else []
        parts += [f"{one.unscored} unscored"] if one.unscored else []
        return f"<{type(self).__name__} of {self._kind.__name__} in {self.folder}: {', '.join(parts)}>"

    def _repr_html_(self) -> str:
        one = self.summary
        cost = "" if one.usage.cost_usd is None else f", ${one.usage.cost_usd:.4f}"
        lines = [
            f"<b>{escape(str(self.folder))}</b>",
            f"{one.read} read = {one.done} done + {one.failed} failed + {one.skipped} skipped; "
            f"{one.unscored} unscored; {one.usage.calls} calls{cost}",
        ]
        lines += [escape(f"{item.id}: {item.error}: {item.reason}") for item in self.failures()[:5]]
        return "<div>" + "<br>".join(lines) + "</div>"


def worked(job: Job, options: RunOptions) -> RunSummary:
    """Run `job` to its end, wherever we are called from. Raises as `run_job`."""
    from tactful.runs import run_job

    return outside_loop(lambda: run_job(job, options))


def worked_over(
    make: Callable[[], Job], name: str, options: Mapping[str, Any], *, what: str, fix: str
) -> tuple[RunSummary, Callable[[], Job] | None]:
    """The job that `make` gives over the input `name`, run to its end, and how `Run` takes it up again.

    Raises as `run_job`; DataError, before there is a folder, where the input holds no `what`.
    """
    from tactful.runs import begun

    job = make()
    first = begun(iter(job.source), name, what=what, fix=fix)
    summary = worked(replace(job, source=first), run_options(options))
    return summary, None if job.resume_args is not None else make


def outside_loop(call: Callable[[], R]) -> R:
    """What `call` gives; in a thread of its own where an event loop runs already (a notebook), which waits meanwhile.

    Stopping the cell stops the run there, as Ctrl-C does in a terminal.
    """
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return call()
    import threading
    import time
    from concurrent.futures import ThreadPoolExecutor

    from tactful.runs.running.session import STOPS

    with ThreadPoolExecutor(1) as pool:
        thread, working = pool.submit(threading.get_ident).result(), pool.submit(call)
        try:
            return working.result()
        except KeyboardInterrupt:
            while (stop := STOPS.get(thread)) is None and not working.done():
                time.sleep(0.01)  # the run is about to begin: only then can it be stopped
            if stop is None:
                raise
            stop()
            return working.result()


def summary_of(folder: RunFolder) -> RunSummary:
    """How the run in `folder` stands."""
    from tactful.runs import RunSummary

    return RunSummary.of(folder, folder.counts(), folder.usage(), interrupted=folder.standing() != "done")
