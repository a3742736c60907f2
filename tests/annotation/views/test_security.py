"""What must not be possible; each test fails when its guard is taken away. What `web` guards for every app is tested there."""

from __future__ import annotations

import re
import warnings
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select, update
from tests.annotation.site import PASSWORD, Browser, Site

from tactful.annotation.app import AppOptions, build_annotation_app
from tactful.annotation.queries.collected import collected
from tactful.annotation.services.accounts import invite, link_path, setup_token
from tactful.annotation.services.loading import load_items
from tactful.annotation.services.logins import FREE_BY_ADDRESS, FREE_BY_NAME
from tactful.annotation.store import Store, open_store
from tactful.annotation.store.tables import annotators, failed_logins, logins, metadata
from tactful.annotation.types import Asking, FollowUp, Item, Proposals, Replies
from tactful.errors import UsageError
from tactful.types import Event, Message

OPEN = {"/", "/login", "/logout", "/join/{token}", "/health", "/assets/{version}/{name}"}
"""Routes for whoever asks."""
HOSTILE = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    '<a href="javascript:alert(1)">here</a>',
    "</textarea></form><svg/onload=alert(1)>",
    "{{ 7*7 }} {% raw %}",
    "\u202egnp.exe\u2066\x07\x1b[31m",
)
QUOTES = (
    "' OR '1'='1",
    "'; DROP TABLE answers; --",
    '"; DELETE FROM slots; --',
    "%' UNION SELECT password_hash FROM annotators --",
)
ANSWER = {"kind": "asking", "verdict": "act"}


def routes(site: Site) -> list[tuple[str, str]]:
    """Every (method, path), whatever router brings it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # one function for GET and HEAD has one name
        paths = site.app.openapi()["paths"]
    return [(method.upper(), path) for path, methods in paths.items() for method in methods]


def filled(path: str) -> str:
    return re.sub(r"{\w+(:\w+)?}", "1", path)


class Read(HTMLParser):
    """The tags of a page with their attributes, and its text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.mark.slow
def test_no_writing_route_is_carried_out_without_the_token_of_this_session(store: Store) -> None:
    site = Site(store)
    browser = site.administrator()
    writing = [(method, path) for method, path in routes(site) if method not in ("GET", "HEAD")]
    assert {path for _, path in writing} >= {
        "/login",
        "/logout",
        "/join/{token}",
        "/work/answer",
        "/work/undo",
    }
    other = site.annotator()
    other.get("/work")
    stolen = re.search(r'"X-CSRF-Token": "(\w+)"', other.page)
    assert stolen is not None
    for method, path in writing:
        for token in ("", "invented", stolen[1]):
            answer = browser.request(method, filled(path), data={"csrf_token": token})
            assert answer.status_code == 403, (method, path, token)
            assert "too old to be sent" in answer.text, (method, path)


def test_every_route_but_those_of_signing_in_is_for_people_who_are_signed_in(store: Store) -> None:
    site = Site(store)
    nobody = site.browser()
    nobody.get("/login")
    for method, path in routes(site):
        if path in OPEN or method == "HEAD":
            continue
        if method == "GET":
            answer = nobody.get(filled(path), follow_redirects=False)
            assert (answer.status_code, answer.headers["location"]) == (303, "/login"), path
        else:
            assert nobody.submit(filled(path)).status_code == 401, path


@pytest.mark.slow
def test_what_is_the_administrators_is_not_for_annotators(store: Store) -> None:
    site = Site(store)
    ann = site.annotator()
    ann.get("/work")
    for method, path in routes(site):
        if path.startswith("/admin"):
            answer = ann.get(filled(path)) if method == "GET" else ann.submit(filled(path))
            assert answer.status_code == 403, (method, path)


