"""Answers pass as they are: bytes, chunks, status, headers; whatever the upstream does."""

from __future__ import annotations

import asyncio
import gzip
import json
import random
from pathlib import Path

import aiohttp
import pytest
from tests.live.proxy.upstream import COMPLETION, CUT, Got, chunked, plain, wired

EVENTS = (
    b': a comment\r\n\r\ndata: {"choices":[{"delta":{"content":"caf\xc3\xa9 "}}]}\n\n'
    b"event: ping\r\ndata:\r\n\r\n"
    b'data: {"choices":[{"delta":{"content":"\xe4\xb8\xad\xe6\x96\x87"}}]}\n\ndata: [DONE]\n\n'
)


def in_odd_pieces(raw: bytes, seed: int) -> list[bytes]:
    rng, pieces = random.Random(seed), []
    while raw:
        size = rng.choice((1, 1, 2, 3, 7, 40))
        pieces.append(raw[:size])
        raw = raw[size:]
    return pieces


async def raw_request(address: str, sent: bytes) -> bytes:
    """All bytes that come back until the connection ends."""
    host, _, port = address.removeprefix("http://").partition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(sent)
    await writer.drain()
    try:
        return await asyncio.wait_for(reader.read(), 60)
    finally:
        writer.close()


@pytest.mark.parametrize("mode", ["shadow", "advise"])
@pytest.mark.parametrize("seed", range(3))
async def test_a_stream_in_odd_pieces_comes_out_byte_for_byte(front, mode: str, seed: int) -> None:
    async with wired(chunked(in_odd_pieces(EVENTS, seed))) as wire, front(wire.url, mode=mode) as at:
        reply = await at.chat("Write a poem about the sea.", stream=True)
        assert await reply.read() == EVENTS
        assert reply.headers["Content-Type"] == "text/event-stream"
        assert await at.counted("passed") == 1


async def test_pieces_come_as_they_are_sent_and_not_at_the_end(front) -> None:
    first, rest = b"data: 1\n\n", b"data: [DONE]\n\n"
    rest_may_go = asyncio.Event()
    async with wired(chunked([first, rest]), go_on=rest_may_go) as wire, front(wire.url) as at:
        body = {"model": "m", "messages": [{"role": "user", "content": "Go on."}], "stream": True}
        async with at.session.post(f"{at.address}/v1/chat/completions", json=body) as reply:
            assert await asyncio.wait_for(reply.content.readany(), 60) == first
            rest_may_go.set()
            assert await reply.content.read() == rest


async def test_what_the_upstream_packed_stays_packed(front) -> None:
    packed = gzip.compress(EVENTS)
    sent = chunked(in_odd_pieces(packed, 1), "Content-Encoding: gzip")
    async with wired(sent) as wire, front(wire.url) as at:
        reply = await at.chat("Hello there.", headers={"Accept-Encoding": "gzip, br;q=0.1"}, stream=True)
        assert await reply.read() == packed
        assert reply.headers["Content-Encoding"] == "gzip"
        assert wire.got[0].header("Accept-Encoding") == ["gzip, br;q=0.1"]


@pytest.mark.parametrize(
    ("status", "body", "headers"),
    [
        (
            "429 Too Many Requests",
            b'{"error": {"code": "rate_limit_exceeded"}}',
            ("Retry-After: 7", "x-request-id: r-1"),
        ),
        ("500 Internal Server Error", b"<html>oh</html>", ("X-Odd:  a, b",)),
        ("503 Busy Just Now", b"", ("Retry-After: Wed, 21 Oct 2026 07:28:00 GMT",)),
        ("200 OK", b'{"choices": [{"mess', ("X-Wrong: json",)),
        ("404 Not Found", b"{}", ()),
        ("307 Temporary Redirect", b"", ("Location: http://127.0.0.2:9/elsewhere",)),
    ],
)
async def test_faults_of_the_upstream_are_the_clients_to_see(
    front, status: str, body: bytes, headers
) -> None:
    async with wired(plain(body, status, *headers)) as wire, front(wire.url) as at:
        body_sent = {"model": "m", "messages": [{"role": "user", "content": "Write a letter."}]}
        url = f"{at.address}/v1/chat/completions"
        async with at.session.post(url, json=body_sent, allow_redirects=False) as reply:
            assert await reply.read() == body
            assert f"{reply.status} {reply.reason}" == status
            for row in headers:
                name, _, value = row.partition(":")
                assert reply.headers[name] == value.strip()
        assert len(wire.got) == 1  # nothing is repeated on the way


@pytest.mark.parametrize(
    ("sent", "last"),
    [
        (chunked([b"data: 1\n\n", b"data: 2"], end=False), b"data: 2\r\n"),
        ([plain(b"x" * 100)[0][:-40], CUT], b"x" * 60),
    ],
)
async def test_an_answer_that_breaks_off_breaks_off_and_what_came_before_arrives(
    front, sent, last: bytes
) -> None:
    async with wired(sent) as wire, front(wire.url) as at:
        body = b'{"messages": [{"role": "user", "content": "Write a letter."}]}'
        host = at.address.removeprefix("http://")
        head = f"POST /v1/chat/completions HTTP/1.1\r\nHost: {host}\r\nContent-Length: {len(body)}\r\n\r\n"
        assert (await raw_request(at.address, head.encode() + body)).endswith(last)
        assert await at.counted("broken_off") == 1
        with pytest.raises(aiohttp.ClientPayloadError):
            await at.chat("Write a letter.")


