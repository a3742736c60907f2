"""How a reader that asks a model reaches it, and which one a name means."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Literal, NamedTuple

from pydantic import Field

from tactful.errors import UsageError
from tactful.types import Record

if TYPE_CHECKING:
    from tactful.llm import ModelSpec

SAMPLES = 5
_URL = re.compile(r"https?://")

Way = Literal["prompted", "decisions", "consistency"]


class ReaderSetup(Record):
    """Where a reader's model answers, how often it is asked, and what may be spent."""

    base_url: str | None = None
    api_key_env: str = "OPENAI_API_KEY"
    timeout_s: float | None = Field(default=None, gt=0)
    temperature: float | None = Field(default=None, ge=0, le=2)
    max_tokens: int | None = Field(default=None, gt=0)
    requests_per_minute: float | None = Field(default=None, gt=0)
    samples: int = Field(default=SAMPLES, ge=1)
    """Replies drawn for a text (prompted), or solutions (consistency)."""
    concurrency: int = Field(default=16, ge=1)
    """Texts that are read at a time."""
    cache: Path | None = None
    budget_usd: float | None = None
    budget_tokens: int | None = None
    seed: int = 0
    """The offline model's."""
    unsafe_exec: bool = False
    """consistency: run solutions where no cage is at hand."""


class AskedName(NamedTuple):
    """Which model a reader asks, and in which way."""

    way: Way
    model: str
    base_url: str | None

    @property
    def said(self) -> str:
        """As tables, records and fits name it: without the place."""
        return self.model if self.way == "prompted" else f"{self.way}:{self.model}"

    @property
    def named(self) -> str:
        """As results name who judged: of the offline model, that it rehearses."""
        return f"{self.said} (a rehearsal)" if self.model == "offline" else self.said


def asked_name(name: str) -> AskedName:
    """`MODEL`, `decisions:MODEL` or `consistency:MODEL`, each with `@URL` behind it where its endpoint is another.

    `decisions:URL` asks that endpoint for the model `default`. Raises: UsageError without a model's name.
    """
    way, colon, rest = name.partition(":")
    asked: Way = "prompted"
    if colon and way in ("decisions", "consistency"):
        asked = "decisions" if way == "decisions" else "consistency"
    else:
        rest = name
    if asked == "decisions" and _URL.match(rest):
        return AskedName(asked, "default", rest)
    model, at, url = rest.rpartition("@")
    if not (at and _URL.match(url)):
        model, url = rest, ""
    if not model.strip():
        raise UsageError(
            f"reader '{name}' names no model; write MODEL, MODEL@URL, decisions:MODEL or consistency:MODEL"
        )
    return AskedName(asked, model, url or None)


def spec_for(name: AskedName, setup: ReaderSetup) -> ModelSpec:
    """The model of a reader. Raises: UsageError, when several draws would all be the same."""
    if name.way == "consistency" and setup.samples < 2:
        raise UsageError(
            "consistency compares solutions: --samples 1 leaves nothing to compare; give 2 or more"
        )
    if name.way != "decisions" and setup.samples > 1 and setup.temperature == 0:
        raise UsageError(
            f"--samples {setup.samples} at --temperature 0 draws the same reply {setup.samples} times; raise it"
        )
    scripts = "reading.consistency" if name.way == "consistency" else "reading.prompted"
    return asked_model(name, setup, scripts=scripts, calls=setup.concurrency * setup.samples)


def asked_model(name: AskedName, setup: ReaderSetup, *, scripts: str, calls: int) -> ModelSpec:
    """The model of that name, asked as `setup` says, `calls` at a time; offline it speaks by `scripts`."""
    from tactful.llm import model_spec

    return model_spec(
        name.model,
        scripts=scripts,
        seed=setup.seed,
        base_url=name.base_url or setup.base_url,
        api_key_env=setup.api_key_env,
        temperature=setup.temperature,
        max_tokens=setup.max_tokens,
        requests_per_minute=setup.requests_per_minute,
        timeout_s=setup.timeout_s,
        concurrency=calls,
    )
