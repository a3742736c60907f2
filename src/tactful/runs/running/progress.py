"""How far is the run? A live line on a terminal or plain lines, on stderr; a bar below the cell of a notebook; or nothing."""

from __future__ import annotations

import operator
import sys
import time
from collections.abc import Iterable
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any, Literal, Self

from tactful.llm.types import Usage
from tactful.runs.result import RowState

if TYPE_CHECKING:
    import rich.live

Mode = Literal["auto", "rich", "plain", "off"]


@dataclass
class Tally:
    """Counts of this session."""

    behind: int = 0
    """Records of the input that need no more work, those of earlier sessions included."""
    done: int = 0
    failed: int = 0
    skipped: int = 0
    calls: int = 0
    cached: int = 0
    tokens: int = 0
    cached_prompt_tokens: int = 0
    cost_usd: float | None = 0.0
    estimated: bool = False
    standing: str = ""
    """Who works, where that does not go without saying."""

    def count(self, state: RowState, cost: Usage | None) -> None:
        """One more record is stored."""
        if state == "done":
            self.done += 1
        elif state == "failed":
            self.failed += 1
        else:
            self.skipped += 1
        if cost is not None:
            self._pay(cost)

    def _pay(self, cost: Usage) -> None:
        """Plain sums: adding up records for every call would show in the CPU time of a call."""
        self.calls += cost.calls
        self.cached += cost.cached
        self.tokens += cost.prompt_tokens + cost.completion_tokens
        self.cached_prompt_tokens += cost.cached_prompt_tokens
        self.estimated |= cost.estimated
        if self.cost_usd is not None:
            self.cost_usd = None if cost.cost_usd is None else self.cost_usd + cost.cost_usd


class Progress:
    """Shows nothing. The others extend it; use as a context manager, call `show` every `every_s`."""

    every_s = 1.0

    def __init__(self, title: str, total: int | None) -> None:
        self._title = title
        self._total = total
        self._began = time.monotonic()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        return None

    def show(self, tally: Tally) -> None:
        """How the session stands."""

    def say(self, line: str) -> None:
        """The last words of the run."""

    def _counts(self, tally: Tally) -> str:
        """What is finished in this session."""
        skipped = f", {tally.skipped} skipped" if tally.skipped else ""
        return f"{tally.done} done, {tally.failed} failed{skipped}"

    def _left(self, tally: Tally) -> str:
        """The time left; empty where the total is unknown or nothing is finished."""
        finished = tally.done + tally.failed + tally.skipped
        if self._total is None or not finished:
            return ""
        return f"about {duration(max(0, self._total - tally.behind) * self._worked_s / finished)} left"

    def _told(self, tally: Tally) -> str:
        """All of it on one line."""
        told = (self._counts(tally), tally.standing, self._left(tally), self._spending(tally))
        return f"{self._place(tally)}: {', '.join(filter(None, told))}"

    def _spending(self, tally: Tally) -> str:
        """Calls, speed and cost; empty before the first call."""
        if not tally.calls and not tally.cached:
            return ""
        speed = (tally.calls + tally.cached) / self._worked_s
        cost = _money(tally.tokens, tally.cost_usd, tally.estimated)
        return f"{tally.cached} cached, {speed:.1f} calls/s, {cost}"

    def _place(self, tally: Tally) -> str:
        return f"{tally.behind}" + (f" of {self._total}" if self._total is not None else "")

    @property
    def _worked_s(self) -> float:
        return max(time.monotonic() - self._began, 1e-9)


class PlainProgress(Progress):
    """A line every few seconds, once there is something to tell."""

    every_s = 5.0

    def show(self, tally: Tally) -> None:
        """One line."""
        if tally.behind:
            self.say(self._told(tally))

    def say(self, line: str) -> None:
        """One line."""
        sys.stderr.write(f"{self._title}: {line}\n")
        sys.stderr.flush()


