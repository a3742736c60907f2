"""`tactful doctor`: is everything there that Tactful needs, and if not, what to do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from tactful.cli.options import ApiKeyEnvOption, BaseUrlOption, EndpointFlags, JsonFlag, finite
from tactful.cli.output import emit_json, next_command, print_lines, say

if TYPE_CHECKING:
    from tactful.llm.checkup import Check

_MARKS = {"ok": "ok     ", "limited": "limited", "failed": "FAILED "}


def doctor(
    model: Annotated[
        str, typer.Option("--model", help="Model to try out; `offline` sends nothing.")
    ] = "offline",
    base_url: BaseUrlOption = None,
    api_key_env: ApiKeyEnvOption = "OPENAI_API_KEY",
    timeout_s: Annotated[
        float,
        typer.Option(
            "--timeout", "--timeout-s", min=1, callback=finite, help="Seconds that one call may take."
        ),
    ] = 60.0,
    as_json: JsonFlag = False,
) -> None:
    """Check Python, the sandbox, the encoder, and an endpoint with its model.

    Example: `tactful doctor --model gpt-4.1-mini`

    With a model it sends up to four small requests. Exit code 1 when something that is needed fails; what is
    `limited` works with the restriction that is named.
    """
    from tactful.api.doctor import doctor as examine

    checks = examine(model, base_url=base_url, api_key_env=api_key_env, timeout=timeout_s)
    healthy = all(check.state != "failed" for check in checks)
    if as_json:
        emit_json({"healthy": healthy, "checks": [check.model_dump() for check in checks]})
    else:
        _print(checks)
        _say_how_to_go_on(model, EndpointFlags(base_url=base_url, api_key_env=api_key_env), healthy)
    if not healthy:
        raise typer.Exit(1)


def _print(checks: list[Check]) -> None:
    width = max(len(check.name) for check in checks)
    for check in checks:
        print_lines(f"{_MARKS[check.state]}  {check.name:<{width}}  {check.found}")
        if check.fix:
            print_lines(f"{'':7}  {'':<{width}}  → {check.fix}")


def _say_how_to_go_on(model: str, at: EndpointFlags, healthy: bool) -> None:
    if not healthy:
        say("something that is needed does not work; the arrow says what to do")
    elif model == "offline":
        say("no endpoint was tried; add --model NAME for that")
        next_command("tactful calibrate demo")
    else:
        next_command(f"tactful calibrate rollout STATES --model {model}{at.repeated()}")
