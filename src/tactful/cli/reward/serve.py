"""`tactful reward serve`: a reward model as a judge over HTTP, for scripts that know only chat endpoints."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tactful.cli.options import BaseUrlOption, finite
from tactful.cli.output import say
from tactful.cli.serving import serve_until_signal

if TYPE_CHECKING:
    from tactful.api.reward.serve import ServeOptions
    from tactful.api.serving import Served


def serve(
    model: Annotated[
        Path | None,
        typer.Argument(metavar="MODEL", help="The folder that `reward train` or `train reward` wrote."),
    ] = None,
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
    host: Annotated[
        str, typer.Option("--host", help="Address to listen at; others than loopback need a key.")
    ] = "127.0.0.1",
    port: Annotated[
        int, typer.Option("--port", min=0, max=65535, help="Port to listen at; 0 takes a free one.")
    ] = 8000,
    api_key_env: Annotated[
        str | None,
        typer.Option("--api-key-env", help="Variable that holds the key which clients must send."),
    ] = None,
    allow_host: Annotated[
        list[str] | None, typer.Option("--allow-host", help="Further name in the Host header; repeatable.")
    ] = None,
    concurrency: Annotated[
        int, typer.Option("--concurrency", min=1, max=256, help="Requests judged at a time.")
    ] = 2,
    queue: Annotated[int, typer.Option("--queue", min=0, help="Requests that may wait; more get 429.")] = 64,
    deadline_s: Annotated[
        float, typer.Option("--deadline", min=0.1, callback=finite, help="Seconds for one request.")
    ] = 30.0,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print {'address': …} as one line of JSON on stdout.")
    ] = False,
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
        "host": host,
        "port": port,
        "api_key_env": api_key_env,
        "allow_hosts": allow_host or (),
        "concurrency": concurrency,
        "queue": queue,
        "deadline_s": deadline_s,
    }
    serve_until_signal(serving(model, **options), _tell, as_json=as_json)


def _tell(served: Served) -> None:
    decides = "a gate decides" if served.decides else "no gate"
    key = "asked for" if served.asks_key else "not asked for"
    say(f"serving {served.name} at {served.address} ({decides}; key {key})")
    say(f"scripts of ProactiveBench: base_url {served.address}/v1, any model name; Ctrl-C stops it")
