"""Options that several functions take, as typed dictionaries. The groups of flags of the command line have their names.

They are given as keyword arguments: `rollout(states, model="gpt-4.1-mini", budget_usd=2, out="runs/r")`.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, ParamSpec, TypedDict, TypeVar

from tactful.errors import UsageError

if TYPE_CHECKING:
    from tactful.llm import ModelSpec
    from tactful.reading.setup import ReaderSetup
    from tactful.runs import RunOptions

P = ParamSpec("P")
C = TypeVar("C")
R = TypeVar("R")
S = TypeVar("S", bound=Sequence[Any] | None)


class ModelOptions(TypedDict, total=False):
    """Where a model answers, and how."""

    base_url: str | None
    """OpenAI-compatible endpoint; default: the variable OPENAI_BASE_URL."""
    api_key_env: str
    """Name of the variable that holds the key; default OPENAI_API_KEY."""
    timeout: float | None
    """Seconds that one call may take, retries included; default: as long as the model's speed calls for."""
    temperature: float | None
    max_tokens: int | None
    requests_per_minute: float | None


class JudgeOptions(TypedDict, total=False):
    """A model that judges; without a name, none does."""

    judge_model: str | None
    base_url: str | None
    api_key_env: str
    timeout: float | None


class ReaderOptions(ModelOptions, total=False):
    """What may be given to a reader that asks a model; the others need none of it."""

    samples: int
    """Replies drawn for a text, or solutions to compare; default 5; of a calibrated reader: as it was calibrated."""
    concurrency: int
    """Texts read at a time; default 16."""
    cache: Path | str | None
    """Call cache: what was answered once is not asked again."""
    budget_usd: float | None
    """Stop before spending more."""
    budget_tokens: int | None
    seed: int
    """The offline model's, and of `tf.states` the draw of the bundled tasks."""
    unsafe_exec: bool
    """consistency: run solutions without a cage where none is at hand: dangerous."""


class ExecutorOptions(TypedDict, total=False):
    """Where the work is done. What comes out is the same."""

    executor: Literal["local", "ray"]
    """In this process (default), or in worker actors on Ray."""
    ray_address: str | None
    """The Ray cluster to join, `auto` for the one of this machine; default: Ray is started here and stopped at the end."""
    workers: int | None
    """ray: worker processes; default: the cores of this machine."""
    per_worker_concurrency: int | None
    """ray: records that one worker works on at a time; default: `concurrency` divided among them."""


class SpendOptions(ExecutorOptions, total=False):
    """How fast a run goes on, and for how much."""

    concurrency: int
    """Records worked on at a time; default 32."""
    cache: Path | str | None
    """Call cache shared between runs."""
    budget_usd: float | None
    """Stop cleanly before spending more; over all resumes."""
    budget_tokens: int | None
    progress: Literal["auto", "rich", "plain", "off"]


class RunSettings(SpendOptions, total=False):
    """How a run goes on. Only the seed changes what comes out."""

    out: Path | str | None
    """Folder of the run; default: a new one in `runs/`."""
    resume: bool
    """Go on with the run in `out`."""
    seed: int
    limit: int | None
    """Take only the first N records."""


_MODEL = ("base_url", "api_key_env", "timeout", "temperature", "max_tokens", "requests_per_minute")
_RUN = (*SpendOptions.__annotations__, "out", "resume", "seed", "limit")


def takes(options: type) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """What makes a function refuse keyword arguments that are neither its own nor among `options`, a typed dictionary.

    Python checks no typed dictionary: a misspelt budget would be none. The function raises UsageError, with what was
    meant.
    """

    def checked(call: Callable[P, R]) -> Callable[P, R]:
        own = inspect.signature(call).parameters.values()
        known = {*options.__annotations__, *(one.name for one in own if one.kind is not one.VAR_KEYWORD)}

        @functools.wraps(call)
        def refusing(*args: P.args, **kwargs: P.kwargs) -> R:
            for name in kwargs:
                if name not in known:
                    raise UsageError(f"'{name}' is no option of {call.__name__}; {_instead(name, known)}")
            return call(*args, **kwargs)

        return refusing

    return checked


