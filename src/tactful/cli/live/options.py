"""Flags that several verbs of `tactful live` take."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast

import typer

if TYPE_CHECKING:
    from tactful.api.live.options import LiveOptions

DatabaseOption = Annotated[
    str,
    typer.Option("--database", help="Where decisions are kept: a file, or an address `postgresql://…`."),
]
ConfigOption = Annotated[
    Path | None,
    typer.Option("--config", help="TOML with settings of the advisor; flags go before what it says."),
]
UrlOption = Annotated[
    str | None, typer.Option("--url", help="Ask this running `live serve` instead of deciding here.")
]
UrlKeyOption = Annotated[
    str | None, typer.Option("--api-key-env", help="Variable that holds the key of --url.")
]
UrlTimeoutOption = Annotated[
    float, typer.Option("--timeout-ms", min=1, help="How long --url is waited for, for each answer.")
]


@dataclass(frozen=True, kw_only=True)
class LiveFlags:
    """How an advisor works. What is not given is as in --config, else the default."""

    config: ConfigOption = None
    database: Annotated[
        str | None,
        typer.Option(
            "--database",
            help="Where decisions are kept: a file, or an address `postgresql://…`; default: live.sqlite.",
        ),
    ] = None
    mode: Annotated[
        str | None,
        typer.Option(
            "--mode",
            help="`shadow`: decide and store, tell nobody; `advise`: tell the assistant; `act`: also veto where that can be "
            "done. Default: shadow.",
        ),
    ] = None
    share: Annotated[
        float | None,
        typer.Option(
            "--share",
            min=0,
            max=1,
            help="Share of the users (conversations, where nobody is named) whose assistant is told; default: 1.",
        ),
    ] = None
    reader: Annotated[
        str | None,
        typer.Option(
            "--reader",
            help="`encoder` (bundled, default), `surface`, a folder of yours, or `none`: only conversations and learned costs.",
        ),
    ] = None
    policy: Annotated[
        str | None,
        typer.Option("--policy", help="`cost` (default), or a policy's file, as of `tactful learn`."),
    ] = None
    keep_texts: Annotated[
        bool | None,
        typer.Option(
            "--keep-texts/--no-keep-texts", help="Store what is said, for `live export`; default: no."
        ),
    ] = None
    retention_days: Annotated[
        float | None,
        typer.Option("--retention-days", min=0.01, help="Remove decisions that are older; default: 180."),
    ] = None

    def given(self) -> LiveOptions:
        """The same for the Python interface."""
        return cast("LiveOptions", asdict(self))
