"""Does this endpoint work for us? What `tactful doctor` asks of a model, each failure with its next move."""

from __future__ import annotations

import time
from typing import Literal

from tactful.errors import ParseError, TactfulError
from tactful.llm.client import ChatClient
from tactful.llm.endpoint import find_endpoint
from tactful.llm.spending.prices import price_table
from tactful.llm.types import CallOptions, ModelSpec
from tactful.llm.wire.modes import Mode
from tactful.prompts import load_prompt
from tactful.types import Record

CHECKUP_PROMPT = load_prompt(__file__, "checkup", fields=set())
_OPTIONS = CallOptions(max_tokens=1024)
_MODES = {
    Mode.SCHEMA: "JSON schemas are enforced",
    Mode.OBJECT: "JSON objects are enforced, schemas are asked for in words",
    Mode.PLAIN: "no JSON mode, schemas are asked for in words alone",
}


class Check(Record):
    """One thing looked at. A `failed` one that is needed makes the doctor exit with 1."""

    name: str
    state: Literal["ok", "limited", "failed"]
    found: str
    fix: str = ""
    """What to do about it, in a sentence; empty when there is nothing to do."""


class CheckupReply(Record):
    """What the check-up asks for."""

    ready: bool
    greeting: str


async def check_model(spec: ModelSpec) -> list[Check]:
    """Key, endpoint and model, round trip, JSON modes, price; stops at the first that fails.

    Sends up to four small requests.
    """
    try:
        endpoint = find_endpoint(spec)
    except TactfulError as error:
        return [_failed("key and address", error)]
    found = f"{endpoint.key_env} is set" if endpoint.key else "no key, which local servers do not need"
    checks = [Check(name="key", state="ok", found=found)]
    model = ChatClient(spec)
    try:
        started = time.monotonic()
        reply = await model.complete(CHECKUP_PROMPT.render(), options=_OPTIONS)
        seconds = time.monotonic() - started
        checks.append(Check(name="endpoint", state="ok", found=endpoint.base_url))
        answered = reply.model or spec.name
        checks.append(Check(name="model", state="ok", found=f"{spec.name}, answering as {answered}"))
        checks.append(Check(name="round trip", state="ok", found=f"{seconds:.2f} s"))
        checks += [_usage_check(reply.usage.estimated), _price_check(spec, endpoint.base_url)]
        checks.append(await _check_json(model))
    except TactfulError as error:
        name = "JSON replies" if len(checks) > 1 else "endpoint and model"
        checks.append(_failed(name, error))
    finally:
        await model.aclose()
    return checks


async def _check_json(model: ChatClient) -> Check:
    mode = await model.json_mode()
    try:
        await model.structured(CHECKUP_PROMPT.render(), CheckupReply, options=_OPTIONS)
    except ParseError as error:
        fix = "use a model that follows a JSON schema, or a server that enforces one (vLLM, SGLang, llama.cpp, Ollama)"
        return Check(name="JSON replies", state="failed", found=f"{_MODES[mode]}; {error}", fix=fix)
    return Check(name="JSON replies", state="ok", found=_MODES[mode])


def _usage_check(estimated: bool) -> Check:
    if not estimated:
        return Check(name="usage", state="ok", found="tokens are reported")
    fix = "token counts will be labelled estimates, and budgets count each call at its largest possible cost"
    return Check(name="usage", state="limited", found="no credible token counts are reported", fix=fix)


def _price_check(spec: ModelSpec, base_url: str) -> Check:
    table = price_table()
    price = table.lookup(spec.name, base_url)
    if price is None:
        fix = "to count cost, add the price to the file that TACTFUL_PRICES names (docs/reference/models.md)"
        return Check(name="price", state="limited", found="not known; tokens only", fix=fix)
    found = (
        f"{price.input_usd:g} in, {price.output_usd:g} out, USD for a million tokens (table of {table.as_of})"
    )
    return Check(name="price", state="ok", found=found)


def _failed(name: str, error: TactfulError) -> Check:
    """Our messages end in the next move, after the last semicolon where there is one."""
    found, _, fix = str(error).rpartition("; ")
    return Check(name=name, state="failed", found=found or fix, fix=fix if found else "")
