"""Flags that more than one command takes: single ones as annotated types, those that go together as groups.

A group is a frozen dataclass whose fields are flags; a command takes it as one parameter, and `splice.py` shows its
fields as flags of the command. What differs in one command is a subclass there, or `Annotated[RunFlags, without("limit")]`.
"""

from __future__ import annotations

import math
import shlex
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, cast

import typer

if TYPE_CHECKING:
    from tactful.api.data.conversations import LogReading
    from tactful.api.options import ExecutorOptions, JudgeOptions, ModelOptions, ReaderOptions, RunSettings


def names_of(text: str) -> tuple[str, ...]:
    """The names in a text, by commas."""
    return tuple(name.strip() for name in text.split(",") if name.strip())


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
SeedOption = Annotated[int, typer.Option("--seed", min=0, help="Equal seeds give equal results.")]
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
RunArgument = Annotated[Path, typer.Argument(metavar="RUN", help="Run folder.")]
ModelOption = Annotated[str, typer.Option("--model", help="Model name, or `offline` for the rehearsal.")]
EmbeddedReaderOption = Annotated[
    str, typer.Option("--reader", help="`encoder` (bundled), `surface`, or a folder of yours.")
]
StrictFlag = Annotated[
    bool,
    typer.Option("--strict", help="Stop at the first row that cannot be read, where it is counted else."),
]
SamplesOption = Annotated[
    int,
    typer.Option(
        "--samples",
        min=1,
        help="Readers that ask a model: replies drawn for a text; of a calibrated reader: as it was calibrated.",
    ),
]
UserModelOption = Annotated[
    str, typer.Option("--user-model", help="Who plays the user: `rules`, `offline` or a model name.")
]
BaseUrlOption = Annotated[
    str | None, typer.Option("--base-url", help="OpenAI-compatible endpoint; default: OPENAI_BASE_URL.")
]
ApiKeyEnvOption = Annotated[
    str, typer.Option("--api-key-env", help="Name of the variable that holds the key.")
]
ReasoningTokensOption = Annotated[
    int | None,
    typer.Option("--max-tokens", min=16, help="Length limit of one reply, reasoning included."),
]
MaxCharsOption = Annotated[
    int | None,
    typer.Option(
        "--max-chars",
        min=500,
        help="Longest text that is sent whole; halved by itself where the model's context is too short.",
    ),
]
TimeoutOption = Annotated[
    float | None,
    typer.Option(
        "--timeout",
        min=0.1,
        callback=finite,
        help="Seconds that one call may take, retries included; default: as long as the model's speed calls for.",
    ),
]
ActionsOption = Annotated[
    str, typer.Option("--actions", help="`levels`, `clarify-execute`, or a folder with an action space.")
]
PersonasOption = Annotated[
    str,
    typer.Option("--personas", help="Names and TOML files, by commas; default: all built in for training."),
]
UnsafeExecFlag = Annotated[
    bool,
    typer.Option("--unsafe-exec", help="Run solutions without a cage where none is at hand: dangerous."),
]

PortOption = Annotated[
    int, typer.Option("--port", min=0, max=65535, help="Port to listen at; 0 takes a free one.")
]
AddressJsonFlag = Annotated[
    bool, typer.Option("--json", help="Print {'address': …} as one line of JSON on stdout.")
]
MomentsArgument = Annotated[
    str,
    typer.Argument(
        metavar="DATA",
        help="Labelled moments, JSONL in ProactiveBench's form: `obs`, `pred_task`, `valid`; or a run of `gym run`; "
        "`-` is stdin.",
    ),
]


def _shared(flags: object, group: type) -> dict[str, object]:
    """The values of the flags that are the group's; a command's own flags beside them are left out."""
    return {field.name: getattr(flags, field.name) for field in fields(group) if hasattr(flags, field.name)}


@dataclass(frozen=True, kw_only=True)
class EndpointFlags:
    """Where a model answers. The model's name is a flag of the command: there may be several at one endpoint."""

    base_url: BaseUrlOption = None
    api_key_env: ApiKeyEnvOption = "OPENAI_API_KEY"
    timeout: TimeoutOption = None

    def repeated(self) -> str:
        """The flags as they are typed again in a command that asks the same endpoint; empty for the defaults."""
        words = ["--base-url", self.base_url] if self.base_url else []
        words += ["--api-key-env", self.api_key_env] if self.api_key_env != "OPENAI_API_KEY" else []
        return "".join(f" {shlex.quote(word)}" for word in words)

    def given(self) -> ModelOptions:
        """The same for the Python interface."""
        return cast("ModelOptions", _shared(self, ModelFlags))


@dataclass(frozen=True, kw_only=True)
class ModelFlags(EndpointFlags):
    """Where a model answers, and how."""

    temperature: Annotated[
        float | None, typer.Option("--temperature", min=0, max=2, help="Default: the endpoint's.")
    ] = None
    max_tokens: Annotated[
        int | None,
        typer.Option("--max-tokens", min=1, help="Length limit of one reply; default: the endpoint's."),
    ] = None
    requests_per_minute: Annotated[
        float | None,
        typer.Option("--requests-per-minute", min=0.001, callback=finite, help="Send no faster than this."),
    ] = None


@dataclass(frozen=True, kw_only=True)
class ThinkingFlags(ModelFlags):
    """A model that may think before it answers."""

    max_tokens: ReasoningTokensOption = 4096


