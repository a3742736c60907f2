"""The assistant is told in the request and nowhere else; its turn is judged by the next request."""

from __future__ import annotations

import asyncio
import json
from typing import Any, get_args

import pytest
from tests.live.proxy.conftest import talk
from tests.live.proxy.upstream import COMPLETION, Answer, Got, chunked, plain, wired

from tactful.live.types import Mode

REQUEST = "Write a function that reads the sales file and sends the report to the team."
QUESTION = "Which file should I read?"
REJECTS = "I already told you. Just do it!"
FACT = "About this request: "
TOOL_CALL = {
    "role": "assistant",
    "content": None,
    "tool_calls": [
        {"id": "c1", "type": "function", "function": {"name": "read", "arguments": '{"path": "a.csv"}'}}
    ],
}
TOOL_RESULT = {"role": "tool", "tool_call_id": "c1", "content": "x,y\n1,2"}


def facts(got: Got) -> list[int]:
    """Where in the messages the assistant is told."""
    return [at for at, one in enumerate(got.json["messages"]) if str(one["content"]).startswith(FACT)]


def without(got: Got) -> list[Any]:
    return [one for one in got.json["messages"] if not str(one["content"]).startswith(FACT)]


@pytest.mark.parametrize("mode", get_args(Mode))
async def test_the_request_has_the_fact_before_the_users_message_and_is_else_as_it_was(
    front, mode: str
) -> None:
    messages = [{"role": "system", "content": "Be brief."}, *talk("Hello", "Hi!", REQUEST)]
    async with wired(plain(COMPLETION)) as wire, front(wire.url, mode=mode) as at:
        reply = await at.chat(messages=messages, temperature=0.0, seed=7)
        (got,) = wire.got
        assert facts(got) == ([] if mode == "shadow" else [3])
        assert without(got) == messages
        assert {**got.json, "messages": 0} == {"model": "m", "messages": 0, "temperature": 0.0, "seed": 7}
        assert json.loads(await reply.read()) == COMPLETION
        (advice,) = at.advice()
        assert reply.headers["x-tactful-advice"] == advice.id
        assert reply.headers["x-tactful-choice"] == advice.choice == "ask"
        assert advice.treated == (mode != "shadow")


async def test_the_kill_switch_and_the_share_leave_requests_as_they_came(front) -> None:
    async with wired(plain(COMPLETION)) as wire:
        async with front(wire.url, share=0.0) as at:
            reply = await at.chat(REQUEST)
            assert reply.headers["x-tactful-choice"] == "ask"
        async with front(wire.url) as at:
            at.advisor._memory.shared.kill(True)
            await at.chat(REQUEST)
            assert [advice.treated for advice in at.advice()] == [False, False]
        assert [facts(got) for got in wire.got] == [[], []]


async def test_the_next_request_of_the_conversation_judges_the_turn(front) -> None:
    async with wired(plain(COMPLETION)) as wire, front(wire.url) as at:
        await at.chat(REQUEST, user="ann")
        await at.chat(REQUEST, QUESTION, REJECTS, user="ann")
        await at.chat("Another thing: translate this.", user="ann")
        await at.settled()
        first, second, other = at.advice()
        assert first.conversation == second.conversation != other.conversation
        (seen,) = at.observed()
        assert (seen.advice, seen.asked, seen.outcome) == (first.id, True, "rejected")
        assert first.user.startswith("u-")


async def test_users_are_named_by_header_or_body_and_conversations_by_header(front) -> None:
    async with wired(plain(COMPLETION)) as wire, front(wire.url) as at:
        await at.chat(REQUEST, user="ann")
        await at.chat(REQUEST, safety_identifier="ann")
        await at.chat(REQUEST, metadata={"user_id": "ann"})
        await at.chat(REQUEST, user="bob", headers={"X-Tactful-User": "ann"})
        await at.chat(REQUEST, user="bob", headers={"X-Tactful-Conversation": "talk-7"})
        await at.chat(REQUEST, headers={"X-Tactful-Conversation": "x" * 300})
        await at.settled()
        *anns, bob, nobody = at.advice()
        assert len({one.user for one in anns}) == 1
        assert bob.user not in ("", anns[0].user)
        assert (bob.conversation, nobody.user, len(nobody.conversation)) == ("talk-7", "", 64)
        assert not any(name.lower().startswith("x-tactful") for got in wire.got for name, _ in got.headers)


