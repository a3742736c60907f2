"""What a function works on: records in memory, a file, a run folder or a `Run`."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, TypeVar

if TYPE_CHECKING:
    from tactful.data.io import Rows
    from tactful.runs import Job

T = TypeVar("T")
NAMELESS = "<the records given>"
"""What messages call records in memory."""


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
        check: Callable[[T], T] = lambda item: item,
    ) -> Input[T]:
        """`source` opened: a path (of a file or run) or a Run by `rows`, anything else as records, each through `check`.

        `kind` is what the file must hold, by the names of `tactful data check`, or one of `also`. Raises DataError for another kind.
        """
        import os

        if not isinstance(source, str | os.PathLike):
            return cls([check(record) for record in source], NAMELESS, None)
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
