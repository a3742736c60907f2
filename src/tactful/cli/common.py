"""Options and output shared by all commands. Data goes to stdout, everything else to stderr."""

from __future__ import annotations

import json
import math
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from tactful.llm import ModelSpec


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
