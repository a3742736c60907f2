"""What commands say. Data goes to stdout, everything else to stderr."""

from __future__ import annotations

import json
import shlex
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

import typer

from tactful.errors import visible

if TYPE_CHECKING:
    from pydantic import BaseModel

    from tactful.api.runs import Run
    from tactful.runs import RunSummary

F = TypeVar("F", bound="BaseModel")


class HasBad(Protocol):
    """What was read, and what was left out of it."""

    @property
    def bad(self) -> int:
        """Unusable lines."""
        ...

    @property
    def problems(self) -> Sequence[str]:
        """What was wrong with the first of them."""
        ...


class Asked(Protocol):
    """What one model would be asked; estimates."""

    @property
    def calls(self) -> int:
        """Requests."""
        ...

    @property
    def prompt_tokens(self) -> int:
        """Of all of them."""
        ...

    @property
    def completion_tokens(self) -> int:
        """Of all of them."""
        ...

    @property
    def cost_usd(self) -> float | None:
        """None: the price is not known."""
        ...


def say(text: str = "") -> None:
    """A line for the person, on stderr; names of files in it may hold any character."""
    print(visible(text), file=sys.stderr)


def print_lines(*lines: object) -> None:
    """What was found, for a person, on stdout, a line each; what is quoted in it may hold any character."""
    print(*(visible(str(line)) for line in lines), sep="\n")


def emit_json(data: Any) -> None:
    """The result for a program, on stdout."""
    print(json.dumps(data, ensure_ascii=False, indent=2, default=str))


def tell_found(
    found: F, lines: Callable[[F], Iterable[object]] = lambda found: (found,), *, as_json: bool
) -> None:
    """What was found: for a program as JSON, for a person in lines."""
    if as_json:
        emit_json(found.model_dump(mode="json"))
    else:
        print_lines(*lines(found))


def next_command(command: str) -> None:
    """How to go on, after success."""
    say(f"next: {command}")


def tell_failures(summary: RunSummary, then: str = "") -> None:
    """What failed, why most of it did, and how it is taken again; nothing where nothing failed."""
    if not summary.failed:
        return
    folder = summary.folder
    _, error, reason, count = folder.reasons("failed")[0]
    most = "all" if count == summary.failed else "most" if 2 * count > summary.failed else "the largest group"
    say(f"{summary.failed} of {summary.read} failed, {most} ({count}) with {error}: {printable(reason)}")
    again = f"tactful runs retry {quoted(folder.path)}"
    say(f"why each failed: {folder.failures_path}; take them again: {again}{then}")


def tell_bad(read: HasBad) -> None:
    """How many lines were left out and why the first; nothing where all were usable."""
    if read.bad:
        say(f"{read.bad} unusable lines left out, the first: {read.problems[0]}")


def tell_forecast(
    expected: BaseModel, words: str, asked: Iterable[tuple[str, Asked]], *, as_json: bool
) -> None:
    """What a run would ask of its models, each with what it is called; `words` opens the lines for a person."""
    if as_json:
        emit_json(expected.model_dump(mode="json"))
        return
    say(words)
    for who, one in asked:
        cost = "price not known" if one.cost_usd is None else f"about {one.cost_usd:.2f} USD"
        tokens = f"{one.prompt_tokens} prompt and {one.completion_tokens} completion tokens"
        say(f"  {who}: {one.calls} calls, {tokens}, {cost}")


def printable(text: str) -> str:
    """Text without control characters: reasons may quote what a model or a file said."""
    return "".join(character if character.isprintable() else " " for character in text)


def end_empty(summary: RunSummary) -> None:
    """Exit code 1 when records were read and none is done: scripts must not go on with nothing."""
    if summary.failed and not summary.done:
        raise typer.Exit(1)


def tell_end(run: Run[Any], then: str = "") -> None:
    """What was left out of a run's input and what failed in it; ends with exit code 1 when nothing was done."""
    tell_bad(run)
    tell_failures(run.summary, then)
    end_empty(run.summary)


def quoted(path: Path | str) -> str:
    """A path as it can be typed into a shell."""
    return shlex.quote(str(path))


def tell_reading(reader: object) -> None:
    """What a reader that asks a model has used, or an audit by one; nothing for any other."""
    usage = getattr(reader, "usage", None)
    if usage is None:
        return
    cost = "price not known" if usage.cost_usd is None else f"${usage.cost_usd:.4f}"
    old = f", {usage.cached} from the cache" if usage.cached else ""
    say(f"{usage.calls} calls{old}, {usage.prompt_tokens} + {usage.completion_tokens} tokens, {cost}")
