"""What every route of every app has without asking for it; each test fails when its guard is taken away."""

from __future__ import annotations

import logging
import re
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.websockets import WebSocket

from tactful.errors import UserError
from tactful.web.app import build_app
from tactful.web.pages import page, say_next

HOSTILE = "<script>alert(1)</script>\u202egnp.exe\x07"


@pytest.fixture
def room(tmp_path: Path) -> Path:
    room = tmp_path / "room"
    for folder in ("templates", "words"):
        (room / folder).mkdir(parents=True)
    (room / "templates" / "shop.html.j2").write_text(
        '{% extends "frame.html.j2" %}{% block title %}{{ t("shop.name") }}{% endblock %}'
        '{% block content %}<form method="post" action="/buy">{{ csrf }}</form><p id="foreign">{{ foreign }}</p>{% endblock %}'
    )
    (room / "words" / "en.toml").write_text(
        'shop = {name = "Shop", left = {one = "{n} left", other = "{n:,} left"}}'
    )
    (room / "words" / "zh.toml").write_text('shop = {name = "商店", left = {other = "剩{n:,}件"}}')
    return room


def _app(room: Path, **settings) -> FastAPI:
    app = build_app(title="Shop", rooms=[room], max_body_bytes=1000, session_cookie="session", **settings)

    @app.get("/")
    async def home(request: Request) -> Response:
        return page(request, "shop.html.j2", foreign=HOSTILE)

    @app.api_route("/buy", methods=["POST", "PUT", "PATCH", "DELETE"])
    async def buy(request: Request) -> Response:
        form = await request.form()
        return HTMLResponse(f"bought {form.get('what', 'nothing')}")

    @app.post("/undo")
    async def undo(request: Request) -> Response:
        response = RedirectResponse("/", 303)
        say_next(request, response, "shop.left", n=2)
        return response

    @app.get("/fails/{how}")
    async def fails(how: str) -> None:
        raise {
            "user": UserError("shelf.jsonl:3: no <b>price</b>; write one"),
            "wait": HTTPException(429, headers={"Retry-After": "7"}),
            "told": HTTPException(403, "this shelf is closed"),
        }.get(how, RuntimeError(f"a secret of the request: {how}"))

    @app.get("/number")
    async def numbered(at: int) -> None: ...

    return app


def _browser(app: FastAPI, **headers: str) -> httpx.AsyncClient:
    return httpx.AsyncClient(
        transport=httpx.ASGITransport(app), base_url="http://127.0.0.1:7860", headers=headers
    )


@pytest.fixture
async def client(room):
    async with _browser(_app(room)) as client:
        yield client


async def _token(client: httpx.AsyncClient) -> str:
    return re.search(r'name="csrf_token" value="(\w+)"', (await client.get("/")).text)[1]


# ---------------------------------------------------------------- names


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("127.0.0.1:7860", 200), ("localhost", 200), ("[::1]:7860", 200), ("LOCALHOST.:1", 200), ("lab.example:7860", 200),
        ("evil.example", 403), ("127.0.0.1.evil.example", 403), ("", 403), ("lab.example@evil.example", 403),
    ],
)  # fmt: skip
async def test_only_names_that_are_served_are_answered(room, host, status):
    async with _browser(_app(room, hosts=("lab.example",)), host=host) as client:
        for path in ("/", "/health", "/nothing"):
            expected = 404 if (path, status) == ("/nothing", 200) else status
            assert (await client.get(path)).status_code == expected


async def test_two_host_headers_are_no_name(client):
    told = await client.get("/health", headers=[("host", "127.0.0.1"), ("host", "evil.example")])
    assert told.status_code == 403


# ---------------------------------------------------------------- writing


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "PROPFIND"])
async def test_nothing_is_written_without_the_token_of_this_browser(client, method):
    token = await _token(client)
    for headers in ({}, {"x-csrf-token": ""}, {"x-csrf-token": "0" * 64}, {b"x-csrf-token": b"\xe9"}):
        refused = await client.request(method, "/buy", headers=headers)
        assert (refused.status_code, "too old" in refused.text) == (403, True)
    allowed = await client.request(method, "/buy", headers={"x-csrf-token": token})
    assert allowed.status_code == (405 if method == "PROPFIND" else 200)


async def test_a_route_that_nobody_knows_is_guarded_as_well(client):
    assert (await client.post("/nothing")).status_code == 403
    assert (await client.post("/health")).status_code == 403