class RichProgress(PlainProgress):
    """Columns that are redrawn in place: how far, and below what came of it at what cost. Never wider than the terminal."""

    every_s = 0.25

    def __enter__(self) -> Self:
        from rich.console import Console, Group
        from rich.live import Live
        from rich.progress import BarColumn, Progress, TextColumn
        from rich.table import Column

        def words(field: str) -> TextColumn:
            return TextColumn(field, markup=False, table_column=Column(no_wrap=True, overflow="ellipsis"))

        bar = () if self._total is None else (BarColumn(None, table_column=Column(max_width=24)),)
        self._far = Progress(words("{task.description}"), *bar, words("{task.fields[told]}"))
        self._below = Progress(words("  {task.description}"))
        self._far.add_task(self._title, total=self._total, told="")
        for _ in range(2):
            self._below.add_task("", visible=False)
        console = Console(stderr=True, highlight=False)
        self._live: rich.live.Live = Live(
            Group(self._far, self._below),
            console=console,
            auto_refresh=False,
            redirect_stdout=False,
            transient=True,
        )
        self._live.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._live.stop()

    def show(self, tally: Tally) -> None:
        """Redraw."""
        told = ", ".join(filter(None, (self._place(tally), self._left(tally))))
        self._far.update(self._far.task_ids[0], completed=tally.behind, told=told)
        counts = ", ".join(filter(None, (self._counts(tally), tally.standing)))
        for task, line in zip(self._below.task_ids, (counts, self._spending(tally)), strict=True):
            self._below.update(task, description=line, visible=bool(line))
        self._live.refresh()


class NotebookProgress(Progress):
    """A bar in the output of the cell, redrawn in place; what the run said last is left."""

    every_s = 0.25

    def __init__(self, title: str, total: int | None) -> None:
        super().__init__(title, total)
        self._said: list[str] = []

    def __enter__(self) -> Self:
        from IPython.display import display

        self._shown = display(self._bundle(""), raw=True, display_id=True)  # type: ignore[no-untyped-call]
        return self

    def show(self, tally: Tally) -> None:
        """Redraw."""
        known = f' max="{self._total}" value="{tally.behind}"' if self._total else ""
        self._draw(self._told(tally), f"<progress{known}></progress> ")

    def say(self, line: str) -> None:
        """One line, in place of the bar."""
        self._said.append(line)
        self._draw("")

    def _draw(self, line: str, bar: str = "") -> None:
        self._shown.update(self._bundle(line, bar), raw=True)

    def _bundle(self, line: str, bar: str = "") -> dict[str, Any]:
        """The lines so far as the notebook takes them, as text and as HTML."""
        lines = [f"{self._title}: {said}" for said in (*self._said, line) if said]
        html = "<br>".join(map(escape, lines))
        return {"text/plain": "\n".join(lines), "text/html": f"<small>{bar}{html}</small>"}


def open_progress(mode: Mode, title: str, total: int | None) -> Progress:
    """What `mode` asks for; `auto` looks where we are."""
    if mode == "off":
        return Progress(title, total)
    if mode == "auto" and _in_notebook():
        return NotebookProgress(title, total)
    if mode == "rich" or (mode == "auto" and sys.stderr.isatty()):
        return RichProgress(title, total)
    return PlainProgress(title, total)


def _in_notebook() -> bool:
    """A kernel shows what is displayed here; IPython in a terminal is a terminal."""
    ipython: Any = sys.modules.get("IPython")
    return hasattr(ipython and ipython.get_ipython(), "kernel")


def expected_total(source: Iterable[object], limit: int | None, total: int | None = None) -> int | None:
    """How many records there will be: `total` as told, else what the source says without being read; None: unknown."""
    total = total or operator.length_hint(source, 0) or None
    if limit is None or total is None:
        return total
    return min(limit, total)


def spent(usage: Usage) -> str:
    """Tokens and money in words: `12,300 tokens, $0.0451`."""
    told = _money(usage.prompt_tokens + usage.completion_tokens, usage.cost_usd, usage.estimated)
    found = usage.cached_prompt_tokens
    return f"{told}, {found:,} of the tokens from the endpoint's prompt cache" if found else told


def _money(tokens: int, cost_usd: float | None, estimated: bool) -> str:
    count = f"about {tokens:,} tokens (estimated)" if estimated else f"{tokens:,} tokens"
    return f"{count}, {'price unknown' if cost_usd is None else f'${cost_usd:.4f}'}"


def duration(seconds: float) -> str:
    """A length of time to one unit: `42 s`, `7 min`, `3.2 h`; never negative."""
    seconds = max(0.0, seconds)
    if seconds < 90:
        return f"{seconds:.0f} s"
    if seconds < 90 * 60:
        return f"{seconds / 60:.0f} min"
    if seconds < 48 * 3600:
        return f"{seconds / 3600:.1f} h"
    return f"{seconds / 86400:.0f} d"
