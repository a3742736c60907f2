"""A progress line on stderr for work that is no run: on a terminal a bar, elsewhere a line now and then."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

_EVERY_S = 30.0


@contextmanager
def steps(what: str) -> Iterator[Callable[[int, int], None]]:
    """Gives a function that takes (done, total)."""
    if not sys.stderr.isatty():
        told = time.monotonic()

        def line(done: int, total: int) -> None:
            nonlocal told
            if done == total or time.monotonic() - told >= _EVERY_S:
                told = time.monotonic()
                print(f"{what}: {done} of {total}", file=sys.stderr, flush=True)

        yield line
        return
    from rich.console import Console
    from rich.progress import Progress, TimeRemainingColumn

    with Progress(
        *Progress.get_default_columns()[:2], TimeRemainingColumn(), console=Console(stderr=True)
    ) as shown:
        task = shown.add_task(what, total=None)
        yield lambda done, total: shown.update(task, completed=done, total=total)