async def test_a_form_carries_its_token_in_a_field_and_reaches_the_route_whole(client):
    token = await _token(client)
    sent = {"csrf_token": token, "what": "苹果 & pears"}
    assert (await client.post("/buy", data=sent)).text == "bought 苹果 & pears"
    as_parts = {name: (None, value) for name, value in sent.items()}
    assert (await client.post("/buy", files=as_parts)).text == "bought 苹果 & pears"
    in_address = await client.post(f"/buy?csrf_token={token}", data={"what": "plum"})
    assert in_address.status_code == 403


async def test_a_form_that_cannot_be_read_is_refused_with_a_sentence(client):
    token = await _token(client)
    broken = await client.post(
        "/buy", content=f"csrf_token={token}", headers={"content-type": "multipart/form-data"}
    )
    assert broken.status_code == 400


async def test_a_token_of_another_browser_or_of_another_session_does_not_hold(room):
    app = _app(room)
    async with _browser(app) as one, _browser(app) as other:
        token = await _token(one)
        await other.get("/")
        assert (await other.post("/buy", headers={"x-csrf-token": token})).status_code == 403
        one.cookies.set("session", "after signing in")
        assert (await one.post("/buy", headers={"x-csrf-token": token})).status_code == 403
        assert (await one.post("/buy", headers={"x-csrf-token": await _token(one)})).status_code == 200


async def test_a_token_outlives_a_restart_only_where_the_app_keeps_its_secret(room):
    async with _browser(_app(room, secret=b"k" * 32)) as client:
        token = await _token(client)
        cookies = dict(client.cookies)
    for secret, status in ((b"k" * 32, 200), (None, 403)):
        async with _browser(_app(room, secret=secret)) as client:
            client.cookies.update(cookies)
            assert (await client.post("/buy", headers={"x-csrf-token": token})).status_code == status


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"sec-fetch-site": "same-origin", "origin": "http://127.0.0.1:7860"}, 200),
        ({"sec-fetch-site": "cross-site"}, 403),
        ({"sec-fetch-site": "same-site"}, 403),
        ({"origin": "http://evil.example"}, 403),
        ({"origin": "http://127.0.0.1:8000"}, 403),
        ({"origin": "null"}, 403),
    ],
)
async def test_a_right_token_does_not_help_another_site(client, headers, status):
    token = await _token(client)
    assert (await client.post("/buy", headers=headers | {"x-csrf-token": token})).status_code == status


async def test_a_body_over_the_limit_is_refused_whether_or_not_it_says_its_length(client):
    headers = {"x-csrf-token": await _token(client), "content-type": "application/x-www-form-urlencoded"}

    async def pieces():
        for _ in range(100):
            yield b"a" * 100

    assert (await client.post("/buy", content=b"a" * 1001, headers=headers)).status_code == 413
    assert (await client.post("/buy", content=pieces(), headers=headers)).status_code == 413
    assert (await client.post("/buy", content=b"a" * 1000, headers=headers)).status_code == 200


# ---------------------------------------------------------------- headers


async def test_every_answer_has_the_headers_that_keep_foreign_content_harmless(client):
    for path in ("/", "/health", "/nothing", "/fails/badly", "/number?at=x"):
        headers = (await client.get(path)).headers
        policy = dict(part.strip().split(" ", 1) for part in headers["content-security-policy"].split(";"))
        assert policy["default-src"] == policy["base-uri"] == policy["frame-ancestors"] == "'none'"
        assert policy["script-src"] == policy["style-src"] == policy["form-action"] == "'self'"
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "same-origin"
        assert headers["cross-origin-opener-policy"] == "same-origin"
        assert headers["cross-origin-resource-policy"] == "same-origin"
        assert "camera=()" in headers["permissions-policy"]
        assert headers["cache-control"] == "no-store"
        assert "strict-transport-security" not in headers


async def test_a_route_cannot_loosen_a_header(room):
    app = _app(room)

    @app.get("/loose")
    async def loose() -> Response:
        return Response("x", headers={"Content-Security-Policy": "default-src *"})

    async with _browser(app) as client:
        found = (await client.get("/loose")).headers.get_list("content-security-policy")
    assert len(found) == 1
    assert "default-src 'none'" in found[0]


async def test_cookies_are_for_this_site_alone_and_behind_tls_for_tls_alone(room):
    for behind_tls in (False, True):
        async with _browser(_app(room, behind_tls=behind_tls)) as client:
            answer = await client.get("/?lang=zh")
        made = answer.headers.get_list("set-cookie")
        assert len(made) == 2
        assert all("HttpOnly" in one and "SameSite=Lax" in one and "Path=/" in one for one in made)
        assert [("Secure" in one) for one in made] == [behind_tls] * 2
        assert made[0].startswith("__Host-") == behind_tls
        assert ("strict-transport-security" in answer.headers) == behind_tls


