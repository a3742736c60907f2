"""Options and output shared by all commands. Data goes to stdout, everything else to stderr."""

from __future__ import annotations

import json
import math
import os
import shlex
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

from tactful.errors import DataError

if TYPE_CHECKING:
    from tactful.llm import ModelSpec
    from tactful.runs import RunSummary


T = TypeVar("T")


def finite(value: float | None) -> float | None:
    """A number as given. Raises BadParameter for `inf`, which no range excludes."""
    if value is not None and not math.isfinite(value):
        raise typer.BadParameter(f"{value} is no finite number")
    return value


JsonFlag = Annotated[bool, typer.Option("--json", help="Print the result as JSON on stdout.")]
OutOption = Annotated[
    Path | None, typer.Option("--out", help="Folder of this run; default: a new one in runs/.")
]
ResumeFlag = Annotated[bool, typer.Option("--resume", help="Go on with the run in --out.")]
SeedOption = Annotated[int, typer.Option("--seed", help="Equal seeds give equal results.")]
SkipBadFlag = Annotated[bool, typer.Option("--skip-bad", help="Leave out unusable lines and count them.")]
ConcurrencyOption = Annotated[int, typer.Option("--concurrency", min=1, help="Records worked on at a time.")]
CacheOption = Annotated[Path | None, typer.Option("--cache", help="Share this call cache between runs.")]
BudgetUsdOption = Annotated[
    float | None,
    typer.Option("--budget-usd", min=0, callback=finite, help="Stop cleanly before spending more than this."),
]
BudgetTokensOption = Annotated[
    int | None,
    typer.Option("--budget-tokens", min=0, help="Stop cleanly before using more tokens than this."),
]
DryRunFlag = Annotated[
    bool, typer.Option("--dry-run", help="Print the calls and their estimated cost; send nothing.")
]
LimitOption = Annotated[int | None, typer.Option("--limit", min=1, help="Take only the first N records.")]
ModelOption = Annotated[str, typer.Option("--model", help="Model name, or `offline` for the rehearsal.")]
BaseUrlOption = Annotated[
    str | None, typer.Option("--base-url", help="OpenAI-compatible endpoint; default: OPENAI_BASE_URL.")
]
ApiKeyEnvOption = Annotated[
    str, typer.Option("--api-key-env", help="Name of the variable that holds the key.")
]


def say(text: str = "") -> None:
    """A line for the person, on stderr."""
    print(text, file=sys.stderr)


def emit_json(data: Any) -> None:
    """The result for a program, on stdout."""
    print(json.dumps(data, ensure_ascii=False, indent=2, default=str))


def next_command(command: str) -> None:
    """How to go on, after success."""
    say(f"next: {command}")


def tell_failures(summary: RunSummary, then: str = "") -> None:
    """What failed, why most of it did, and how it is taken again; nothing where nothing failed."""
    if not summary.failed:
        return
    folder = summary.folder
    state = folder.state()
    try:
        _, error, reason, count = state.reasons("failed")[0]
    finally:
        state.close()
    most = "all" if count == summary.failed else "most" if 2 * count > summary.failed else "the largest group"
    say(f"{summary.failed} of {summary.read} failed, {most} ({count}) with {error}: {printable(reason)}")
    again = f"tactful runs retry {quoted(folder.path)}"
    say(f"why each failed: {folder.failures_path}; take them again: {again}{then}")


def begun(records: Iterator[T], name: str, *, what: str, fix: str) -> Iterator[T]:
    """The same records, the first already made: what is wrong at once leaves no run folder behind.

    Raises: DataError when there is none, saying that `name` holds no `what`, and `fix`.
    """
    first = next(records, None)
    if first is None:
        raise DataError.at(name, None, f"holds no {what}", fix=fix)

    def everything() -> Iterator[T]:  # a generator, so that closing it closes what stands behind `records`
        yield first
        yield from records

    return everything()


def printable(text: str) -> str:
    """Text without control characters: reasons may quote what a model or a file said."""
    return "".join(character if character.isprintable() else " " for character in text)


def end_empty(summary: RunSummary) -> None:
    """Exit code 1 when records were read and none is done: scripts must not go on with nothing."""
    if summary.failed and not summary.done:
        raise typer.Exit(1)


COUNTED_BYTES = 32_000_000
"""Inputs up to this size are read once beforehand, for the total that progress shows; longer ones are not worth it."""


def worth_counting(path: Path) -> bool:
    """Whether the records in `path` may be counted before they are worked on. Stdin can be read only once."""
    return str(path) != "-" and path.is_file() and path.stat().st_size <= COUNTED_BYTES


def count_lines(path: Path) -> int | None:
    """Lines of a file that are not blank; None where it is not `worth_counting`."""
    if not worth_counting(path):
        return None
    with path.open("rb") as file:
        return sum(1 for line in file if line.strip())


def quoted(path: Path | str) -> str:
    """A path as it can be typed into a shell."""
    return shlex.quote(str(path))


def model_spec(
    name: str,
    *,
    scripts: str,
    seed: int,
    base_url: str | None = None,
    api_key_env: str = "OPENAI_API_KEY",
    temperature: float | None = None,
    max_tokens: int | None = None,
    requests_per_minute: float | None = None,
    concurrency: int = 64,
) -> ModelSpec:
    """The model that the flags describe. `offline` speaks by `scripts` and `seed` and knows no endpoint.

    `OPENAI_BASE_URL` stands in for a missing `base_url`; the door lets `concurrency` calls through at a time.
    """
    from tactful.llm import CallOptions, ModelSpec

    offline = name == "offline"
    return ModelSpec(
        name=name,
        base_url=None if offline else base_url or os.environ.get("OPENAI_BASE_URL"),
        api_key_env=api_key_env,
        scripts=(scripts,) if offline else (),
        seed=seed if offline else 0,
        options=CallOptions(temperature=temperature, max_tokens=max_tokens),
        requests_per_minute=requests_per_minute,
        max_concurrency=max(64, concurrency),
    )
