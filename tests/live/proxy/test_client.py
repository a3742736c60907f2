"""The official client in front of the proxy: it sees what it would see without."""

from __future__ import annotations

import httpx
import openai
import pytest
from tests.chat_server import ChatServer
from tests.live.proxy.test_advice import FACT, QUESTION, REJECTS, REQUEST, as_stream, response
from tests.live.proxy.upstream import COMPLETION, Answer, Got, chunked, plain, wired

CHUNK = b'data: {"id":"c","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,"delta":{"content":"%b"}}]}\n\n'


def client(address: str, **more: object) -> openai.AsyncOpenAI:
    return openai.AsyncOpenAI(
        base_url=f"{address}/v1",
        api_key="sk-1",
        http_client=httpx.AsyncClient(trust_env=False),
        **{"max_retries": 0, **more},
    )


async def test_chat_completions_plain_and_with_headers(front) -> None:
    async with wired(plain(COMPLETION)) as wire, front(wire.url) as at, client(at.address) as ai:
        messages = [{"role": "user", "content": REQUEST}]
        raw = await ai.chat.completions.with_raw_response.create(
            model="m",
            messages=messages,
            safety_identifier="ann",
            extra_headers={"X-Tactful-Conversation": "t1"},
        )
        assert raw.parse().choices[0].message.content == "Done."
        (advice,) = at.advice()
        assert (raw.headers["x-tactful-advice"], advice.conversation) == (advice.id, "t1")
        assert wire.got[0].header("Authorization") == ["Bearer sk-1"]


async def test_chat_completions_as_a_stream_with_tools(front) -> None:
    tools = [
        {
            "type": "function",
            "function": {"name": "look_up", "parameters": {"type": "object", "properties": {}}},
        }
    ]
    events = [CHUNK % b"one ", CHUNK % b"two", b"data: [DONE]\n\n"]
    async with wired(chunked(events)) as wire, front(wire.url) as at, client(at.address) as ai:
        stream = await ai.chat.completions.create(
            model="m", messages=[{"role": "user", "content": REQUEST}], tools=tools, stream=True
        )
        assert [part.choices[0].delta.content async for part in stream] == ["one ", "two"]
        assert wire.got[0].json["tools"] == tools


@pytest.mark.slow
@pytest.mark.parametrize("stream", [False, True])
async def test_responses_follow_each_other_by_their_ids(front, stream: bool) -> None:
    def answer(got: Got) -> Answer:
        whole = response(f"resp_{len(wire.got)}", QUESTION) | {
            "created_at": 1,
            "model": "m",
            "tools": [],
            "parallel_tool_calls": True,
            "tool_choice": "auto",
        }
        whole["output"] = [whole["output"][1] | {"id": "msg_1", "status": "completed"}]
        whole["output"][0]["content"][0]["annotations"] = []
        return as_stream(whole) if stream else plain(whole)

    async def asked(ai: openai.AsyncOpenAI, **more: object) -> str:
        if not stream:
            return (await ai.responses.create(model="m", **more)).id
        events = [event async for event in await ai.responses.create(model="m", stream=True, **more)]
        return events[-1].response.id

    async with wired(answer) as wire, front(wire.url) as at, client(at.address) as ai:
        first = await asked(ai, input=REQUEST)
        assert await asked(ai, input=REJECTS, previous_response_id=first) == "resp_2"
        await at.settled()
        assert len({one.conversation for one in at.advice()}) == 1
        assert [one.outcome for one in at.observed()] == ["rejected"]
        assert all(got.json["instructions"].startswith(FACT) for got in wire.got)


@pytest.mark.slow
async def test_models_and_errors_are_those_of_the_upstream(front) -> None:
    async with (
        ChatServer(sequence=["429", "quota", None], retry_after_s=0.0) as server,
        front(server.base_url) as at,
    ):
        async with client(at.address) as ai:
            assert [one.id async for one in await ai.models.list()] == ["m"]
            with pytest.raises(openai.RateLimitError, match="Rate limit"):
                await ai.chat.completions.create(model="m", messages=[{"role": "user", "content": REQUEST}])
        async with client(at.address, max_retries=2) as ai:
            done = await ai.chat.completions.create(
                model="m", messages=[{"role": "user", "content": REQUEST}]
            )
            assert done.choices[0].message.content.startswith("Reply to:")
        assert server.statuses == {"429": 1, "quota": 1, "ok": 1}
        assert len(at.advice()) == 2  # the repetition is the same turn


@pytest.mark.slow
@pytest.mark.parametrize(
    "fault", ["reset", "early_close", "html", "truncated", "empty", "500", "redirect", "gzip_bomb"]
)
async def test_every_fault_of_an_endpoint_looks_as_it_does_without_the_proxy(front, fault: str) -> None:
    async def seen(address: str) -> str:
        async with client(address) as ai:
            try:
                messages = [{"role": "user", "content": REQUEST}]
                done = await ai.chat.completions.create(model="m", messages=messages)
                return f"{type(done).__name__} {len(str(done))}"
            except Exception as error:
                return f"{type(error).__name__} {getattr(error, 'status_code', '')}"

    async with ChatServer(sequence=[fault, fault]) as server, front(server.base_url, mode="shadow") as at:
        direct = await seen(server.base_url.removesuffix("/v1"))
        through = await seen(at.address)
        assert through == ("InternalServerError 502" if fault == "reset" else direct)
