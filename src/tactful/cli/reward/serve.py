"""`tactful reward serve`: a reward model as a judge over HTTP, for scripts that know only chat endpoints."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tactful.cli.options import BaseUrlOption
from tactful.cli.output import say
from tactful.cli.serving import ServerFlags, serve_until_signal

if TYPE_CHECKING:
    from tactful.api.reward.serve import ServeOptions
    from tactful.api.serving import Served


def serve(
    model: Annotated[
        Path | None,
        typer.Argument(metavar="MODEL", help="The folder that `reward train` or `train reward` wrote."),
    ] = None,
    *,
    judge: Annotated[
        str | None,
        typer.Option("--judge", help="Judge by this chat model instead of MODEL; `offline` rehearses."),
    ] = None,
    votes: Annotated[int, typer.Option("--votes", min=1, help="Draws per moment, with --judge.")] = 1,
    base_url: BaseUrlOption = None,
    judge_key_env: Annotated[
        str, typer.Option("--judge-api-key-env", help="Variable that holds the key of --judge's endpoint.")
    ] = "OPENAI_API_KEY",
    gate: Annotated[
        Path | None,
        typer.Option("--gate", help="Gate that decides; default: gate.json beside MODEL, if there is one."),
    ] = None,
    concurrency: Annotated[
        int, typer.Option("--concurrency", min=1, max=256, help="Requests judged at a time.")
    ] = 2,
    at: ServerFlags,
) -> None:
    """Answer ProactiveBench's judge prompt as a chat endpoint, and our own questions at /v1/judge.

    Example: `tactful reward serve MODEL --port 8000`, then give scripts `base_url="http://127.0.0.1:8000/v1"`.

    Nothing that is asked is stored or logged. Ends with Ctrl-C (130) or SIGTERM (0).
    """
    from tactful.api.reward.serve import serving

    options: ServeOptions = {
        "judge": judge,
        "votes": votes,
        "base_url": base_url,
        "judge_api_key_env": judge_key_env,
        "gate": gate,
        "concurrency": concurrency,
        **at.options(),
    }
    serve_until_signal(serving(model, **options), _tell, as_json=at.as_json)


def _tell(served: Served) -> None:
    decides = "a gate decides" if served.decides else "no gate"
    key = "asked for" if served.asks_key else "not asked for"
    say(f"serving {served.name} at {served.address} ({decides}; key {key})")
    say(f"scripts of ProactiveBench: base_url {served.address}/v1, any model name; Ctrl-C stops it")
