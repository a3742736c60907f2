"""`tactful policy serve`: an action policy over HTTP."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tactful.cli.options import EmbeddedReaderOption
from tactful.cli.output import say
from tactful.cli.policy.asked import DomainOption
from tactful.cli.serving import ServerFlags, serve_until_signal

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
    at: ServerFlags,
) -> None:
    """Answer over HTTP which action to take: POST a state or messages to /v1/act.

    Example: `tactful policy serve runs/policy-lm --port 8000`, then
    `curl -H 'Content-Type: application/json' -d '{"messages": [{"role": "user", "content": "Book a table"}]}' http://127.0.0.1:8000/v1/act`

    Nothing that is asked is stored or logged. Ends with Ctrl-C (130) or SIGTERM (0).
    """
    from tactful.api.policy_serve import serving_policy

    serving = serving_policy(policy, reader=reader, domain=domain, **at.options())
    serve_until_signal(serving, _tell, as_json=at.as_json)


def _tell(served: Served) -> None:
    say(
        f"serving {served.name} at {served.address} (key {'asked for' if served.asks_key else 'not asked for'})"
    )
    say(f"ask: POST {served.address}/v1/act with 'messages' or 'state'; Ctrl-C stops it")
