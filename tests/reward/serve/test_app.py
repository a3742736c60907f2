"""The server of judgements, over real HTTP on loopback and by the real openai SDK."""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import json
import logging
import socket
import threading
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import openai
import pytest
from tests.chat_server import ChatServer

from tactful.errors import ProviderError, SafetyRefusal, UserError
from tactful.llm import ModelSpec
from tactful.reward.gate.rule import Costs, Gate, GateConfig
from tactful.reward.judging.judge import LMJudge
from tactful.reward.serve.app import ServeSettings, create_app, running
from tactful.reward.types import Acceptance, Influence
from tactful.types import Moment

KEY = "a-long-key-of-this-test"
EVENTS = [
    {"time": "1717335890.127", "event": "The user opens budget.ods."},
    {"time": 1717335990, "event": "The user searches 'sum a column'."},
]


class Fake:
    """Accepts proposals about sums, and silence never; computes, as the embedded model does."""

    name = "fake"

    def __init__(self) -> None:
        self.seen: list[Moment] = []
        self.hold: threading.Event | None = None

    def judge_now(self, moments: Sequence[Moment], *, explain: bool = False) -> list[Acceptance]:
        assert explain
        if self.hold is not None:
            self.hold.wait(10)
        self.seen += moments
        return [self._one(moment) for moment in moments]

    def _one(self, moment: Moment) -> Acceptance:
        if moment.proposal == "unscored":
            return Acceptance.unscored(moment.id, reason="no head for it")
        if moment.proposal == "break":
            raise RuntimeError(f"secret {moment.proposal}")
        p = 0.8 if moment.proposal and "sum" in moment.proposal else 0.2
        why = Influence(feature="aims_last", effect=p - 0.5, words="what it is about counts")
        return Acceptance(
            moment_id=moment.id, p_accept=p, p_need=0.5, accepted=p > 0.5, reason="r", influences=(why,)
        )

    async def judge(self, moment: Moment) -> Acceptance:
        raise AssertionError("a judge that computes is asked in a thread")

    async def judge_batch(self, moments: Sequence[Moment]) -> list[Acceptance]:
        raise AssertionError("a judge that computes is asked in a thread")


class Remote(Fake):
    """A judge whose endpoint is down."""

    judge_now = None  # type: ignore[assignment]

    async def judge(self, moment: Moment) -> Acceptance:
        raise ProviderError("secret-host is down", outcome="out_of_reach")


class Client:
    def __init__(self, session: aiohttp.ClientSession, address: str) -> None:
        self.session, self.address = session, address

    async def call(
        self, path: str, body: Any = None, method: str = "POST", **options: Any
    ) -> tuple[int, Any]:
        if body is not None:
            options["json"] = body
        async with self.session.request(method, self.address + path, **options) as reply:
            self.headers = reply.headers
            return reply.status, await reply.json(content_type=None)

    async def refused(self, path: str, body: Any = None, **options: Any) -> tuple[int, dict[str, Any]]:
        """Status and error, which has OpenAI's shape."""
        status, answer = await self.call(path, body, **options)
        assert set(answer) == {"error"}
        assert set(answer["error"]) == {"message", "type", "param", "code"}
        assert answer["error"]["message"]
        return status, answer["error"]


@asynccontextmanager
async def served(judge: Any = None, gate: Gate | None = None, **settings: Any) -> AsyncIterator[Client]:
    app = create_app(judge or Fake(), ServeSettings(**settings), gate=gate)
    async with running(app, "127.0.0.1", 0) as address, aiohttp.ClientSession() as session:
        yield Client(session, address)


def asked(proposal: Any = "Insert a sum formula", **changes: Any) -> dict[str, Any]:
    """What ProactiveBench's scripts send."""
    told = {"Observations (Time Ascending)": EVENTS, "Proposed Task": proposal, "Instruction": "Judge."}
    messages = [{"role": "system", "content": "You are a user."}]
    messages.append({"role": "user", "content": json.dumps(told)})
    return {"model": "activellama", "messages": messages, "temperature": 0.5, **changes}


def sdk(address: str, key: str = "none") -> openai.AsyncOpenAI:
    return openai.AsyncOpenAI(base_url=f"{address}/v1", api_key=key, max_retries=0)


