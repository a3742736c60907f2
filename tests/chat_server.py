"""A chat endpoint for tests: OpenAI-compatible, real HTTP on loopback, with every fault of the matrix on order.

Inside an async test:

    async with ChatServer() as server:
        model = open_model(ModelSpec(name="m", base_url=server.base_url))

For code that owns its event loop (`run_stage`, a command), in a thread:

    with serving(script={"colour": "blue"}) as server:
        run_stage(...)
    assert server.jobs == 200

For kill tests, in a process of its own: `with serving_process(latency_s=0.05) as base_url: ...`; the counts are at
`GET {base_url}/stats`. For manual tries: `python -m tests.chat_server --port 8123 --faults '{"503": 0.1}'`.

What it answers. `script` is a callable `Ask -> str | dict | Fault | None`, or a mapping from a regular expression
(searched in the whole prompt) to a string, a dict (sent as JSON), or such a callable; the first that matches wins,
None passes on. A `Raw` is sent byte for byte. Without a match, a request with a JSON schema (in `response_format`, or as text in the prompt) gets a
valid instance of it, any other one "Reply to: …".

What goes wrong. `sequence=["429", None, "html"]` names the fault of the first, second, … request (None: no fault);
after it, `faults={"503": 0.1, "reset": 0.05}` draws by rate, decided by `seed`, the prompt and how often this prompt
has come, so that the order of arrival changes nothing. `rate_per_s` is a real limit with 429s (`retry_after` says how:
"seconds", "date" or "none"). A script may also return `Fault("refusal")`. Probes for JSON modes are answered without
faults and counted apart. `FAULTS` lists all names.

What it takes. `modes={"schema", "object"}` are the JSON modes it takes, the others get a 400; with `enforces=False` it
takes them and then answers the probe in prose. `limit_field="max_completion_tokens"` refuses `max_tokens`. `needs_tokens=900`
gives empty content with finish_reason length below that limit. `key="sk-…"` makes it want that key.

What it saw: `asks` (every request but probes, `record=False` keeps none), `jobs` (their number), `probes`, `statuses`
(count by name of what was sent), `most_at_once`.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import math
import os
import random
import re
import socket
import struct
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from email.utils import formatdate
from pathlib import Path
from typing import Any, Self, TypeVar

import orjson
from aiohttp import web

PROBE_WORDS = "Which colour is a clear sky at noon"
_SCHEMA_IN_WORDS = re.compile(r"fits this JSON schema[^\n]*\n(\{.*\})", re.DOTALL)

_STATUS_FAULTS: dict[str, tuple[int, dict[str, Any]]] = {
    "429": (429, {"message": "Rate limit reached", "type": "requests", "code": "rate_limit_exceeded"}),
    "429_date": (429, {"message": "Rate limit reached", "code": "rate_limit_exceeded"}),
    "429_bare": (429, {"message": "slow down"}),
    "quota": (429, {"message": "You exceeded your current quota", "code": "insufficient_quota"}),
    "401": (401, {"message": "Incorrect API key provided", "code": "invalid_api_key"}),
    "403": (403, {"message": "Not allowed"}),
    "404": (404, {"message": "The model `m` does not exist", "code": "model_not_found"}),
    "400": (400, {"message": "Invalid value for 'messages[0]'"}),
    "context": (400, {"message": "maximum context length is 4096 tokens", "code": "context_length_exceeded"}),
    "500": (500, {"message": "internal error"}),
    "502": (502, {"message": "bad gateway"}),
    "503": (503, {"message": "overloaded"}),
}
_CONTENT_FAULTS: dict[str, Callable[[str], str]] = {
    "fences": lambda text: f"Here you are:\n```json\n{text}\n```\nAnything else?",
    "think": lambda text: f"<think>\nHm, {{braces}} and such.\n</think>\n\n{text}",
    "think_no_start": lambda text: f"Hm, let me see.\n</think>\n{text}",
    "think_unclosed": lambda text: f"<think>\nand so on and on {text[:20]}",
    "nan": lambda text: re.sub(r"-?\d+(\.\d+)?|true|false|\"[^\"]*\"(?=[,}\]])", "NaN", text, count=1),
    "infinity": lambda text: re.sub(r"-?\d+(\.\d+)?", "Infinity", text, count=1),
    "wrong_schema": lambda text: '{"surprise": 1}',
    "not_json": lambda text: "I would rather talk about the weather.",
    "list_for_dict": lambda text: f"[{text}]",
    "dict_for_list": lambda text: re.sub(r"\[[^\[\]]*\]", '{"0": "x"}', text, count=1),
    "lone_surrogate": lambda text: re.sub(r": ?\"[^\"]*\"", r': "\\ud83d"', text, count=1),
    "trailing_comma": lambda text: re.sub(r"\}$", ",}", text),
    "truncated_json": lambda text: text[: max(2, len(text) * 2 // 3)],
    "no_text": lambda text: "",
}
_USAGE_FAULTS: dict[str, Any] = {
    "usage_missing": None,
    "usage_negative": {"prompt_tokens": -5, "completion_tokens": -(10**9)},
    "usage_absurd": {"prompt_tokens": 10**12, "completion_tokens": 10**12},
    "usage_zero": {"prompt_tokens": 0, "completion_tokens": 0},
    "usage_tiny": {"prompt_tokens": 1, "completion_tokens": 100},
    "usage_text": {"prompt_tokens": "many", "completion_tokens": True},
}
_WIRE_FAULTS = (
    "reset", "early_close", "hang", "slow_drip", "html", "truncated", "empty", "no_choices", "null_choices",
    "error_in_200", "quota_in_200", "length_empty", "length_cut", "refusal", "filter", "giant", "gzip_bomb",
    "body_surrogate", "redirect", "echo_key",
)  # fmt: skip
FAULTS: tuple[str, ...] = (*_STATUS_FAULTS, *_CONTENT_FAULTS, *_USAGE_FAULTS, *_WIRE_FAULTS)


@dataclass(frozen=True)
class Fault:
    """A fault that a script orders for one request."""

    name: str


@dataclass(frozen=True)
class Raw:
    """A response that a script gives byte for byte."""

    body: bytes
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Ask:
    """One request as it came in."""

    body: dict[str, Any]
    key: str
    at: float
    """Monotonic seconds."""

    @property
    def messages(self) -> list[dict[str, str]]:
        return self.body["messages"]

    @property
    def prompt(self) -> str:
        """All messages, one after the other."""
        return "\n".join(message["content"] for message in self.messages)

    @property
    def text(self) -> str:
        """The last message."""
        return self.messages[-1]["content"]

    @property
    def mode(self) -> str:
        """`schema`, `object` or `plain`."""
        kind = (self.body.get("response_format") or {}).get("type")
        return {"json_schema": "schema", "json_object": "object"}.get(kind, "plain")

    @property
    def schema(self) -> dict[str, Any] | None:
        """The JSON schema of the reply, from the request field or from the words of the prompt."""
        if self.mode == "schema":
            return self.body["response_format"]["json_schema"]["schema"]
        for message in self.messages:
            found = _SCHEMA_IN_WORDS.search(message["content"])
            if found:
                return json.loads(found[1])
        return None

    @property
    def limit(self) -> int | None:
        return self.body.get("max_tokens") or self.body.get("max_completion_tokens")


Reply = str | dict[str, Any] | Fault | Raw | None
Rule = Reply | Callable[[Ask], Reply]
S = TypeVar("S", bound=contextlib.AbstractAsyncContextManager[Any])
Script = Callable[[Ask], Reply] | Mapping[str, Rule]


class ChatServer:
    """See the module's docstring. Start it with `async with`, or by `serving` and `serving_process`."""

    def __init__(
        self,
        script: Script | None = None,
        *,
        latency_s: float = 0.0,
        sequence: Sequence[str | None] = (),
        faults: Mapping[str, float] | None = None,
        seed: int = 0,
        rate_per_s: float | None = None,
        burst: float | None = None,
        retry_after: str = "seconds",
        retry_after_s: float = 1.0,
        modes: set[str] | frozenset[str] = frozenset({"schema", "object"}),
        enforces: bool = True,
        limit_field: str = "max_tokens",
        needs_tokens: int = 0,
        key: str | None = None,
        record: bool = True,
        port: int = 0,
    ) -> None:
        unknown = {name for name in [*sequence, *(faults or {})] if name} - set(FAULTS)
        if unknown:
            raise ValueError(f"unknown faults {sorted(unknown)}; known: {FAULTS}")
        self.script = script
        self.latency_s = latency_s
        self.sequence = list(sequence)
        self.faults = dict(faults or {})
        self.seed = seed
        self.rate_per_s = rate_per_s
        self.burst = burst if burst is not None else (rate_per_s or 0.0)
        self.retry_after = retry_after
        self.retry_after_s = retry_after_s
        self.modes = frozenset(modes)
        self.enforces = enforces
        self.limit_field = limit_field
        self.needs_tokens = needs_tokens
        self.key = key
        self.record = record
        self.port = port
        self.asks: list[Ask] = []
        self.jobs = 0
        self.probes = 0
        self.statuses: Counter[str] = Counter()
        self.most_at_once = 0
        self._at_once = 0
        self._seen: Counter[int] = Counter()
        self._bucket, self._bucket_at = self.burst, time.monotonic()
        self._runner: web.AppRunner | None = None

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1"

    @property
    def prompts(self) -> list[str]:
        """The prompts of all requests but probes."""
        return [ask.prompt for ask in self.asks]

    def stats(self) -> dict[str, Any]:
        """Counts, as `GET /v1/stats` gives them."""
        return {
            "jobs": self.jobs,
            "probes": self.probes,
            "statuses": dict(self.statuses),
            "most_at_once": self.most_at_once,
        }

    async def __aenter__(self) -> Self:
        app = web.Application(client_max_size=64 * 2**20)
        app.router.add_post("/v1/chat/completions", self._handle)
        app.router.add_get("/v1/stats", self._stats)
        app.router.add_get("/v1/models", self._models)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.2, handle_signals=False)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", self.port, backlog=2048)
        await site.start()
        self.port = self._runner.addresses[0][1]
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._runner is not None
        await stop_serving(self._runner)

    # ------------------------------------------------------------ answering

    async def _stats(self, request: web.Request) -> web.Response:
        return web.json_response(self.stats())

    async def _models(self, request: web.Request) -> web.Response:
        return web.json_response({"object": "list", "data": [{"id": "m", "object": "model"}]})

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        raw = await request.read()
        ask = Ask(orjson.loads(raw), request.headers.get("Authorization", ""), time.monotonic())
        probe = PROBE_WORDS in ask.text or PROBE_WORDS in ask.messages[0]["content"]
        if probe:
            self.probes += 1
        else:
            self.jobs += 1
            if self.record:
                self.asks.append(ask)
        self._at_once += 1
        self.most_at_once = max(self.most_at_once, self._at_once)
        try:
            return await self._respond(request, ask, probe)
        finally:
            self._at_once -= 1

    async def _respond(self, request: web.Request, ask: Ask, probe: bool) -> web.StreamResponse:
        turned_down = self._turned_down(ask, probe)
        if turned_down is not None:
            return turned_down
        fault = None if probe else self._fault(ask)
        if self.latency_s:
            await asyncio.sleep(self.latency_s)
        said = self._say(ask, probe)
        if isinstance(said, Raw):
            self.statuses[str(said.status)] += 1
            return web.Response(
                body=said.body,
                status=said.status,
                headers={"Content-Type": "application/json", **said.headers},
            )
        if isinstance(said, Fault):
            fault, said = said.name, self._default(ask)
        content = said if isinstance(said, str) else orjson.dumps(said).decode()
        if not probe:
            self.statuses[fault or "ok"] += 1
        if fault is None:
            return self._answer(ask, content)
        return await self._spoil(request, ask, fault, content)

    def _turned_down(self, ask: Ask, probe: bool) -> web.Response | None:
        """Refusals that belong to the endpoint and not to the moment: key, parameters, modes, rate."""
        if self.key is not None and ask.key != f"Bearer {self.key}":
            self.statuses["401"] += 1
            return self._status(*_STATUS_FAULTS["401"])
        other = {"max_tokens": "max_completion_tokens", "max_completion_tokens": "max_tokens"}[
            self.limit_field
        ]
        if other in ask.body:
            words = f"Unsupported parameter: '{other}' is not supported with this model. Use '{self.limit_field}' instead."
            return self._status(400, {"message": words, "code": "unsupported_parameter"})
        if ask.mode != "plain" and ask.mode not in self.modes:
            return self._status(
                400, {"message": f"response_format of this type ({ask.mode}) is not supported"}
            )
        if not probe and self.rate_per_s is not None and not self._admitted():
            self.statuses["429"] += 1
            wait_s = (1 - self._bucket) / self.rate_per_s
            return self._status(*_STATUS_FAULTS["429"], wait_s=max(wait_s, self.retry_after_s))
        return None

    def _admitted(self) -> bool:
        now = time.monotonic()
        assert self.rate_per_s is not None
        self._bucket = min(self.burst, self._bucket + (now - self._bucket_at) * self.rate_per_s)
        self._bucket_at = now
        if self._bucket < 1:
            return False
        self._bucket -= 1
        return True

    def _fault(self, ask: Ask) -> str | None:
        if self.sequence:
            return self.sequence.pop(0)
        if not self.faults:
            return None
        prompt = ask.prompt
        times = self._seen[hash(prompt)]
        self._seen[hash(prompt)] += 1
        draw = random.Random(f"{self.seed}:{times}:{prompt}").random()
        for name, rate in self.faults.items():
            draw -= rate
            if draw < 0:
                return name
        return None

    def _say(self, ask: Ask, probe: bool) -> str | dict[str, Any] | Fault | Raw:
        if probe:
            return (
                {"colour": "blue", "certain": True}
                if self.enforces and ask.mode != "plain"
                else "It is blue."
            )
        said: Reply = None
        if callable(self.script):
            said = self.script(ask)
        elif self.script is not None:
            for pattern, rule in self.script.items():
                if re.search(pattern, ask.prompt):
                    said = rule(ask) if callable(rule) else rule
                    if said is not None:
                        break
        return self._default(ask) if said is None else said

    def _default(self, ask: Ask) -> str:
        schema = ask.schema
        if schema is None:
            return f"Reply to: {ask.text[:40]}"
        return orjson.dumps(instance_of(schema)).decode()

    def _answer(self, ask: Ask, content: str, finish: str = "stop", **changes: Any) -> web.Response:
        if self.needs_tokens and (ask.limit or 10**9) < self.needs_tokens:
            content, finish = "", "length"
        return web.Response(body=orjson.dumps(completion(ask, content, finish, **changes)),
                            content_type="application/json")  # fmt: skip

    def _status(self, status: int, error: dict[str, Any], wait_s: float | None = None) -> web.Response:
        headers = {}
        if wait_s is not None and self.retry_after == "seconds":
            headers["Retry-After"] = str(max(1, math.ceil(wait_s))) if wait_s >= 1 else f"{wait_s:.2f}"
        elif wait_s is not None and self.retry_after == "date":
            headers["Retry-After"] = formatdate(time.time() + math.ceil(wait_s), usegmt=True)
        return web.json_response({"error": error}, status=status, headers=headers)

    # ------------------------------------------------------------ faults

    async def _spoil(self, request: web.Request, ask: Ask, fault: str, content: str) -> web.StreamResponse:
        if fault in _STATUS_FAULTS:
            wait_s = self.retry_after_s if fault in ("429", "429_date") else None
            response = self._status(*_STATUS_FAULTS[fault], wait_s=wait_s)
            if fault == "429_date":
                response.headers["Retry-After"] = formatdate(
                    time.time() + math.ceil(self.retry_after_s), usegmt=True
                )
            return response
        if fault in _CONTENT_FAULTS:
            return self._answer(ask, _CONTENT_FAULTS[fault](content))
        if fault in _USAGE_FAULTS:
            return self._answer(ask, content, usage=_USAGE_FAULTS[fault])
        body = self._spoilt_body(ask, fault, content)
        if body is not None:
            kind = "text/html" if fault == "html" else "application/json"
            return web.Response(body=body, content_type=kind)
        return await self._spoil_wire(request, ask, fault, content)

    def _spoilt_body(self, ask: Ask, fault: str, content: str) -> bytes | None:
        good = completion(ask, content, "stop")
        if fault == "length_cut":
            return orjson.dumps(completion(ask, content[: len(content) // 2], "length"))
        if fault == "length_empty":
            return orjson.dumps(completion(ask, "", "length"))
        if fault == "refusal":
            good["choices"][0]["message"] = {
                "role": "assistant",
                "content": None,
                "refusal": "I cannot help with that.",
            }
            return orjson.dumps(good)
        if fault == "filter":
            return orjson.dumps(completion(ask, content[:5], "content_filter"))
        bodies: dict[str, bytes] = {
            "html": b"<html><body><h1>502 Bad Gateway</h1></body></html>",
            "truncated": orjson.dumps(good)[:-30],
            "empty": b"",
            "no_choices": orjson.dumps(good | {"choices": []}),
            "null_choices": orjson.dumps(good | {"choices": None}),
            "error_in_200": b'{"error": {"message": "upstream is unhappy", "type": "server_error"}}',
            "quota_in_200": b'{"error": {"message": "no credit", "code": "insufficient_quota"}}',
            "body_surrogate": json.dumps(completion(ask, "a \ud83d b", "stop")).encode(),
            "echo_key": orjson.dumps(
                completion(ask, f"your key is {ask.key.removeprefix('Bearer ')}", "stop")
            ),
        }
        return bodies.get(fault)

    async def _spoil_wire(
        self, request: web.Request, ask: Ask, fault: str, content: str
    ) -> web.StreamResponse:
        transport = request.transport
        assert transport is not None
        if fault == "redirect":
            return web.Response(
                status=307, headers={"Location": f"http://127.0.0.2:{self.port}/v1/chat/completions"}
            )
        if fault == "reset":
            sock = transport.get_extra_info("socket")
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            transport.abort()
            return web.Response()
        if fault == "hang":
            await asyncio.sleep(3600)
        if fault == "giant":
            return web.Response(
                body=orjson.dumps(completion(ask, "x" * 30_000_000, "stop")), content_type="application/json"
            )
        if fault == "gzip_bomb":
            response = web.Response(body=orjson.dumps(completion(ask, "x" * 30_000_000, "stop")))
            response.enable_compression(web.ContentCoding.gzip)
            return response
        body = orjson.dumps(completion(ask, content, "stop"))
        stream = web.StreamResponse(
            headers={"Content-Length": str(len(body)), "Content-Type": "application/json"}
        )
        await stream.prepare(request)
        if fault == "early_close":
            await stream.write(body[: len(body) // 2])
            transport.close()
            return stream
        for byte in body:  # slow_drip
            await stream.write(bytes([byte]))
            await asyncio.sleep(0.2)
        return stream


_KEEP = object()


def completion(ask: Ask, content: str, finish: str, *, usage: Any = _KEEP) -> dict[str, Any]:
    """The body of a chat completion, with usage of about four characters a token."""
    if usage is _KEEP:
        sent, got = max(1, len(ask.prompt) // 4), (len(content) + 3) // 4
        usage = {"prompt_tokens": sent, "completion_tokens": got, "total_tokens": sent + got}
    message = {"role": "assistant", "content": content}
    data = {
        "id": "chatcmpl-test",
        "object": "chat.completion",
        "created": 1_700_000_000,
        "model": ask.body.get("model", ""),
        "choices": [{"index": 0, "message": message, "finish_reason": finish}],
    }
    return data if usage is None else data | {"usage": usage}


def instance_of(schema: Mapping[str, Any], root: Mapping[str, Any] | None = None) -> Any:
    """A smallest valid instance of a JSON schema, as far as pydantic writes them; always the same one."""
    root = root or schema
    if "$ref" in schema:
        target: Any = root
        for part in schema["$ref"].removeprefix("#/").split("/"):
            target = target[part]
        return instance_of(target, root)
    if "const" in schema:
        return schema["const"]
    if "enum" in schema:
        return schema["enum"][0]
    for union in ("anyOf", "oneOf", "allOf"):
        if union in schema:
            return instance_of(schema[union][0], root)
    kind = schema.get("type", "object")
    if isinstance(kind, list):
        kind = kind[0]
    if kind == "object":
        wanted = schema.get("required", schema.get("properties", {}))
        return {name: instance_of(schema["properties"][name], root) for name in wanted}
    if kind == "array":
        if "prefixItems" in schema:
            return [instance_of(item, root) for item in schema["prefixItems"]]
        return [
            instance_of(schema.get("items", {"type": "string"}), root)
            for _ in range(max(1, schema.get("minItems", 1)))
        ]
    if kind == "string":
        text = "text"
        return (text * max(1, math.ceil(schema.get("minLength", 0) / 4)))[: schema.get("maxLength", 10**6)]
    if kind in ("integer", "number"):
        low = schema.get("minimum", schema.get("exclusiveMinimum", 0))
        value = low if "minimum" in schema else (low + 1 if kind == "integer" else low + 0.5)
        high = schema.get("maximum", schema.get("exclusiveMaximum", math.inf))
        return value if value <= high else high
    return {"boolean": True, "null": None}[kind]


# ---------------------------------------------------------------- ways to run it


@contextlib.contextmanager
def serving(script: Script | None = None, **options: Any) -> Iterator[ChatServer]:
    """The server in a thread of its own; counts can be read while it runs and afterwards."""
    with in_a_thread(ChatServer(script, **options)) as server:
        yield server


async def stop_serving(runner: web.AppRunner) -> None:
    """Stop, and let nothing linger that has still to be sent, or that came in meanwhile.

    A connection that is left open is blamed on whichever test runs when it is collected. So is one that was accepted in
    the very turn in which the server closes: asyncio then fails while it makes the transport, and nobody knows of it.
    Hence nothing is accepted any more while the server still stands.
    """
    server = runner.server
    assert server is not None
    loop = asyncio.get_running_loop()
    for site in runner.sites:
        for listening in site._server.sockets if site._server else ():  # type: ignore[attr-defined]
            loop.remove_reader(listening.fileno())
    for _ in range(3):
        await asyncio.sleep(0)
    open_ones = [one.transport for one in server.connections]
    await runner.cleanup()
    for _ in range(5):  # those that were being accepted arrive: a task, a transport, and its first call
        await asyncio.sleep(0)
    for transport in (*open_ones, *(one.transport for one in server.connections)):
        if transport is not None:
            transport.abort()
    await asyncio.sleep(0)


async def abort_what_is_open(loop: asyncio.AbstractEventLoop) -> None:
    """Also a connection that was accepted as the server stopped, which it does not know of."""
    for _ in range(5):
        await asyncio.sleep(0)
    for transport in list(getattr(loop, "_transports", {}).values()):
        transport.abort()
    await asyncio.sleep(0)


@contextlib.contextmanager
def in_a_thread(server: S) -> Iterator[S]:
    """The server, an async context manager, in a thread and loop of its own."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name=type(server).__name__, daemon=True)
    thread.start()
    try:
        asyncio.run_coroutine_threadsafe(server.__aenter__(), loop).result(10)
        try:
            yield server
        finally:
            asyncio.run_coroutine_threadsafe(server.__aexit__(None, None, None), loop).result(10)
            asyncio.run_coroutine_threadsafe(abort_what_is_open(loop), loop).result(10)
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()


@contextlib.contextmanager
def serving_process(**options: Any) -> Iterator[str]:
    """The server in a process of its own; gives the base URL. Options are those of ChatServer that JSON can hold."""
    command = [sys.executable, "-m", "tests.chat_server", "--options", json.dumps(options)]
    root = Path(__file__).resolve().parent.parent
    environment = {**os.environ, "PYTHONPATH": str(root)}
    with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=root, env=environment, text=True) as process:
        try:
            assert process.stdout is not None
            yield process.stdout.readline().strip()
        finally:
            process.kill()


async def _serve_for_ever(server: ChatServer) -> None:
    async with server:
        print(server.base_url, flush=True)
        await asyncio.Event().wait()


def main() -> None:
    """`python -m tests.chat_server`: serve on loopback until interrupted; the first line printed is the base URL."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--latency-s", type=float, default=0.0)
    parser.add_argument("--faults", type=json.loads, default={}, help='rates by name: {"503": 0.1}')
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--options", type=json.loads, default={}, help="any options of ChatServer, as JSON")
    parser.add_argument(
        "--states", type=Path, help="play an assistant that knows the tasks of this states file"
    )
    given = parser.parse_args()
    options = {"port": given.port, "latency_s": given.latency_s, "faults": given.faults, "seed": given.seed}
    if given.states:
        from tests.assistant_script import script_of_file

        options |= {"script": script_of_file(given.states), "record": False}
    if "modes" in given.options:
        given.options["modes"] = set(given.options["modes"])
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_serve_for_ever(ChatServer(**(options | given.options))))


if __name__ == "__main__":
    main()