async def test_a_turn_of_several_steps_is_told_the_same_at_every_step_and_decided_once(front) -> None:
    steps = [talk(REQUEST), [*talk(REQUEST), TOOL_CALL, TOOL_RESULT]]
    async with wired(plain(COMPLETION)) as wire, front(wire.url) as at:
        replies = [await at.chat(messages=step) for step in steps]
        assert [facts(got) for got in wire.got] == [[0], [0]]
        assert [without(got) for got in wire.got] == steps
        assert len({reply.headers["x-tactful-advice"] for reply in replies}) == 1
        assert len(at.advice()) == 1


async def test_the_kill_switch_leaves_the_later_steps_of_a_turn_as_they_came(front) -> None:
    step = [*talk(REQUEST), TOOL_CALL, TOOL_RESULT]
    async with wired(plain(COMPLETION)) as wire, front(wire.url) as at:
        for on in (False, True, False):
            at.advisor._memory.shared.kill(on)
            await at.chat(messages=step if wire.got else talk(REQUEST))
        assert [facts(got) for got in wire.got] == [[0], [], [0]]
        assert wire.got[1].json["messages"] == step
        assert (at.proxy.counts["went_on"], len(at.advice())) == (2, 1)


async def test_a_request_that_is_sent_again_is_not_decided_again(front) -> None:
    async with wired(plain(b"{}", "429 Too Many Requests")) as wire, front(wire.url) as at:
        await at.chat(REQUEST)
        await at.chat(REQUEST, headers={"X-Stainless-Retry-Count": "1"})
        assert wire.got[0].body == wire.got[1].body
        assert len(at.advice()) == 1


async def test_an_ask_tools_question_and_its_answer_are_a_turn(front) -> None:
    arguments = json.dumps(
        {"questions": [{"question": QUESTION, "options": [{"label": "a.csv"}, {"label": "b.csv"}]}]}
    )
    call = {"id": "c1", "type": "function", "function": {"name": "AskUserQuestion", "arguments": arguments}}
    asked = {"role": "assistant", "content": None, "tool_calls": [call]}
    answer = {"role": "tool", "tool_call_id": "c1", "content": f'User has answered: "{QUESTION}"="a.csv".'}
    async with wired(plain(COMPLETION)) as wire, front(wire.url) as at:
        await at.chat(REQUEST)
        await at.chat(messages=[*talk(REQUEST), asked, answer])
        await at.settled()
        (seen,) = at.observed()
        assert seen.asked
        assert seen.outcome in ("welcome", "needless")
        assert len(at.advice()) == 2
        assert facts(wire.got[1]) == [3]  # never between a call and its result
        assert without(wire.got[1]) == [*talk(REQUEST), asked, answer]


async def test_a_tools_result_after_an_ask_tools_answer_is_a_step_of_the_turn_that_began_with_that(
    front,
) -> None:
    call = {"id": "c0", "type": "function", "function": {"name": "ask_user", "arguments": QUESTION}}
    asked = {"role": "assistant", "content": None, "tool_calls": [call]}
    answered = [*talk(REQUEST), asked, {"role": "tool", "tool_call_id": "c0", "content": "a.csv"}]
    async with wired(plain(COMPLETION)) as wire, front(wire.url) as at:
        for step in (talk(REQUEST), answered, [*answered, TOOL_CALL, TOOL_RESULT]):
            await at.chat(messages=step)
        assert len(at.advice()) == 2
        assert at.proxy.counts["went_on"] == 1
        assert [len(facts(got)) for got in wire.got] == [1, 1, 1]


@pytest.mark.parametrize(
    "messages",
    [
        [],
        None,
        "text",
        [1],
        [{"role": "wizard", "content": "x"}],
        [
            {
                "role": "user",
                "content": [{"type": "image_url", "image_url": {"url": "data:image/png;base64,AA"}}],
            }
        ],
        [{"role": "user", "content": "  "}],
        [{"role": "system", "content": "x"}],
        [{"role": "assistant", "content": "x"}],
        [*talk(REQUEST, "So I")],
        [*talk(REQUEST), TOOL_CALL, TOOL_RESULT],
    ],
)
async def test_what_is_no_request_of_a_user_passes_unchanged(front, messages: Any) -> None:
    raw = json.dumps({"messages": messages, "x": 1.0}).encode()
    async with wired(plain(COMPLETION)) as wire, front(wire.url) as at:
        headers = {"Content-Type": "application/json"}
        reply = await at.session.post(f"{at.address}/v1/chat/completions", data=raw, headers=headers)
        assert json.loads(await reply.read()) == COMPLETION
        assert wire.got[0].body == raw
        assert at.advice() == []
        assert "x-tactful-choice" not in reply.headers