# ---------------------------------------------------------------- the chat endpoint


async def test_the_openai_sdk_gets_a_thought_and_a_judgement() -> None:
    async with served() as client, sdk(client.address) as script:
        for proposal, judgement in (("a sum", "accepted"), ("a walk", "rejected"), (None, "rejected")):
            reply = await script.chat.completions.create(
                **asked(proposal, n=1, stream=False, response_format={"type": "json_object"})
            )
            said = json.loads(reply.choices[0].message.content or "")
            assert list(said) == ["thought", "judgement"]
            assert said["judgement"] == judgement
            assert said["thought"].startswith("I ")
            assert reply.choices[0].finish_reason == "stop"
            assert reply.model == "fake"
            assert reply.usage is not None
            assert reply.usage.total_tokens == reply.usage.prompt_tokens + reply.usage.completion_tokens > 20
        assert [model.id async for model in script.models.list()] == ["fake"]


async def test_several_choices_are_equal_for_one_judgement_is_made() -> None:
    judge = Fake()
    async with served(judge) as client, sdk(client.address) as script:
        reply = await script.chat.completions.create(**asked(n=3))
        assert [choice.index for choice in reply.choices] == [0, 1, 2]
        assert len({choice.message.content for choice in reply.choices}) == 1
        assert len(judge.seen) == 1


@pytest.mark.slow
async def test_a_stream_ends_properly_and_holds_the_same_text() -> None:
    async with served() as client, sdk(client.address) as script:
        whole = await script.chat.completions.create(**asked())
        stream = await script.chat.completions.create(
            **asked(stream=True, n=2, stream_options={"include_usage": True})
        )
        texts, ends, usage = ["", ""], [], None
        async for chunk in stream:
            usage = chunk.usage or usage
            for choice in chunk.choices:
                texts[choice.index] += choice.delta.content or ""
                ends += [choice.finish_reason] if choice.finish_reason else []
        assert texts == [whole.choices[0].message.content] * 2
        assert ends == ["stop", "stop"]
        assert usage is not None
        assert usage.completion_tokens > 0


async def test_the_last_user_message_counts_and_may_come_in_parts() -> None:
    judge = Fake()
    async with served(judge) as client:
        body = asked("a sum")
        last = body["messages"].pop()["content"]
        body["messages"] += [
            {"role": "user", "content": "not JSON"},
            {"role": "assistant", "content": None},
            {
                "role": "user",
                "content": [{"type": "text", "text": last[:9]}, {"type": "text", "text": last[9:]}],
            },
        ]
        assert (await client.call("/v1/chat/completions", body))[0] == 200
        assert judge.seen[0].proposal == "a sum"
        assert [event.text for event in judge.seen[0].events] == [row["event"] for row in EVENTS]
        assert judge.seen[0].events[0].at is not None


@pytest.mark.parametrize("spelt", [None, "null", " None ", ""])
async def test_silence_is_silence_however_it_is_spelt(spelt: str | None) -> None:
    judge = Fake()
    async with served(judge) as client:
        assert (await client.call("/v1/chat/completions", asked(spelt)))[0] == 200
        assert judge.seen[0].proposal is None


@pytest.mark.parametrize(
    ("content", "named"),
    [
        ("hello", "no JSON"),
        ("[1]", "'Proposed Task'"),
        ("{}", "no 'Observations (Time Ascending)' and no 'Proposed Task'"),
        ({"Observations (Time Ascending)": EVENTS}, "no 'Proposed Task'"),
        ({"Observations (Time Ascending)": [], "Proposed Task": None}, "at least one event"),
        ({"Observations (Time Ascending)": ["x"], "Proposed Task": None}, "(item 1)"),
        ({"Observations (Time Ascending)": EVENTS, "Proposed Task": 3}, "'Proposed Task' is 3"),
        ({"Observations (Time Ascending)": [{"event": " "}], "Proposed Task": None}, "(item 1)"),
        ([{"type": "image_url", "image_url": {"url": "http://x"}}], "image_url"),
        (None, "no JSON"),
    ],
)
async def test_what_is_missing_in_a_message_is_named(content: Any, named: str) -> None:
    async with served() as client:
        text = json.dumps(content) if isinstance(content, dict) else content
        body = {"model": "m", "messages": [{"role": "user", "content": text}]}
        status, error = await client.refused("/v1/chat/completions", body)
        assert status == 400
        assert error["type"] == "invalid_request_error"
        assert error["param"] == "messages"
        assert named in error["message"]