@dataclass(frozen=True, kw_only=True)
class ReaderFlags(ModelFlags):
    """Who reads; and for a reader that asks a model, where that answers, how often it is asked, and for how much."""

    reader: Annotated[
        str,
        typer.Option(
            "--reader",
            help="`encoder` (bundled), `surface`, `estimate`, a folder of yours, the name of a model, `decisions:MODEL` or `consistency:MODEL`.",
        ),
    ] = "encoder"
    samples: SamplesOption = 5
    concurrency: ConcurrencyOption = 16
    cache: CacheOption = None
    budget_usd: BudgetUsdOption = None
    budget_tokens: BudgetTokensOption = None
    unsafe_exec: UnsafeExecFlag = False

    def options(self, *, seed: int = 0) -> ReaderOptions:
        """All but the name, for the Python interface."""
        given = {**_shared(self, ReaderFlags), "seed": seed}
        del given["reader"]
        return cast("ReaderOptions", given)


@dataclass(frozen=True, kw_only=True)
class JudgeFlags:
    """A model that judges, where the command can do without one."""

    judge_model: Annotated[
        str | None,
        typer.Option("--judge-model", help="Let this model judge tasks without tests, by a rubric."),
    ] = None
    base_url: BaseUrlOption = None
    api_key_env: ApiKeyEnvOption = "OPENAI_API_KEY"
    timeout: TimeoutOption = None

    def given(self) -> JudgeOptions:
        """The same for the Python interface."""
        return cast("JudgeOptions", _shared(self, JudgeFlags))


@dataclass(frozen=True, kw_only=True)
class JudgeEndpointFlags:
    """Where --judge answers."""

    judge_base_url: Annotated[
        str | None, typer.Option("--judge-base-url", help="Endpoint of --judge; default: that of --model.")
    ] = None
    judge_api_key_env: Annotated[
        str | None,
        typer.Option("--judge-api-key-env", help="Key variable of --judge; default: that of --model."),
    ] = None


@dataclass(frozen=True, kw_only=True)
class RewardFlags:
    """What a trajectory is worth, and whether solutions may run without a cage."""

    config_file: Annotated[
        Path | None, typer.Option("--config", help="TOML with the reward's form and constants.")
    ] = None
    unsafe_exec: UnsafeExecFlag = False


@dataclass(frozen=True, kw_only=True)
class ExecutorFlags:
    """Where the work is done: what comes out is the same."""

    executor: Annotated[
        Literal["local", "ray"],
        typer.Option(
            "--executor", help="`local`: in this process; `ray`: in workers on Ray, here or on a cluster."
        ),
    ] = "local"
    ray_address: Annotated[
        str | None,
        typer.Option(
            "--ray-address",
            help="ray: the cluster to join, `auto` for the one of this machine; default: Ray is started here.",
        ),
    ] = None
    workers: Annotated[
        int | None,
        typer.Option("--workers", min=1, help="ray: worker processes; default: the cores of this machine."),
    ] = None
    per_worker_concurrency: Annotated[
        int | None,
        typer.Option(
            "--per-worker-concurrency",
            min=1,
            help="ray: records that one worker works on at a time; default: --concurrency divided among them.",
        ),
    ] = None

    def chosen(self) -> ExecutorOptions:
        """The same for the Python interface."""
        return cast("ExecutorOptions", _shared(self, ExecutorFlags))


@dataclass(frozen=True, kw_only=True)
class RecordFlags:
    """How records are worked through: how fast, for how much. Only the seed changes what comes out."""

    seed: SeedOption = 0
    concurrency: ConcurrencyOption = 32
    out: OutOption = None
    resume: ResumeFlag = False
    limit: LimitOption = None
    cache: CacheOption = None
    budget_usd: BudgetUsdOption = None
    budget_tokens: BudgetTokensOption = None


@dataclass(frozen=True, kw_only=True)
class RunFlags(ExecutorFlags, RecordFlags):
    """How a run goes on: what of it, where, how fast, for how much. Only the seed changes what comes out."""

    def spent(self) -> ReaderOptions:
        """What a reader takes of them."""
        spent = ("seed", "concurrency", "cache", "budget_usd", "budget_tokens")
        return cast("ReaderOptions", {name: getattr(self, name) for name in spent})

    def given(self) -> RunSettings:
        """The same for the Python interface."""
        return cast("RunSettings", _shared(self, RunFlags))


def _column(what: str, name: str) -> Any:
    return typer.Option(f"--{name}-column", help=f"Column of a table that holds {what}.", show_default=False)


@dataclass(frozen=True, kw_only=True)
class LogFlags:
    """How chat logs are read."""

    format: Annotated[
        str | None,
        typer.Option("--format", help="Name of the format; default: recognised by the first rows."),
    ] = None
    keep_users: Annotated[
        bool, typer.Option("--keep-users", help="Leave names of users as they are, not hashed.")
    ] = False
    redact: Annotated[
        bool,
        typer.Option(
            "--redact/--no-redact", help="Cut secrets, e-mail addresses, phone and card numbers, folders."
        ),
    ] = True
    conversation_column: Annotated[str | None, _column("the conversation's id", "conversation")] = None
    role_column: Annotated[str | None, _column("who speaks", "role")] = None
    text_column: Annotated[str | None, _column("what is said", "text")] = None
    question_column: Annotated[str | None, _column("the user's message, an answer beside it", "question")] = (
        None
    )
    answer_column: Annotated[str | None, _column("the assistant's answer", "answer")] = None
    time_column: Annotated[str | None, _column("the time", "time")] = None
    user_column: Annotated[str | None, _column("the user", "user")] = None
    model_column: Annotated[str | None, _column("the model", "model")] = None
    rating_column: Annotated[str | None, _column("a rating", "rating")] = None

    def given(self) -> LogReading:
        """The same for the Python interface."""
        from tactful.data.logs import Columns

        names = {item.name: getattr(self, f"{item.name}_column") for item in fields(Columns)}
        return {
            "format": self.format,
            "columns": Columns(**names),
            "keep_users": self.keep_users,
            "redact": self.redact,
        }