async def test_of_parts_the_text_is_read_and_all_of_them_arrive(front) -> None:
    parts = [
        {"type": "text", "text": REQUEST},
        {"type": "image_url", "image_url": {"url": "data:image/png;base64,AA"}},
    ]
    messages = [{"role": "user", "content": parts}]
    async with wired(plain(COMPLETION)) as wire, front(wire.url, keep_texts=True) as at:
        await at.chat(messages=messages)
        assert without(wire.got[0]) == messages
        assert len(at.advice()) == 1


async def test_an_endpoint_that_refuses_the_fact_gets_the_request_as_it_came_and_is_told_otherwise(
    front,
) -> None:
    """As templates do that take one system message alone, and the first at that."""

    def strict(got: Got) -> Answer:
        roles = [one["role"] for one in got.json["messages"]]
        return plain(b'{"error": {}}', "400 Bad Request") if "system" in roles[1:] else plain(COMPLETION)

    messages = [{"role": "system", "content": "Be brief."}, *talk(REQUEST)]
    async with wired(strict) as wire, front(wire.url) as at:
        for text in ("a", "b"):
            reply = await at.chat(messages=[*messages[:1], {"role": "user", "content": f"{REQUEST} {text}"}])
            assert json.loads(await reply.read()) == COMPLETION
        assert [facts(got) for got in wire.got] == [[1], [], []]
        third = wire.got[2].json["messages"]
        assert third[0]["content"].startswith(f"Be brief.\n\n{FACT}")
        assert [one["role"] for one in third] == ["system", "user"]
        await at.settled()
        assert [one.treated for one in at.advice()] == [False, True]
        assert at.advice()[0].behaviour == ""


async def test_an_error_that_is_the_clients_own_comes_back_once_both_ways_were_tried(front) -> None:
    async with (
        wired(plain(b'{"error": {"message": "no"}}', "400 Bad Request")) as wire,
        front(wire.url) as at,
    ):
        for _ in range(2):
            reply = await at.chat(REQUEST)
            assert (reply.status, json.loads(await reply.read())) == (400, {"error": {"message": "no"}})
        assert [len(facts(got)) for got in wire.got] == [1, 0, 1, 0]  # nothing was learned of the endpoint


# ---------------------------------------------------------------- responses