@pytest.mark.parametrize(
    ("changes", "param"),
    [
        ({"messages": []}, "messages"),
        ({"messages": [{"role": "system", "content": "x"}]}, "messages"),
        ({"messages": "hello"}, "messages"),
        ({"n": 0}, "n"),
        ({"n": 1000}, "n"),
        ({"n": True}, "n"),
        ({"stream": "yes"}, "stream"),
        ({"tools": [{"type": "function"}]}, "tools"),
        ({"response_format": {"type": "xml"}}, "response_format"),
    ],
)
async def test_a_wrong_field_is_named(changes: dict[str, Any], param: str) -> None:
    async with served() as client:
        status, error = await client.refused("/v1/chat/completions", asked(**changes))
        assert (status, error["param"]) == (400, param)


async def test_an_unscored_moment_gets_no_made_up_verdict() -> None:
    async with served() as client, sdk(client.address) as script:
        with pytest.raises(openai.InternalServerError) as caught:
            await script.chat.completions.create(**asked("unscored"))
        assert caught.value.status_code == 502
        assert caught.value.code == "unscored"
        assert caught.value.response.headers["x-should-retry"] == "false"
        status, answer = await client.call("/v1/judge", {"events": EVENTS, "proposal": "unscored"})
        assert (status, answer["accepted"], answer["p_accept"]) == (200, None, None)
        assert answer["reason"] == "no head for it"


async def test_a_judge_out_of_reach_is_a_503_that_tells_nothing_of_its_endpoint() -> None:
    async with served(Remote()) as client:
        status, error = await client.refused("/v1/chat/completions", asked())
        assert (status, error["code"]) == (503, "judge_out_of_reach")
        assert "secret-host" not in error["message"]


async def test_a_prompted_judge_answers_and_an_unreadable_one_is_a_502() -> None:
    script: dict[str, object] = {"sum": {"thought": "I need it.", "judgement": "accepted"}, "walk": "no idea"}
    async with ChatServer(script=script) as server:
        spec = ModelSpec(name="m", base_url=server.base_url)
        async with LMJudge.open(spec) as judge, served(judge) as client:
            _, answer = await client.call("/v1/chat/completions", asked("a sum"))
            said = json.loads(answer["choices"][0]["message"]["content"])
            assert said == {"thought": "I need it.", "judgement": "accepted"}
            walk = {**asked(), "messages": [{"role": "user", "content": json.dumps(_walk())}]}
            status, error = await client.refused("/v1/chat/completions", walk)
            assert (status, error["code"]) == (502, "unscored")


def _walk() -> dict[str, Any]:
    events = [{"time": "1", "event": "The user puts on shoes."}]
    return {"Observations (Time Ascending)": events, "Proposed Task": "a walk"}


# ---------------------------------------------------------------- our own form


async def test_a_judgement_has_probabilities_and_influences() -> None:
    async with served() as client:
        status, answer = await client.call("/v1/judge", {"events": EVENTS, "proposal": "a sum"})
        assert status == 200
        assert answer["judge"] == "fake"
        assert (answer["p_accept"], answer["p_need"], answer["accepted"]) == (0.8, 0.5, True)
        assert answer["influences"][0]["feature"] == "aims_last"
        assert answer["decision"] is None


async def test_a_batch_keeps_its_order() -> None:
    async with served() as client:
        moments = [{"events": EVENTS, "proposal": text} for text in ("a walk", "a sum", None)]
        _, answer = await client.call("/v1/judge", {"moments": moments})
        assert [one["p_accept"] for one in answer["judgements"]] == [0.2, 0.8, 0.2]


