"""What a function works on: records in memory, a file, a run folder or a `Run`."""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from tactful.errors import DataError, UsageError

if TYPE_CHECKING:
    from tactful.data.io import Rows
    from tactful.runs import Job

T = TypeVar("T")
NAMELESS = "<the records given>"
"""What messages call records in memory."""
_MADE_BY = {
    "states": "tf.states([…]) makes them of requests",
    "pairs": "tf.pairs(…) makes them",
    "rewarded": "tf.reward(…) makes them",
    "scenes": "tf.scenes(…) makes them",
}


def _record(item: Any, kind: str) -> Any:
    """The item, if it is a record at all. Raises: DataError for a text, a dictionary or the like."""
    from tactful.data.io import shorten
    from tactful.types import Record

    if not isinstance(item, Record):
        fix = _MADE_BY.get(kind, "give the file or the run that holds them")
        raise DataError.at(NAMELESS, None, f"holds {shorten(item)}, expected {kind or 'records'}", fix=fix)
    return item


class Input(Generic[T]):
    """Records with the name that messages call them by, iterated as often as wished (but for stdin)."""

    def __init__(self, records: Rows[T] | Sequence[T], name: str, path: Path | None) -> None:
        self._records = records
        self.name = name
        self.path = path
        """The file; None for records in memory."""

    @classmethod
    def of(
        cls,
        source: Any,
        rows: Callable[[Path], Rows[T]],
        *,
        kind: str = "",
        also: Collection[str] = (),
        check: Callable[[Any], T] | None = None,
    ) -> Input[T]:
        """`source` opened: a path (of a file or run) or a Run by `rows`, anything else as records, each through `check`.

        `kind` is what the file must hold, by the names of `tactful data check`, or one of `also`. Raises DataError for another
        kind, and for what is no record where no `check` says more; UsageError for what is neither a file nor records.
        """
        import os

        if not isinstance(source, str | os.PathLike):
            if not isinstance(source, Iterable):
                raise UsageError(f"{source!r} is neither a file nor a run nor a list of {kind or 'records'}")
            return cls([check(item) if check else _record(item, kind) for item in source], NAMELESS, None)
        from tactful.data.check import refuse_other_kind
        from tactful.runs import resolve_input

        path = resolve_input(Path(source))
        if kind:
            refuse_other_kind(path, kind, also=also, given=os.fspath(source))
        opened = rows(path)
        return cls(opened, opened.name, path)

    @property
    def retraceable(self) -> str | None:
        """The file by its whole path or URL, where another process can read it again; None for stdin and memory."""
        from tactful.sources import whole

        return None if self.path is None or str(self.path) == "-" else whole(self.path)

    @property
    def bad(self) -> int:
        """Unusable lines that were left out so far."""
        return getattr(self._records, "bad", 0)

    @property
    def problems(self) -> Sequence[str]:
        """What was wrong with the first of them."""
        return getattr(self._records, "problems", ())

    def __iter__(self) -> Iterator[T]:
        return iter(self._records)

    def count(self) -> int | None:
        """Lines or records; None where counting is not worth it."""
        from tactful.runs import count_lines

        return len(self._records) if self.path is None else count_lines(self.path)  # type: ignore[arg-type]

    def job(self, job: Job, *, skip_bad: bool) -> Job:
        """The job over these records: with their number, where it names no total of its own, and for `runs retry`."""
        from tactful.runs import reopening

        again = None if self.path is None else reopening(self.path, skip_bad=skip_bad)
        return replace(job, total=self.count() if job.total is None else job.total, resume_args=again)


def refuse_copies(records: Iterable[Hashable], name: str, what: str) -> None:
    """Raises DataError for two that are equal: whatever is made of `name` would count one of its records twice."""
    first: dict[Hashable, int] = {}
    for at, record in enumerate(records, start=1):
        if (before := first.setdefault(record, at)) != at:
            problem = f"{what} {at} is {what} {before} again, which would count twice"
            raise DataError.at(name, None, problem, fix="leave one of them out")
