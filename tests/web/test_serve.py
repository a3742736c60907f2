"""A real server, asked over a real socket."""

from __future__ import annotations

import asyncio
import logging
import os
import shutil
import signal
import socket
import ssl
import sys
from contextlib import asynccontextmanager

import httpx
import pytest
from fastapi import FastAPI
from starlette.requests import Request

from tactful.errors import UserError
from tactful.web.app import build_app
from tactful.web.serve import exposure, running


async def test_a_server_takes_a_free_port_answers_and_is_gone_after_its_block(caplog):
    caplog.set_level(logging.DEBUG, logger="uvicorn")
    caplog.set_level(logging.DEBUG, logger="tactful")
    events = []

    @asynccontextmanager
    async def lifespan(app: FastAPI):
        events.append("opened")
        yield
        events.append("closed")

    app = build_app(title="Shop", lifespan=lifespan)

    @app.get("/fails")
    async def fails(request: Request) -> None:
        raise RuntimeError(str(request.url))

    async with running(app) as address, httpx.AsyncClient() as client:
        answer = await client.get(f"{address}/health")
        assert (answer.status_code, answer.json()) == (200, {"status": "ok"})
        assert "server" not in answer.headers
        assert (await client.get(f"{address}/fails?name=Ada")).status_code == 500
        assert (await client.get(address, headers={"host": "evil.example"})).status_code == 403
    assert events == ["opened", "closed"]
    assert "Ada" not in caplog.text
    assert "/health" not in caplog.text
    async with httpx.AsyncClient() as client:
        with pytest.raises(httpx.ConnectError):
            await client.get(f"{address}/health")


async def test_a_body_that_comes_in_pieces_ends_at_the_limit():
    app = build_app(title="Shop", max_body_bytes=100_000)
    async with running(app) as address:
        reader, writer = await asyncio.open_connection("127.0.0.1", int(address.rpartition(":")[2]))
        writer.write(b"POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n")
        for _ in range(3):
            writer.write(b"c350\r\n" + b"a" * 50_000 + b"\r\n")
        await writer.drain()
        assert b" 413 " in await asyncio.wait_for(reader.readline(), 10)
        writer.close()


async def test_a_port_that_is_taken_is_told_with_the_next_move():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(
            UserError, match=f"port {port} of 127.0.0.1 is taken .* give --port another number"
        ):
            async with running(build_app(title="Shop"), port=port):
                pass


async def test_what_an_app_cannot_open_is_told_as_it_said_it():
    @asynccontextmanager
    async def lifespan(app: FastAPI):
        raise UserError("shop.sqlite: is of a later version")
        yield

    with pytest.raises(UserError, match="of a later version"):
        async with running(build_app(title="Shop", lifespan=lifespan)):
            pass


async def test_a_certificate_that_cannot_be_used_is_named(tmp_path):
    cert = tmp_path / "cert.pem"
    for text in (None, "no certificate"):
        if text:
            cert.write_text(text)
        with pytest.raises(UserError, match=r"cert\.pem: no usable certificate with its key"):
            async with running(build_app(title="Shop"), tls_cert=cert, tls_key=cert):
                pass


async def test_a_body_that_never_comes_ends_after_a_while(monkeypatch):
    monkeypatch.setattr("tactful.web.guard._BODY_S", 0.05)
    async with running(build_app(title="Shop")) as address:
        reader, writer = await asyncio.open_connection("127.0.0.1", int(address.rpartition(":")[2]))
        writer.write(b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\nhalf")
        assert b" 408 " in await asyncio.wait_for(reader.readline(), 10)
        writer.close()


@pytest.mark.skipif(shutil.which("openssl") is None, reason="needs openssl, to make a certificate")
async def test_behind_tls_the_address_says_so_and_answers(tmp_path):
    cert, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    made = f"openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=localhost -addext subjectAltName=IP:127.0.0.1 -keyout {key} -out {cert}"
    process = await asyncio.create_subprocess_exec(*made.split(), stderr=asyncio.subprocess.DEVNULL)
    assert await process.wait() == 0
    trust = ssl.create_default_context(cafile=cert)
    async with running(build_app(title="Shop", behind_tls=True), tls_cert=cert, tls_key=key) as address:
        assert address.startswith("https://127.0.0.1:")
        async with httpx.AsyncClient(verify=trust) as client:
            answer = await client.get(f"{address}/nothing")
    assert "strict-transport-security" in answer.headers
    assert answer.headers["set-cookie"].startswith("__Host-tactful_browser=")


def test_an_address_that_others_reach_is_told():
    assert (
        exposure("127.0.0.1", tls=False)
        is exposure("localhost", tls=False)
        is exposure("::1", tls=False)
        is None
    )
    assert "read along; give --tls-cert" in (exposure("0.0.0.0", tls=False) or "")
    assert exposure("0.0.0.0", tls=True) == "--host 0.0.0.0 lets other machines open these pages"


SERVER = """
from contextlib import asynccontextmanager
from tactful.api.serving import Served
from tactful.cli.serving import serve_until_signal
from tactful.web.app import build_app
from tactful.web.serve import running

@asynccontextmanager
async def serving():
    async with running(build_app(title="Shop")) as address:
        yield Served(address=address, name="shop", asks_key=False)

try:
    serve_until_signal(serving(), lambda served: None, as_json=True)
except KeyboardInterrupt:
    raise SystemExit(130)
"""


@pytest.mark.slow
@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 0), (signal.SIGINT, 130)])
async def test_a_signal_ends_a_server_cleanly_with_nothing_said(number, code):
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", SERVER, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE, env={**os.environ}
    )  # fmt: skip
    try:
        assert b'{"address": "http://127.0.0.1:' in await asyncio.wait_for(process.stdout.readline(), 60)
        process.send_signal(number)
        out, err = await asyncio.wait_for(process.communicate(), 20)
        assert (process.returncode, out, err) == (code, b"", b"")
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