@pytest.mark.parametrize(
    ("body", "named"),
    [
        ({"events": EVENTS}, "no 'proposal'"),
        ({"proposal": None}, "no 'events'"),
        ({"events": EVENTS, "proposal": None, "label": 1}, "unknown key 'label'"),
        ({"moments": []}, "moments"),
        ({"moments": [{"events": EVENTS, "proposal": "x"}] * 257}, "moments"),
        ({"events": EVENTS, "proposal": "x", "history": {"shown": 1, "accepted": 2}}, "accepted 2 of 1"),
        ({"events": EVENTS, "proposal": "x", "costs": {"false_alarm": 0}}, "false_alarm"),
        ({"events": [{"event": "x"}] * 2001, "proposal": "x"}, "2001 events"),
        ({"events": [{"event": "x" * 20_001}], "proposal": "x"}, "20000"),
        ([], "no JSON object"),
    ],
)
async def test_a_wrong_question_is_a_400_that_names_it(body: Any, named: str) -> None:
    async with served() as client:
        status, error = await client.refused("/v1/judge", body)
        assert status == 400
        assert named in error["message"]


async def test_costs_decide_where_there_is_no_gate() -> None:
    async with served() as client:
        body = {"events": EVENTS, "proposal": "a sum", "costs": {"false_alarm": 1, "miss": 1}}
        _, answer = await client.call("/v1/judge", body)
        # threshold 1 / (1 + 0.5 · 1) = 0.667, and p = 0.8
        assert answer["decision"]["action"] == "speak"
        assert answer["decision"]["threshold"] == pytest.approx(2 / 3)
        _, answer = await client.call("/v1/judge", {**body, "costs": {"false_alarm": 5, "miss": 1}})
        assert answer["decision"]["action"] == "silent"


async def test_the_gate_decides_on_proposals_and_takes_no_other_costs() -> None:
    gate = Gate(judge="fake", config=GateConfig(costs=Costs(false_alarm=1, miss=1)))
    async with served(gate=gate) as client:
        for proposal, action in (("a sum", "speak"), ("a walk", "silent"), ("unscored", "abstain")):
            _, answer = await client.call("/v1/judge", {"events": EVENTS, "proposal": proposal})
            assert answer["decision"]["action"] == action
        _, answer = await client.call("/v1/judge", {"events": EVENTS, "proposal": None})
        assert answer["decision"] is None
        costs = {"events": EVENTS, "proposal": "x", "costs": {"false_alarm": 1}}
        assert (await client.refused("/v1/judge", costs))[0] == 400


def test_a_gate_of_another_judge_is_refused() -> None:
    gate = Gate(judge="embedded", config=GateConfig(costs=Costs(false_alarm=1)))
    with pytest.raises(UserError, match="set for 'embedded'"):
        create_app(Fake(), ServeSettings(), gate=gate)


async def test_reactions_become_the_history_of_later_moments() -> None:
    judge = Fake()
    async with served(judge) as client:
        moment = {"events": EVENTS, "proposal": "a sum", "user": "u1"}
        await client.call("/v1/judge", moment)
        shown_at = "2024-06-02T13:45:00+00:00"  # 1717335900, 90 s before the last event
        for accepted in (True, False):
            status, answer = await client.call(
                "/v1/reactions", {"user": "u1", "accepted": accepted, "at": shown_at}
            )
        assert (status, answer["shown"], answer["accepted"]) == (200, 2, 1)
        await client.call("/v1/judge", moment)
        await client.call("/v1/judge", {**moment, "history": {"shown": 7, "accepted": 7}})
        assert (await client.call("/v1/reactions/u1", method="DELETE"))[0] == 200
        assert (await client.refused("/v1/reactions/u1", method="DELETE"))[0] == 404
        await client.call("/v1/judge", moment)
    first, second, third, last = (seen.history for seen in judge.seen)
    assert first is None
    assert second is not None
    assert (second.shown, second.accepted, second.since_last_s) == (2, 1, 90)
    assert third is not None
    assert third.shown == 7
    assert last is None