@pytest.mark.slow
@pytest.mark.parametrize("text", HOSTILE)
def test_foreign_text_is_text(store: Store, text: str) -> None:
    site = Site(store, "silence", overlap=1)
    said = (Message(role="user", content=text),)
    shown = (
        Proposals(events=(Event(text=text, time=text),), candidates=(text, text)),
        Proposals(events=(Event(text=text),), candidates=(text,)),
        Replies(messages=said, first=text, second=text),
        FollowUp(context=said, request=text, answer=text, next=text),
        Asking(messages=said),
    )
    load_items(
        store,
        [Item(id=f"h{n}", session=text, setting=text, source=text, shown=one) for n, one in enumerate(shown)],
    )
    visible = "".join(char for char in text if char.isprintable())
    ann = site.annotator(visible[:80])
    kinds = []
    while 'id="answer"' in ann.get("/work").text:
        ann.submit("/work/answer", slot=ann.field("slot"), skip="other", comment=text)
        ann.submit("/work/undo")
        page = Read(ann.page)
        kinds.append(ann.field("kind"))
        for tag, attributes in page.tags:
            assert tag != "img"
            assert tag != "script" or re.match(r"/assets/\w+/", attributes["src"] or "")
            assert not [name for name in attributes if name.startswith("on")]
            assert "javascript:" not in (attributes.get("href") or "")
        assert not re.search("[\u202a-\u202e\u2066-\u2069\x07\x1b]", ann.page)
        if len(kinds) > 1 or ann.field("kind") != "proposals":
            assert re.sub("[^\\x20-\\x7e]", "�", text) in page.text
        ann.submit("/work/answer", slot=ann.field("slot"), skip="other")
    assert len(kinds) == len(shown) + 1


@pytest.mark.slow
@pytest.mark.parametrize("text", [*QUOTES, "a\0b", "\ud800", "9" * 400, "-1", "１"])
def test_no_field_is_anything_but_a_value(store: Store, text: str) -> None:
    site = Site(store, "asking")
    ann, nobody = site.annotator(), site.browser()
    ann.get("/work")
    slot, rows = ann.field("slot"), _rows(store)

    def sent(browser: Browser, path: str, **fields: str) -> int:
        return int(browser.submit(path, **fields).status_code)

    for field in ("slot", "kind", "verdict", "skip"):
        assert sent(ann, "/work/answer", **({"slot": slot} | ANSWER | {field: text})) in (
            200,
            422,
        )
    nobody.get("/login")
    assert sent(nobody, "/login", name=text, password=text) in (401, 422)
    assert sent(nobody, "/login", name="Ann", password=text) in (401, 422)
    assert nobody.get(link_path(_quoted(text))).status_code in (404, 422)
    assert sent(nobody, link_path(_quoted(text)), name=text, password=PASSWORD, again=PASSWORD) in (404, 422)
    assert _rows(store) == rows
    ann.get("/work")
    assert sent(
        ann, "/work/answer", slot=ann.field("slot"), comment=text, what=text, kind="asking", verdict="ask"
    ) in (
        200,
        422,
    )
    if "\0" in text:
        assert collected(store).annotations == (), "PostgreSQL keeps no such text"
    for one in collected(store).annotations:
        assert one.comment == text.encode("utf-8", "replace").decode().strip() or "\ud800" in text


def _quoted(text: str) -> str:
    from urllib.parse import quote

    return quote(text, safe="", errors="surrogatepass")


def _rows(store: Store) -> dict[str, Any]:
    with store.read() as connection:
        return {
            name: connection.execute(select(func.count()).select_from(table)).scalar()
            for name, table in metadata.tables.items()
            if table is not failed_logins
        }


@pytest.mark.parametrize(
    "path", ["../app.py", "..%2fapp.py", "%2e%2e/%2e%2e/pyproject.toml", "..\\app.py", "/etc/passwd"]
)
def test_no_path_leads_out_of_the_assets(store: Store, path: str) -> None:
    ann = Site(store).annotator()
    for before in ("/assets/1/", "/assets/", "/join/", "/"):
        answer = ann.get(before + path)
        assert answer.status_code in (403, 404), before + path
        assert "import" not in answer.text


@pytest.mark.slow
def test_nobody_answers_or_reads_what_is_anothers(store: Store) -> None:
    site = Site(store, "asking", "follow-up", overlap=1)
    ann, bob = site.annotator("Ann"), site.annotator("Bob")
    ann.get("/work")
    bob.get("/work")
    assert ann.field("slot") != bob.field("slot")
    answer = bob.submit("/work/answer", part=True, slot=ann.field("slot"), **_any(ann))
    assert "somebody else has it" in answer.text
    assert collected(store).annotations == ()
    ann.submit("/work/answer", slot=ann.field("slot"), comment="a secret of Ann", **_any(ann))
    assert "nothing more to take back" in bob.submit("/work/undo", part=True).text
    assert "a secret of Ann" not in bob.page
    [one] = collected(store).annotations
    assert one.withdrawn_at is None
    assert "Ann" not in one.model_dump_json(exclude={"comment"}), "a UUID, and nothing else, says who it was"


