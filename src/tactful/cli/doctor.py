"""`tactful doctor`: is everything there that Tactful needs, and if not, what to do."""

from __future__ import annotations

import importlib.util
import platform
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from tactful.cli.options import ApiKeyEnvOption, BaseUrlOption, EndpointFlags, JsonFlag, finite
from tactful.cli.output import emit_json, next_command, say

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
    import asyncio

    from tactful.llm.checkup import check_model
    from tactful.llm.types import ModelSpec

    checks = [_check_python(), _check_sandbox(), _check_encoder()]
    if model == "offline":
        checks.append(_check_offline())
    else:
        spec = ModelSpec(name=model, base_url=base_url, api_key_env=api_key_env, timeout_s=timeout_s)
        checks += asyncio.run(check_model(spec))
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
        print(f"{_MARKS[check.state]}  {check.name:<{width}}  {check.found}")
        if check.fix:
            print(f"{'':7}  {'':<{width}}  → {check.fix}")


def _say_how_to_go_on(model: str, at: EndpointFlags, healthy: bool) -> None:
    if not healthy:
        say("something that is needed does not work; the arrow says what to do")
    elif model == "offline":
        say("no endpoint was tried; add --model NAME for that")
        next_command("tactful calibrate demo")
    else:
        next_command(f"tactful calibrate rollout STATES --model {model}{at.repeated()}")


def _check_python() -> Check:
    from tactful.llm.checkup import Check

    found = f"Python {platform.python_version()} on {platform.system()} {platform.machine()}"
    if not (3, 11) <= sys.version_info[:2] <= (3, 13):
        return Check(
            name="python", state="limited", found=found, fix="use Python 3.11, 3.12 or 3.13, which are tested"
        )
    return Check(name="python", state="ok", found=found)


def _check_sandbox() -> Check:
    from tactful.llm.checkup import Check
    from tactful.sandbox import Tier, current_tier

    tier = current_tier()
    if tier is Tier.NONE:
        fix = "coding tasks need Linux 5.13 or newer with Landlock and seccomp; planning tasks work here"
        return Check(name="sandbox", state="limited", found="no cage for untrusted code", fix=fix)
    return Check(name="sandbox", state="ok", found=tier.value)


def _check_encoder() -> Check:
    from tactful.llm.checkup import Check

    if importlib.util.find_spec("sentence_transformers") is None:
        fix = "for sentence embeddings run, in the clone of Tactful: pip install '.[encoder]'; the n-gram encoder works without"
        return Check(name="encoder", state="limited", found="extra not installed", fix=fix)
    return Check(name="encoder", state="ok", found="sentence-transformers is installed")


def _check_offline() -> Check:
    from tactful.llm.checkup import Check

    return Check(name="model", state="ok", found="offline: a rehearsal by scripts, without network or key")