@pytest.mark.parametrize(
    "body",
    [
        {"user": "u"},
        {"user": "", "accepted": True},
        {"user": "u", "accepted": "yes"},
        {"user": "u", "accepted": True, "at": "2024-06-02T13:45:00"},
        {"user": "u", "accepted": True, "at": "9999-12-31T23:59:59-14:00"},
    ],
)
async def test_a_wrong_reaction_is_a_400(body: dict[str, Any]) -> None:
    async with served() as client:
        assert (await client.refused("/v1/reactions", body))[0] == 400


# ---------------------------------------------------------------- abuse


async def test_P8_no_key_or_a_wrong_one_is_a_401() -> None:
    async with served(key=KEY) as client:
        for value in (None, KEY, f"Bearer {KEY}x", "Bearer ", "Bearer \xff", f"Basic {KEY}"):
            headers = {} if value is None else {"Authorization": value}
            for path in ("/v1/judge", "/v1/chat/completions", "/no-such"):
                status, error = await client.refused(path, {}, headers=headers)
                assert (status, error["code"]) == (401, "invalid_api_key")
                assert KEY not in json.dumps(error)
        assert (await client.refused("/v1/models", method="GET"))[0] == 401
        assert (await client.call("/health", method="GET"))[0] == 200
        async with sdk(client.address, KEY) as script:
            assert (await script.chat.completions.create(**asked())).choices
        async with sdk(client.address, "wrong") as script:
            with pytest.raises(openai.AuthenticationError):
                await script.chat.completions.create(**asked())


async def test_P8_a_giant_body_is_a_413_however_it_comes() -> None:
    async with served(max_body_bytes=10_000) as client:
        json_type = {"Content-Type": "application/json"}

        async def drip() -> AsyncIterator[bytes]:
            for _ in range(20):
                yield b" " * 1000

        zipped = gzip.compress(b" " * 5_000_000)
        for data, headers in (
            (b" " * 20_000, json_type),
            (drip(), json_type),
            (zipped, {**json_type, "Content-Encoding": "gzip"}),
        ):
            status, error = await client.refused("/v1/judge", data=data, headers=headers)
            assert (status, error["code"]) == (413, "too_large")
        assert (await client.call("/v1/judge", {"events": EVENTS, "proposal": None}))[0] == 200


async def test_P8_a_full_queue_is_a_429_with_retry_after_and_the_others_are_answered() -> None:
    judge = Fake()
    judge.hold = threading.Event()
    async with served(judge, concurrency=1, queue=2) as client:
        body = {"events": EVENTS, "proposal": "a sum"}
        waiting = [asyncio.create_task(client.call("/v1/judge", body)) for _ in range(3)]
        await asyncio.sleep(0.2)
        status, error = await client.refused("/v1/judge", body)
        assert (status, error["code"]) == (429, "busy")
        assert client.headers["Retry-After"] == "1"
        assert (await client.call("/health", method="GET"))[0] == 200  # the loop is alive meanwhile
        judge.hold.set()
        assert [status for status, _ in await asyncio.gather(*waiting)] == [200] * 3
        assert (await client.call("/v1/judge", body))[0] == 200


async def test_P8_a_request_given_up_at_its_deadline_keeps_its_place_until_the_judge_is_done() -> None:
    judge = Fake()
    judge.hold = threading.Event()
    async with served(judge, concurrency=1, queue=0, deadline_s=0.2) as client:
        body = {"events": EVENTS, "proposal": "a sum"}
        assert (await client.refused("/v1/judge", body))[0] == 504
        assert (await client.refused("/v1/judge", body))[0] == 429
        judge.hold.set()
        for _ in range(100):
            if (await client.call("/v1/judge", body))[0] == 200:
                break
            await asyncio.sleep(0.02)
        else:
            pytest.fail("the place is not free again")


@pytest.mark.slow
async def test_P8_a_body_that_never_ends_is_given_up_at_the_deadline() -> None:
    async with served(deadline_s=0.3) as client:
        port = int(client.address.rsplit(":", 1)[1])
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(
            b"POST /v1/judge HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\n{"
        )
        async with asyncio.timeout(5):
            assert b" 504 " in await reader.readline()
        writer.close()


