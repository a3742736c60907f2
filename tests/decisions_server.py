"""An endpoint that answers `/v1/decisions` for tests: real HTTP, the official client's shapes, and nothing else.

    with deciding({"need": 0.9}) as server:
        reader = ReaderByCalls(f"decisions:m@{server.base_url}")

A request of another shape gets a 400 that says what is wrong, as the official endpoint does. `says` maps a question's name to
a probability, to shares by value, or to a whole answer as a dict; a question that it does not name gets 0.5, or even
shares. `faults` are what the first, second, … request gets: a status, `"html"`, `"hang"`, or a callable that changes the
reply; None: nothing.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Annotated, Any, Literal, Self

from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from tests.chat_server import in_a_thread, stop_serving


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class InputMessage(_Strict):
    type: Literal["message"] = "message"
    role: Literal["user", "assistant", "system", "developer"]
    content: str


class FunctionCall(_Strict):
    type: Literal["function_call"]
    call_id: str
    name: str
    arguments: str


class FunctionOutput(_Strict):
    type: Literal["function_call_output"]
    call_id: str
    output: str


class PredicateQuestion(_Strict):
    type: Literal["predicate"]
    instructions: str = Field(min_length=1)
    name: str | None = None


class ChoiceValue(_Strict):
    value: str | bool
    description: str | None = None


class ChoiceQuestion(_Strict):
    type: Literal["choice"]
    instructions: str = Field(min_length=1)
    choices: list[ChoiceValue] = Field(min_length=2, max_length=255)
    name: str | None = None


class Level(_Strict):
    label: str
    description: str | None = None


class ScoreQuestion(_Strict):
    type: Literal["score"]
    instructions: str = Field(min_length=1)
    levels: list[Level] = Field(min_length=2)
    name: str | None = None


Question = Annotated[PredicateQuestion | ChoiceQuestion | ScoreQuestion, Field(discriminator="type")]


class Asked(_Strict):
    model: str
    input: str | list[InputMessage | FunctionCall | FunctionOutput]
    questions: list[Question] = Field(min_length=1, max_length=400)


Fault = int | str | Callable[[dict[str, Any]], Any] | None


class DecisionsServer:
    """See the module's docstring."""

    def __init__(
        self,
        says: Mapping[str, Any] | Callable[[Asked], Mapping[str, Any]] | None = None,
        *,
        faults: Sequence[Fault] = (),
        key: str | None = None,
        usage: bool = True,
    ) -> None:
        self.says = says or {}
        self.faults = list(faults)
        self.key = key
        self.usage = usage
        self.asked: list[Asked] = []
        self.refused: list[str] = []
        self.requests = 0
        self.port = 0

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1"

    async def __aenter__(self) -> Self:
        app = web.Application()
        app.router.add_post("/v1/decisions", self._handle)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.2, handle_signals=False)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.port = self._runner.addresses[0][1]
        return self

    async def __aexit__(self, *exc: object) -> None:
        await stop_serving(self._runner)

    async def _handle(self, request: web.Request) -> web.Response:
        self.requests += 1
        if self.key is not None and request.headers.get("Authorization") != f"Bearer {self.key}":
            return web.json_response({"error": {"message": "Incorrect API key provided"}}, status=401)
        try:
            asked = Asked.model_validate_json(await request.read())
        except ValidationError as error:
            said = "; ".join(f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors())
            self.refused.append(said)
            return web.json_response({"error": {"message": said, "type": "invalid_request"}}, status=400)
        self.asked.append(asked)
        fault = self.faults.pop(0) if self.faults else None
        if isinstance(fault, int):
            return web.json_response({"error": {"message": f"status {fault}"}}, status=fault)
        if fault == "html":
            return web.Response(text="<html>welcome</html>", content_type="text/html")
        if fault == "hang":
            await asyncio.sleep(3600)
        reply = self._reply(asked)
        return web.json_response(fault(reply) if callable(fault) else reply)

    def _reply(self, asked: Asked) -> dict[str, Any]:
        says = self.says(asked) if callable(self.says) else self.says
        reply: dict[str, Any] = {
            "model": asked.model,
            "answers": [_answer(question, says.get(question.name or "")) for question in asked.questions],
        }
        if self.usage:
            words = len(asked.model_dump_json()) // 4
            reply["usage"] = {
                "input_tokens": words,
                "input_tokens_details": {"cached_tokens": 0, "cache_write_tokens": 0},
                "output_tokens": len(asked.questions),
                "output_tokens_details": {"reasoning_tokens": 0},
                "total_tokens": words + len(asked.questions),
            }
        return reply


def _answer(question: Any, said: Any) -> dict[str, Any]:
    if isinstance(said, dict) and "type" in said:
        return said
    if question.type == "predicate":
        return {"type": "predicate", "name": question.name, "probability": 0.5 if said is None else said}
    values = (
        [one.value for one in question.choices]
        if question.type == "choice"
        else [level.label for level in question.levels]
    )
    shares = said or {value: 1 / len(values) for value in values}
    best = max(shares, key=shares.__getitem__)
    if question.type == "choice":
        spread = [{"value": value, "probability": shares.get(value, 0.0)} for value in values]
        return {"type": "choice", "name": question.name, "choice": best, "confidence": shares[best],
                "probabilities": spread}  # fmt: skip
    spread = [
        {"label": label, "value": at, "probability": shares.get(label, 0.0)}
        for at, label in enumerate(values)
    ]
    return {
        "type": "score",
        "name": question.name,
        "score": 0.0,
        "confidence": shares[best],
        "probabilities": spread,
    }


@contextlib.contextmanager
def deciding(says: Any = None, **options: Any) -> Iterator[DecisionsServer]:
    """The server in a thread of its own."""
    with in_a_thread(DecisionsServer(says, **options)) as server:
        yield server
