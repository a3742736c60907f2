"""`tactful live proxy`: in front of any OpenAI-compatible endpoint."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from tactful.cli.live.options import LiveFlags
from tactful.cli.options import finite
from tactful.cli.output import say
from tactful.cli.serving import ServerFlags, serve_until_signal
from tactful.cli.splice import without

if TYPE_CHECKING:
    from tactful.api.serving import Served


def proxy(
    *,
    upstream: Annotated[
        str,
        typer.Option(
            "--upstream", help="Address of the endpoint, such as https://api.openai.com/v1; without a key."
        ),
    ],
    live: LiveFlags,
    at: Annotated[ServerFlags, without("queue", "deadline_s")],
    max_body_mb: Annotated[
        float, typer.Option("--max-body-mb", min=0.01, callback=finite, help="Largest request that is taken.")
    ] = 32.0,
) -> None:
    """Stand in front of an endpoint: decide each turn, tell the assistant or only watch, pass every answer on as it is.

    Example: `tactful live proxy --upstream https://api.openai.com/v1 --port 8000`, then give your program the base URL
    http://127.0.0.1:8000/v1 and the key it always had.

    Chat completions and responses are advised, everything else is passed on. Users are named by `user`, `safety_identifier`,
    `metadata.user_id` or the header X-Tactful-User, and stored as hashes; conversations are recognised, or named by
    X-Tactful-Conversation. Keys pass through and are never stored. With --api-key-env clients send that key as X-Tactful-Key.
    Whatever fails inside, requests go on as they came: `/tactful/health` counts. Ends with Ctrl-C (130) or SIGTERM (0).
    """
    from tactful.api.live.proxy import proxying_live

    serving = proxying_live(
        upstream,
        **live.given(),
        host=at.host,
        port=at.port,
        api_key_env=at.api_key_env,
        allow_hosts=at.allow_hosts or (),
        max_body_mb=max_body_mb,
    )
    serve_until_signal(serving, _tell, as_json=at.as_json)


def _tell(served: Served) -> None:
    say(f"in front of the upstream at {served.address}/v1: {served.name}")
    say(f"the proxy's own key is {'asked for as X-Tactful-Key' if served.asks_key else 'not asked for'}")
    say(f"counts: {served.address}/tactful/health; Ctrl-C stops it")