async def test_P8_only_json_is_taken_so_that_no_page_can_post_without_asking() -> None:
    async with served() as client:
        for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data"):
            status, error = await client.refused("/v1/judge", data=b"{}", headers={"Content-Type": kind})
            assert (status, error["code"]) == (415, "unsupported_media_type")
        origin = {"Origin": "http://evil.example", "Access-Control-Request-Method": "POST"}
        assert (await client.refused("/v1/judge", method="OPTIONS", headers=origin))[0] == 405
        assert not [name for name in client.headers if name.lower().startswith("access-control")]


async def test_P8_another_name_in_the_host_header_is_refused() -> None:
    async with served(allow_hosts=("judge.example",)) as client:
        for host in ("evil.example", "127.0.0.1.evil.example", "localhost@evil.example", "[", "0.0.0.0"):
            status, error = await client.refused("/health", method="GET", headers={"Host": host})
            assert (status, error["code"]) == (403, "host_not_allowed")
        for host in ("localhost:1", "LOCALHOST", "[::1]:8000", "127.0.0.1", "judge.example:443"):
            assert (await client.call("/health", method="GET", headers={"Host": host}))[0] == 200


async def test_P8_bodies_that_are_no_json_are_a_400() -> None:
    async with served() as client:
        headers = {"Content-Type": "application/json"}
        deep = b"[" * 100_000
        for data in (b"", b"{", deep, b"\xff\xfe", b'{"a": NaN}', b'"\\ud800"', b"null"):
            assert (await client.refused("/v1/judge", data=data, headers=headers))[0] == 400
        wrong = {**headers, "Content-Encoding": "gzip"}
        assert (await client.refused("/v1/judge", data=b"not gzip", headers=wrong))[0] == 400


async def test_P8_unknown_addresses_and_methods_are_told_in_the_same_shape() -> None:
    async with served() as client:
        assert (await client.refused("/v1/embeddings", {}))[0] == 404
        assert (await client.refused("/v1/judge", method="GET"))[0] == 405


async def test_P8_a_judge_that_breaks_is_a_500_and_nothing_asked_is_logged(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    async with served(key=KEY) as client:
        headers = {"Authorization": f"Bearer {KEY}"}
        body = {"events": [{"event": "my private screen"}], "proposal": "break"}
        status, error = await client.refused("/v1/judge", body, headers=headers)
        assert (status, error["code"]) == (500, "internal")
        assert "RuntimeError" not in error["message"]
        port = int(client.address.rsplit(":", 1)[1])
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"my private screen\r\n\r\n")
        assert b" 400 " in await reader.readline()
        writer.close()
        assert (await client.call("/v1/judge", {**body, "proposal": "a sum"}, headers=headers))[0] == 200
    assert "RuntimeError" in caplog.text
    assert "private" not in caplog.text
    assert KEY not in caplog.text
    assert KEY not in repr(ServeSettings(key=KEY))


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.7", "my-machine", ""])
def test_P8_others_may_ask_only_with_a_key(host: str) -> None:
    with pytest.raises(SafetyRefusal, match="--api-key-env"):
        create_app(Fake(), ServeSettings(host=host))
    create_app(Fake(), ServeSettings(host=host, key=KEY))


async def test_a_taken_port_and_a_foreign_address_are_said_in_a_sentence() -> None:
    async with served() as client:
        port = int(client.address.rsplit(":", 1)[1])
        for host, chosen, said in (("127.0.0.1", port, "taken"), ("192.0.2.7", 0, "cannot listen")):
            with pytest.raises(UserError, match=said):
                async with running(create_app(Fake(), ServeSettings()), host, chosen):
                    pass


@pytest.mark.parametrize("turns", range(4))
async def test_a_connection_that_comes_as_the_server_ends_is_ended_with_it(
    turns: int, caplog: pytest.LogCaptureFixture
) -> None:
    comers = [socket.socket() for _ in range(5)]
    async with running(create_app(Fake(), ServeSettings()), "127.0.0.1", 0) as address:
        for comer in comers:
            comer.connect(("127.0.0.1", int(address.rpartition(":")[2])))
        for _ in range(turns):
            await asyncio.sleep(0)
    for comer in comers:
        comer.settimeout(2)
        with comer, contextlib.suppress(ConnectionResetError):
            assert await asyncio.to_thread(comer.recv, 1) == b""
    assert not caplog.records