async def test_an_upstream_that_is_down_is_a_502_in_the_form_of_openai(front) -> None:
    async with wired(plain(b"{}")) as wire:
        url = wire.url
    async with front(url) as at:
        reply = await at.chat("Write a letter.")
        assert reply.status == 502
        error = json.loads(await reply.read())["error"]
        assert (error["type"], error["code"]) == ("server_error", "upstream_unreachable")
        assert str(wire.port) not in error["message"]


@pytest.mark.parametrize("answer", [[CUT], [b"\x00\x01nonsense\r\n\r\n", CUT]])
async def test_an_upstream_that_speaks_no_http_is_a_502(front, answer) -> None:
    async with wired(answer) as wire, front(wire.url) as at:
        assert (await at.chat("Write a letter.")).status == 502


@pytest.mark.parametrize("path", ["/v1/models?limit=2&x=%2F%20", "/v1/files/a%2Fb", "/v1/models/o%3A1"])
async def test_other_paths_go_through_as_they_are_written(front, path: str) -> None:
    def answer(got: Got):
        return plain(
            b'{"data": []}', "200 OK", "Set-Cookie: a=1", "Set-Cookie: b=2", "Connection: x-hop", "X-Hop: 1"
        )

    async with wired(answer) as wire, front(wire.url) as at:
        import yarl

        headers = {"Authorization": "Bearer sk-1", "X-Stays": "yes", "Connection": "X-Goes", "X-Goes": "1"}
        async with at.session.get(yarl.URL(at.address + path, encoded=True), headers=headers) as reply:
            assert await reply.read() == b'{"data": []}'
            assert reply.headers.getall("Set-Cookie") == ["a=1", "b=2"]
            assert "X-Hop" not in reply.headers
            assert "x-tactful-choice" not in reply.headers
        (got,) = wire.got
        assert got.line == f"GET {path} HTTP/1.1"
        assert got.header("Authorization") == ["Bearer sk-1"]
        assert got.header("X-Stays") == ["yes"]
        assert not got.header("X-Goes")
        assert got.header("Host") == [f"127.0.0.1:{wire.port}"]


async def test_uploads_keep_every_byte_and_say_their_own_length(front) -> None:
    raw = bytes(range(256)) * 8192  # 2 MB
    async with wired(plain(b"{}")) as wire, front(wire.url) as at:
        headers = {"Content-Type": "multipart/form-data; boundary=x", "Expect": "100-continue"}

        async def in_pieces():
            for start in range(0, len(raw), 100_000):
                yield raw[start : start + 100_000]

        async with at.session.post(f"{at.address}/v1/files", data=in_pieces(), headers=headers) as reply:
            assert reply.status == 200
        (got,) = wire.got
        assert got.body == raw
        assert got.header("Content-Length") == [str(len(raw))]
        assert not got.header("Transfer-Encoding")
        assert not got.header("Expect")
        assert got.header("Content-Type") == ["multipart/form-data; boundary=x"]


async def test_a_request_in_gzip_is_passed_on_packed_and_without_advice(front) -> None:
    packed = gzip.compress(json.dumps({"messages": [{"role": "user", "content": "Write."}]}).encode())
    async with wired(plain(COMPLETION)) as wire, front(wire.url) as at:
        headers = {"Content-Encoding": "gzip", "Content-Type": "application/json"}
        async with at.session.post(
            f"{at.address}/v1/chat/completions", data=packed, headers=headers
        ) as reply:
            assert json.loads(await reply.read()) == COMPLETION
        assert wire.got[0].body == packed
        assert wire.got[0].header("Content-Encoding") == ["gzip"]
        assert at.advice() == []


async def test_no_header_is_added_to_what_the_client_sent(front) -> None:
    async with (
        wired(plain(COMPLETION, "200 OK", "Connection: close")) as wire,
        front(wire.url, mode="shadow") as at,
    ):
        body = b'{"messages": [{"role": "user", "content": "Write a letter."}]}'
        host = at.address.removeprefix("http://")
        sent = f"POST /v1/chat/completions HTTP/1.1\r\nHost: {host}\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
        back = await raw_request(at.address, sent.encode() + body)
        assert back.endswith(json.dumps(COMPLETION).encode())
        assert {name for name, _ in wire.got[0].headers} == {"Host", "Content-Length"}
        assert wire.got[0].body == body


async def test_a_client_that_goes_away_ends_the_request_upstream(front) -> None:
    async with wired(chunked([b"data: 1\n\n"] * 2000), apart_s=0.05) as wire, front(wire.url) as at:
        body = {"model": "m", "messages": [{"role": "user", "content": "Write."}], "stream": True}
        reply = await at.session.post(f"{at.address}/v1/chat/completions", json=body)
        await reply.content.readany()
        reply.close()
        for _ in range(1000):
            if not at.proxy._session.connector._acquired:
                break
            await asyncio.sleep(0.05)
        assert not at.proxy._session.connector._acquired


async def test_a_proxy_of_the_environment_stands_between_and_no_key_is_taken_from_a_netrc(
    front, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with wired(plain(COMPLETION)) as wire:
        (tmp_path / "netrc").write_text("machine upstream.test login ann password secret\n")
        monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
        monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{wire.port}")
        monkeypatch.setenv("no_proxy", "127.0.0.1")
        async with front("http://upstream.test/v1") as at:
            assert (await at.chat("Go on.")).status == 200
            assert (await at.chat("Go on.", headers={"Authorization": "Bearer mine"})).status == 200
        first, second = wire.got
        assert first.line.startswith("POST http://upstream.test/v1/chat/completions ")
        assert (first.header("Authorization"), second.header("Authorization")) == ([], ["Bearer mine"])
