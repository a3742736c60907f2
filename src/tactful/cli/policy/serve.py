"""`tactful policy serve`: an action policy over HTTP."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tactful.cli.options import EmbeddedReaderOption, finite
from tactful.cli.output import say
from tactful.cli.policy.asked import DomainOption
from tactful.cli.serving import serve_until_signal

if TYPE_CHECKING:
    from tactful.api.serving import Served


def serve(
    policy: Annotated[
        Path,
        typer.Argument(metavar="POLICY", help="A policy file, or the folder of a trained language model."),
    ],
    *,
    reader: EmbeddedReaderOption = "encoder",
    domain: DomainOption = None,
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
    queue: Annotated[int, typer.Option("--queue", min=0, help="Requests that wait; more get 429.")] = 64,
    deadline_s: Annotated[
        float, typer.Option("--deadline", min=0.1, callback=finite, help="Seconds for one request.")
    ] = 30.0,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print {'address': …} as one line of JSON on stdout.")
    ] = False,
) -> None:
    """Answer over HTTP which action to take: POST a state or messages to /v1/act.

    Example: `tactful policy serve runs/policy-lm --port 8000`, then
    `curl -H 'Content-Type: application/json' -d '{"messages": [{"role": "user", "content": "Book a table"}]}' http://127.0.0.1:8000/v1/act`

    Nothing that is asked is stored or logged. Ends with Ctrl-C (130) or SIGTERM (0).
    """
    from tactful.api.policy_serve import serving_policy

    serving = serving_policy(
        policy,
        reader=reader,
        domain=domain,
        host=host,
        port=port,
        api_key_env=api_key_env,
        allow_hosts=allow_host or (),
        queue=queue,
        deadline_s=deadline_s,
    )
    serve_until_signal(serving, _tell, as_json=as_json)


def _tell(served: Served) -> None:
    say(
        f"serving {served.name} at {served.address} (key {'asked for' if served.asks_key else 'not asked for'})"
    )
    say(f"ask: POST {served.address}/v1/act with 'messages' or 'state'; Ctrl-C stops it")
