"""`tactful live serve`: decisions, advice, offers and actions over HTTP."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tactful.cli.live.options import LiveFlags
from tactful.cli.output import say
from tactful.cli.serving import ServerFlags, serve_until_signal

if TYPE_CHECKING:
    from tactful.api.live.serve import LiveServeOptions
    from tactful.api.serving import Served


def serve(
    *,
    live: LiveFlags,
    judge: Annotated[
        Path | None,
        typer.Option(
            "--judge", help="Folder of `reward train` that judges offers; default: the reader does."
        ),
    ] = None,
    gate: Annotated[
        Path | None,
        typer.Option("--gate", help="Gate that decides; default: gate.json beside --judge, if there is one."),
    ] = None,
    concurrency: Annotated[
        int, typer.Option("--concurrency", min=1, max=256, help="Requests read at a time.")
    ] = 2,
    at: ServerFlags,
) -> None:
    """Answer /v1/decisions, advice on turns, offers and actions at one address; /docs says what can be asked.

    Example: `tactful live serve --database live.sqlite --port 8000`, then
    `client = OpenAI(base_url="http://127.0.0.1:8000/v1", api_key="none")` and `client.decisions.create(…)`.

    Texts are not logged, and stored with --keep-texts alone. Ends with Ctrl-C (130) or SIGTERM (0).
    """
    from tactful.api.live.serve import serving_live

    options: LiveServeOptions = {
        **live.given(),
        "judge": judge,
        "gate": gate,
        "concurrency": concurrency,
        **at.options(),
    }
    serve_until_signal(serving_live(**options), _tell, as_json=at.as_json)


def _tell(served: Served) -> None:
    key = "asked for" if served.asks_key else "not asked for"
    say(f"serving {served.name} at {served.address} (key {key})")
    say(f"what can be asked: {served.address}/docs; Ctrl-C stops it")