def response(id: str, text: str) -> dict[str, Any]:
    message = {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": text}]}
    return {"id": id, "object": "response", "status": "completed", "output": [{"type": "reasoning"}, message]}


def as_stream(whole: dict[str, Any]) -> Answer:
    done = {"type": "response.completed", "response": whole}
    return chunked(
        [
            b"event: response.created\ndata: {}\n\n",
            b"event: response.completed\ndata: " + json.dumps(done).encode() + b"\n\n",
        ]
    )


@pytest.mark.parametrize("stream", [False, True])
async def test_a_conversation_that_the_server_keeps_is_followed_by_its_responses(front, stream: bool) -> None:
    def answer(got: Got) -> Answer:
        whole = response(f"resp_{len(wire.got)}", QUESTION)
        return as_stream(whole) if stream else plain(whole)

    async with wired(answer) as wire, front(wire.url) as at:
        url = f"{at.address}/v1/responses"
        first = {"model": "m", "input": REQUEST, "instructions": "Be brief.", "stream": stream}
        async with at.session.post(url, json=first) as reply:
            await reply.read()
            assert reply.headers["x-tactful-choice"] == "ask"
        second = {
            "model": "m",
            "previous_response_id": "resp_1",
            "input": [{"role": "user", "content": REJECTS}],
        }
        async with at.session.post(url, json=second | {"stream": stream}) as reply:
            await reply.read()
        await at.settled()
        one, two = at.advice()
        assert one.conversation == two.conversation
        (seen,) = at.observed()
        assert (seen.advice, seen.outcome) == (one.id, "rejected")
        sent = [got.json for got in wire.got]
        assert [
            made.pop("instructions").startswith(start)
            for made, start in zip(sent, (f"Be brief.\n\n{FACT}", FACT), strict=True)
        ] == [True, True]
        first.pop("instructions")
        assert sent == [first, second | {"stream": stream}]


@pytest.mark.parametrize("beginning", ["", "See this log:\n" + "x" * 20_000 + "\n"])
async def test_every_step_of_a_turn_that_the_server_keeps_is_told_the_same_however_many_there_are(
    front, beginning: str
) -> None:
    def answer(got: Got) -> Answer:
        number = len(wire.got)
        call = {"type": "function_call", "call_id": f"c{number}", "name": "read", "arguments": "{}"}
        whole = response(f"resp_{number}", QUESTION)
        return plain(whole | {"output": [{"type": "reasoning"}, call]} if number < 8 else whole)

    async with wired(answer) as wire, front(wire.url) as at:

        async def asked(given: str | list[dict[str, str]]) -> str:
            last = {"previous_response_id": f"resp_{len(wire.got)}"} if wire.got else {}
            body = {"model": "m", "input": given, "user": "ann", **last}
            async with at.session.post(f"{at.address}/v1/responses", json=body) as reply:
                await reply.read()
                return reply.headers["x-tactful-advice"]

        ids = [await asked(beginning + REQUEST)]
        for step in range(1, 8):
            ids.append(await asked([{"type": "function_call_output", "call_id": f"c{step}", "output": "x"}]))
        next_one = await asked(REJECTS)
        await at.settled()
        one, two = at.advice()
        assert [set(ids), next_one] == [{one.id}, two.id]
        assert one.conversation == two.conversation
        assert len({got.json["instructions"] for got in wire.got[:8]}) == 1
        assert at.proxy.counts["went_on"] == 7
        assert beginning or [seen.outcome for seen in at.observed()] == ["rejected"]


async def test_a_response_with_the_whole_conversation_in_it_is_recognised_by_its_beginning(front) -> None:
    items = [
        {"role": "user", "content": [{"type": "input_text", "text": REQUEST}]},
        {"type": "reasoning", "summary": []},
        {"type": "function_call", "call_id": "c1", "name": "read", "arguments": "{}"},
        {"type": "function_call_output", "call_id": "c1", "output": "x"},
        {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": QUESTION}]},
        {"role": "user", "content": REJECTS},
    ]
    async with wired(plain(response("resp_1", "ok"))) as wire, front(wire.url) as at:
        for given in (items[:1], items[:4], items):
            async with at.session.post(
                f"{at.address}/v1/responses", json={"model": "m", "input": given}
            ) as reply:
                await reply.read()
        await at.settled()
        one, two = at.advice()
        assert one.conversation == two.conversation
        assert [seen.outcome for seen in at.observed()] == ["rejected"]
        assert [got.json["input"] for got in wire.got] == [items[:1], items[:4], items]
        assert all(got.json["instructions"].startswith(FACT) for got in wire.got)


@pytest.mark.slow
async def test_in_shadow_a_request_that_comes_before_the_last_one_is_decided_goes_on_with_its_conversation(
    front, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with wired(plain(COMPLETION)) as wire, front(wire.url, mode="shadow", proxy={"stored_ms": 0}) as at:
        decide = at.advisor.adecide

        async def slowly(messages: Any, **more: Any) -> Any:
            await asyncio.sleep(0.3 / len(messages))  # the first takes longest
            return await decide(messages, **more)

        monkeypatch.setattr(at.advisor, "adecide", slowly)
        for texts in (("Book a table",), ("Book a table", "Which one?", "The first one.")):
            assert "x-tactful-advice" not in (await at.chat(*texts)).headers
        await asyncio.sleep(0.6)
        await at.settled()
        assert len(at.advice()) == 2
        assert len({one.conversation for one in at.advice()}) == 1


async def test_a_proxy_that_ends_finishes_what_it_was_deciding_in_shadow(
    front, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with wired(plain(COMPLETION)) as wire, front(wire.url, mode="shadow", proxy={"stored_ms": 0}) as at:
        decide = at.advisor.adecide

        async def slowly(messages: Any, **more: Any) -> Any:
            await asyncio.sleep(0.3)
            return await decide(messages, **more)

        monkeypatch.setattr(at.advisor, "adecide", slowly)
        assert (await at.chat("Book a table")).status == 200
        assert not at.proxy.counts["advised_ask"]
    assert at.proxy.counts["advised_ask"] == 1
