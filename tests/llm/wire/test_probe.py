"""JSON modes and the name of the token limit: found out once, remembered."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel
from tests.chat_server import ChatServer, instance_of
from tests.llm.asking import Verdict, opened, prompt

from tactful.llm import CallOptions


@pytest.mark.parametrize(
    ("options", "mode", "probes"),
    [
        ({}, "schema", 1),
        ({"modes": {"object"}}, "object", 2),
        ({"modes": set()}, "plain", 2),
        ({"enforces": False}, "plain", 2),
    ],
)
async def test_the_tightest_mode_that_works_is_chosen_once(
    options: dict[str, Any], mode: str, probes: int
) -> None:
    async with ChatServer(**options, latency_s=0.01) as server, opened(server) as model:
        await asyncio.gather(*(model.structured(prompt(number), Verdict) for number in range(20)))
        assert {ask.mode for ask in server.asks} == {mode}
        assert (server.jobs, server.probes) == (20, probes)


async def test_the_schema_stands_in_the_prompt_where_the_endpoint_is_not_held_to_it() -> None:
    async with ChatServer(modes=set()) as server, opened(server) as model:
        await model.structured(prompt("A question."), Verdict)
        assert server.asks[0].text.startswith("A question.\n\nReply with one JSON object")
        assert set(server.asks[0].schema or {}) >= {"properties", "required"}
    async with ChatServer() as server, opened(server) as model:
        await model.structured(prompt("A question."), Verdict)
        assert server.asks[0].text == "A question."


async def test_max_completion_tokens_is_used_where_max_tokens_is_refused(tmp_path: Path) -> None:
    async with ChatServer(limit_field="max_completion_tokens", latency_s=0.01) as server:
        for turn in range(2):
            async with opened(server, cache=tmp_path / "calls.sqlite") as model:
                options = CallOptions(max_tokens=50)
                await asyncio.gather(*(model.complete(prompt((turn, n)), options=options) for n in range(5)))
        taken = [ask for ask in server.asks if "max_completion_tokens" in ask.body]
        assert len(taken) == 10
        assert server.jobs <= 10 + 5, "only the first calls learn it by a refusal"


class Open(BaseModel):
    numbers: dict[str, float]
    note: str | None = None


async def test_a_schema_is_strict_only_where_strict_mode_can_express_it() -> None:
    async with ChatServer() as server, opened(server) as model:
        await model.structured(prompt("closed"), Verdict)
        closed = server.asks[0].body["response_format"]["json_schema"]
        assert closed["strict"] is True
        assert closed["schema"]["additionalProperties"] is False
        server.script = {"open": {"numbers": {"a": 1.5}}}
        assert (await model.structured(prompt("open"), Open)).numbers == {"a": 1.5}
        assert server.asks[1].body["response_format"]["json_schema"]["strict"] is False


def test_the_test_server_answers_schemas_with_valid_instances() -> None:
    assert Verdict.model_validate(instance_of(Verdict.model_json_schema()))
    assert Open.model_validate(
        instance_of(
            {**Open.model_json_schema(), "required": ["note"], "properties": {"note": {"type": "null"}}}
        )
        | {"numbers": {}}
    )