def _instead(name: str, known: Collection[str]) -> str:
    from difflib import get_close_matches

    meant = get_close_matches(name, known, n=1)
    return f"did you mean '{meant[0]}'?" if meant else f"expected some of {', '.join(sorted(known))}"


def run_options(options: Mapping[str, Any]) -> RunOptions:
    """The part of `options` that the runner takes."""
    from tactful.runs import RunOptions

    return configured(RunOptions, **{name: options[name] for name in _RUN if name in options})


def executor_options(options: Mapping[str, Any]) -> dict[str, Any]:
    """The part of `options` that says where the work is done."""
    return {name: options[name] for name in ExecutorOptions.__annotations__ if name in options}


def spec_of(name: str, scripts: str, options: Mapping[str, Any], **fixed: Any) -> ModelSpec:
    """The model of that name under `options`; `offline` speaks by `scripts` and the seed of the run."""
    from tactful.llm import model_spec

    given = {key: options[key] for key in (*_MODEL, "seed", "concurrency") if key in options}
    given["timeout_s"] = given.pop("timeout", None)
    return configured(model_spec, name, scripts=scripts, **{"concurrency": 32, **given, **fixed})


def judge_spec(name: str, options: Mapping[str, Any]) -> ModelSpec:
    """A judge that is a chat model: it answers where the model does, unless told otherwise, with room to think before."""
    from tactful.reward.judging.judge import SCRIPTS
    from tactful.reward.pipeline import MAX_TOKENS

    there = ((key, options.get(f"judge_{key}")) for key in ("base_url", "api_key_env"))
    given = {key: value for key, value in there if value is not None}
    room = options.get("max_tokens") or MAX_TOKENS
    return spec_of(name, SCRIPTS, options, temperature=None, max_tokens=room, **given)


def reader_setup(options: Mapping[str, Any]) -> ReaderSetup:
    """The part of `options` that a reader takes."""
    from tactful.reading.setup import ReaderSetup

    given = {key: options[key] for key in ReaderOptions.__annotations__ if options.get(key) is not None}
    if "timeout" in given:
        given["timeout_s"] = given.pop("timeout")
    return configured(ReaderSetup, **given)


def others(options: Mapping[str, Any]) -> dict[str, Any]:
    """What is left of `options` for the pipeline itself."""
    return {name: value for name, value in options.items() if name not in (*_MODEL, *_RUN)}


def configured(kind: Callable[P, C], /, *values: P.args, **options: P.kwargs) -> C:
    """What `kind` makes of these options. Raises UsageError, with the option's name, for a value that it does not take."""
    from pydantic import ValidationError

    from tactful.data.io import describe

    try:
        return kind(*values, **options)
    except ValidationError as error:
        raise UsageError(describe(error, "the call")) from None


def one_of(name: str, given: str, choices: Collection[str]) -> None:
    """Raises UsageError for a value that is none of the choices."""
    if given not in choices:
        raise UsageError(f"{name} is '{given}', expected one of {', '.join(choices)}")


def at_least_one(name: str, given: int | None) -> None:
    """Raises UsageError for a number below 1; None is no number."""
    if given is not None and given < 1:
        raise UsageError(f"{name} is {given}, expected 1 or more")


def refuse_limit(options: Mapping[str, Any], whole: str) -> None:
    """Raises UsageError for a limit where a part would be measured as if it were all."""
    if options.get("limit") is not None:
        raise UsageError(f"limit={options['limit']} would leave records out of figures that are of {whole}")


def listed(name: str, given: S) -> S:
    """The names given. Raises UsageError for one bare text, whose letters would be taken for names."""
    if isinstance(given, str):
        raise UsageError(f"{name} is the text '{given}', expected a list: {name}=['{given}']")
    return given