def _any(browser: Browser) -> dict[str, str]:
    kind = browser.field("kind")
    return ANSWER if kind == "asking" else {"kind": kind, "label": "neutral"}


@pytest.mark.slow
def test_guessing_a_password_is_slowed_and_tells_nothing(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tactful.annotation.services.logins.is_password", lambda password, hashed: False)
    site = Site(store)
    site.annotator("Ann")
    guesser = site.browser()
    told = set()
    for name in ("Ann", "nobody"):
        for _ in range(FREE_BY_NAME):
            answer = guesser.sign_in(name, "wrong wrong wrong")
            assert answer.status_code == 401
            told.add(answer.text.replace(f'value="{name}"', ""))
        answer = guesser.sign_in(name, "wrong wrong wrong")
        assert answer.status_code == 429
        assert 0 < int(answer.headers["Retry-After"]) <= 5
        assert "Try again in" in answer.text
    assert len({re.sub(r"\w{64}", "", one) for one in told}) == 1


@pytest.mark.slow
@pytest.mark.parametrize(("client", "status"), [("192.0.2.7", 429), ("127.0.0.1", 200)])
def test_who_guesses_many_names_is_slowed_unless_a_proxy_here_brings_everybody(
    store: Store, monkeypatch: pytest.MonkeyPatch, client: str, status: int
) -> None:
    site = Site(store)
    site.annotator("Ann")
    monkeypatch.setattr(
        "tactful.annotation.services.logins.is_password", lambda password, hashed: password == PASSWORD
    )
    guesser = site.browser(client=client)
    for number in range(FREE_BY_ADDRESS):
        assert guesser.sign_in(f"name {number}", "wrong wrong wrong").status_code == 401
    assert guesser.sign_in("Ann").status_code == status


@pytest.mark.parametrize("behind_tls", [False, True])
def test_the_cookie_of_a_session_is_for_this_site_alone(store: Store, behind_tls: bool) -> None:
    site = Site(store, options=AppOptions(behind_tls=behind_tls))
    scheme = "https" if behind_tls else "http"
    browser = site.browser(base_url=f"{scheme}://127.0.0.1")
    token = invite(store)
    browser.get(link_path(token))
    answer = browser.submit(link_path(token), name="Ann", password=PASSWORD, again=PASSWORD)
    [cookie] = [one for one in answer.history[0].headers.get_list("set-cookie") if "annotator" in one]
    assert cookie.startswith(site.app.state.session_cookie + "=")
    assert cookie.startswith("__Host-tactful_annotator_" if behind_tls else "tactful_annotator_")
    for part in ("HttpOnly", "Path=/", "SameSite=lax"):
        assert part in cookie
    assert "Domain" not in cookie
    assert ("Secure" in cookie) is behind_tls


def test_a_session_that_somebody_planted_is_not_taken_over_and_the_old_one_ends(store: Store) -> None:
    site = Site(store)
    cookie = site.app.state.session_cookie
    site.annotator("Ann")
    browser = site.browser()
    browser.cookies.set(cookie, "planted", domain="127.0.0.1", path="/")
    browser.sign_in("Ann")
    first = browser.cookies[cookie]
    assert first != "planted"
    browser.get("/work")
    assert browser.submit("/login", name="Ann", password=PASSWORD).status_code == 200
    second = browser.cookies[cookie]
    assert second != first
    old = site.browser()
    old.cookies.set(cookie, first, domain="127.0.0.1", path="/")
    assert old.get("/work", follow_redirects=False).status_code == 303


def test_who_signs_out_is_out_also_with_the_cookie_of_before(store: Store) -> None:
    site = Site(store)
    cookie = site.app.state.session_cookie
    ann = site.annotator()
    token = ann.cookies[cookie]
    ann.get("/work")
    ann.submit("/logout")
    assert cookie not in ann.cookies
    ann.cookies.set(cookie, token, domain="127.0.0.1", path="/")
    assert ann.get("/work", follow_redirects=False).headers["location"] == "/login"


@pytest.mark.slow
def test_two_projects_on_one_host_sign_nobody_out_of_the_other(store: Store, tmp_path: Path) -> None:
    ann = Site(store, "asking").annotator()
    with open_store(tmp_path / "other.sqlite") as second:
        other = Site(second, "asking").browser()
        other.cookies = ann.cookies  # those of one browser, which tells no ports apart
        other.come(invite(second), "Ann")
        ann.cookies = other.cookies
        ann.get("/work")
        assert ann.submit("/work/answer", slot=ann.field("slot"), **ANSWER).status_code == 200
        other.submit("/logout")
        ann.cookies = other.cookies
        assert ann.get("/work", follow_redirects=False).status_code == 200
        assert other.get("/work", follow_redirects=False).status_code == 303
    assert len(collected(store).annotations) == 1


def test_a_session_that_has_ended_loses_no_answer_silently(store: Store) -> None:
    ann = Site(store, "asking").annotator()
    ann.get("/work")
    slot = ann.field("slot")
    with store.write() as connection:
        connection.execute(update(logins).values(expires_at=datetime.now(UTC) - timedelta(seconds=1)))
    answer = ann.submit("/work/answer", part=True, slot=slot, **ANSWER)
    assert answer.status_code == 401
    assert answer.headers["HX-Retarget"] == "#said"
    assert "not saved" in answer.text


def test_only_names_that_are_served_are_answered_and_every_page_has_the_headers(store: Store) -> None:
    ann = Site(store, options=AppOptions(hosts=("notes.example",))).annotator()
    assert ann.get("/work", headers={"Host": "evil.example"}).status_code == 403
    answer = ann.get("/work", headers={"Host": "notes.example"})
    assert "unsafe-inline" not in answer.headers["content-security-policy"]
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
    assert answer.headers["cache-control"] == "no-store"


def test_a_single_user_is_on_this_machine_and_needs_no_account(store: Store) -> None:
    site = Site(store, "asking", options=AppOptions(single_user=True))
    here, there = site.browser(), site.browser(client="192.0.2.7")
    assert 'id="answer"' in here.get("/work").text
    here.submit("/work/answer", slot=here.field("slot"), **ANSWER)
    assert len(collected(store).annotations) == 1
    for path in ("/work", "/guide", "/"):
        assert there.get(path).status_code == 403
    with pytest.raises(UsageError, match="this machine alone"):
        build_annotation_app(store, AppOptions(single_user=True, hosts=("notes.example",)))


def test_a_link_that_is_used_or_invented_lets_nobody_in_and_makes_nobody(store: Store) -> None:
    site = Site(store)
    token = setup_token(store)
    assert token is not None
    site.browser().come(token, "Ada")
    for link in (token, "invented"):
        late = site.browser()
        assert late.get(link_path(link)).status_code == 404
        late.get("/login")
        answer = late.submit(link_path(link), name="Eve", password=PASSWORD, again=PASSWORD)
        assert answer.status_code == 404
        assert "ask whoever sent it" in answer.text.lower()
    with store.read() as connection:
        assert connection.execute(select(annotators.c.name)).scalars().all() == ["Ada"]


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"name": "Ann", "password": "short", "again": "short"}, "at least 10 characters"),
        ({"name": "Ann", "password": PASSWORD, "again": "other words here"}, "passwords differ"),
        ({"name": "\u202eAnn", "password": PASSWORD, "again": PASSWORD}, "all of them visible"),
        ({"name": "BOB", "password": PASSWORD, "again": PASSWORD}, "this name already"),
    ],
)
def test_who_joins_is_told_what_does_not_do_and_tries_again(
    store: Store, fields: dict[str, str], told: str
) -> None:
    site = Site(store)
    site.annotator("Bob")
    token, browser = invite(store), site.browser()
    browser.get(link_path(token))
    answer = browser.submit(link_path(token), **fields)
    assert answer.status_code == 422
    assert told in answer.text
    assert PASSWORD not in answer.text
    assert browser.come(token, "Ann").status_code == 200