async def test_assets_are_kept_for_ever_under_their_version_and_nothing_else_is_there(client):
    text = (await client.get("/")).text
    addresses = re.findall(r'(?:href|src)="(/assets/[^"]+)"', text)
    assert len(addresses) == 4
    for address in addresses:
        found = await client.get(address)
        assert (found.status_code, "immutable" in found.headers["cache-control"]) == (200, True)
        assert "set-cookie" not in found.headers
        old = await client.get(re.sub(r"assets/\w+", "assets/old", address))
        assert old.headers["cache-control"] == "no-store"
    for path in ("/assets/x/htmx.toml", "/assets/x/..%2fguard.py", "/assets/x/%2e%2e/guard.py", "/assets/"):
        assert (await client.get(path)).status_code == 404
    for path in ("/docs", "/redoc", "/openapi.json"):
        assert (await client.get(path)).status_code == 404


# ---------------------------------------------------------------- what is shown


async def test_foreign_text_is_text_and_its_control_characters_are_marks(client):
    text = (await client.get("/")).text
    assert '<p id="foreign">&lt;script&gt;alert(1)&lt;/script&gt;�gnp.exe�</p>' in text
    assert not re.search(r"<script(?! src=)|\son\w+=|style=|<style", text)


async def test_errors_are_pages_of_the_app_and_keep_what_the_route_said(client, caplog):
    caplog.set_level(logging.DEBUG)
    seen = {}
    for path in (
        "/nothing",
        "/number?at=many",
        "/fails/user",
        "/fails/wait",
        "/fails/told",
        "/fails/secretly",
    ):
        answer = await client.get(path)
        seen[path] = answer.status_code
        assert "<main" in answer.text, path
        assert "Traceback" not in answer.text
        assert "of the request:" not in answer.text
        if path == "/fails/wait":
            assert answer.headers["retry-after"] == "7"
        if path == "/fails/user":
            assert "shelf.jsonl:3: no &lt;b&gt;price&lt;/b&gt;; write one" in answer.text
        if path == "/fails/told":
            assert "this shelf is closed" in answer.text
    assert list(seen.values()) == [404, 422, 400, 429, 403, 500]
    assert (await client.put("/", headers={"x-csrf-token": await _token(client)})).status_code == 405
    ours = [record for record in caplog.records if record.name.startswith("tactful")]
    assert [record.getMessage() for record in ours] == ["a request failed with RuntimeError"]
    assert not any(record.exc_info for record in caplog.records)


async def test_htmx_gets_the_sentence_alone_and_puts_it_where_messages_are(client):
    told = await client.get("/fails/user", headers={"hx-request": "true"})
    assert (told.headers["hx-retarget"], told.headers["hx-reswap"]) == ("#said", "innerHTML")
    assert told.text.startswith('<p class="banner" role="alert">shelf.jsonl:3: no &lt;b&gt;')


async def test_a_message_is_shown_once_on_the_next_page_and_only_as_the_app_said_it(client):
    token = await _token(client)
    await client.post("/undo", headers={"x-csrf-token": token})
    assert "2 left" in (await client.get("/?lang=en")).text
    assert "2 left" not in (await client.get("/")).text
    await client.post("/undo", headers={"x-csrf-token": token})
    sealed = client.cookies["tactful_said"].strip('"')
    client.cookies.clear()
    client.cookies.set("tactful_said", sealed[:-1] + ("0" if sealed[-1] != "0" else "1"))
    assert "2 left" not in (await client.get("/")).text


async def test_links_of_a_page_stay_on_this_site_whatever_address_was_asked_for(client):
    for path in ("//evil.example/x?a=1&lang=en", "/%0d%0aset-cookie:x"):
        text = (await client.get(f"http://127.0.0.1:7860{path}")).text
        assert "<main" in text
        for address in re.findall(r'(?:href|src|action)="([^"]+)"', text):
            assert re.match(r"/(?!/)|\?|#|data:,", address), address


async def test_a_websocket_reaches_no_route(room):
    app, said = _app(room), []

    @app.websocket("/talk")
    async def talk(socket: WebSocket) -> None:
        await socket.accept()

    async def receive():
        return {"type": "websocket.connect"}

    async def send(message):
        said.append(message["type"])

    await app({"type": "websocket", "path": "/talk", "headers": []}, receive, send)
    assert said == []
