"""`tactful reward serve`: a reward model as a judge over HTTP, for scripts that know only chat endpoints."""

from __future__ import annotations

import json
import os
import signal
from contextlib import AsyncExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tactful.cli.options import BaseUrlOption, finite
from tactful.cli.output import say
from tactful.errors import ConfigError, UsageError

if TYPE_CHECKING:
    from tactful.llm import ModelSpec
    from tactful.reward.gate.rule import Gate
    from tactful.reward.serve.app import ServeSettings
    from tactful.reward.types import MomentJudge


def serve(
    model: Annotated[
        Path | None, typer.Argument(metavar="MODEL", help="The folder that `reward train` wrote.")
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
    import asyncio

    from tactful.reward.gate.store import gate_beside, load_gate
    from tactful.reward.serve.app import ServeSettings

    if (model is None) == (judge is None):
        raise UsageError("give MODEL, a folder of 'tactful reward train', or --judge with a model's name")
    if model is not None and (votes > 1 or base_url is not None):
        raise UsageError("--votes and --base-url go with --judge; MODEL judges once and asks nobody")
    settings = ServeSettings(
        host=host,
        allow_hosts=tuple(allow_host or ()),
        key=_key(api_key_env),
        concurrency=concurrency,
        queue=queue,
        deadline_s=deadline_s,
    )
    found = load_gate(gate) if gate is not None else None if model is None else gate_beside(model)
    embedded = None
    if model is not None:
        from tactful.reward.embedded.model import load_model

        embedded = load_model(model)
    spec = None if judge is None else _spec(judge, base_url, judge_key_env, concurrency * votes, deadline_s)
    stopped_by = asyncio.run(_serve(embedded, spec, votes, settings, found, port, as_json=as_json))
    if stopped_by == signal.SIGINT:
        raise KeyboardInterrupt


async def _serve(
    embedded: MomentJudge | None,
    spec: ModelSpec | None,
    votes: int,
    settings: ServeSettings,
    gate: Gate | None,
    port: int,
    *,
    as_json: bool,
) -> signal.Signals:
    """Serve until a signal comes; gives which."""
    import asyncio

    from tactful.reward.judging.judge import LMJudge
    from tactful.reward.serve.app import create_app, running

    loop = asyncio.get_running_loop()
    stopped: asyncio.Future[signal.Signals] = loop.create_future()

    def stop(number: signal.Signals) -> None:
        if not stopped.done():
            stopped.set_result(number)

    async with AsyncExitStack() as stack:
        judge: MomentJudge
        if embedded is not None:
            judge = embedded
        else:
            assert spec is not None
            judge = await stack.enter_async_context(LMJudge.open(spec, votes=votes))
        app = create_app(judge, settings, gate=gate)
        address = await stack.enter_async_context(running(app, settings.host, port))
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, stop, number)
        if as_json:
            print(json.dumps({"address": address}), flush=True)
        decides = "a gate decides" if gate is not None else "no gate"
        say(
            f"serving {judge.name} at {address} ({decides}; key {'asked for' if settings.key else 'not asked for'})"
        )
        say(f"scripts of ProactiveBench: base_url {address}/v1, any model name; Ctrl-C stops it")
        return await stopped


def _key(variable: str | None) -> str | None:
    if variable is None:
        return None
    key = os.environ.get(variable, "").strip()
    if not key:
        raise ConfigError(f"the variable {variable} is not set or empty; put the key of the server into it")
    return key


def _spec(name: str, base_url: str | None, key_env: str, at_once: int, deadline_s: float) -> ModelSpec:
    from tactful.llm import model_spec
    from tactful.reward.judging.judge import SCRIPTS
    from tactful.reward.pipeline import MAX_TOKENS

    spec = model_spec(
        name,
        scripts=SCRIPTS,
        seed=0,
        base_url=base_url,
        api_key_env=key_env,
        max_tokens=MAX_TOKENS,
        concurrency=at_once,
    )
    return spec.model_copy(update={"timeout_s": deadline_s})
