"""The administrator's pages: only for who administers, in both languages, with few statements, nothing foreign run."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event, update
from tests.annotation.simulated import simulate
from tests.annotation.site import PASSWORD, Browser, Site

from tactful.annotation.app import build_annotation_app
from tactful.annotation.services.accounts import setup_token
from tactful.annotation.services.project import project_of
from tactful.annotation.store import Store, open_store
from tactful.annotation.store.tables import annotators, answers
from tactful.annotation.views.admin.router import admin_router

PAGES = (
    "/admin",
    "/admin/figures",
    "/admin/annotators",
    "/admin/disagreement",
    "/admin/items/1",
    "/admin/items/3",
    "/admin/items/4",
    "/admin/items/5",
    "/admin/skipped",
    "/admin/comments",
    "/admin/export",
    "/admin/export?to=votes",
    "/admin/export?to=reward",
    "/admin/settings",
)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_store(tmp_path / "annotations.sqlite") as one:
        yield one


def administrator(store: Store, count: int = 40, **more: Any) -> Browser:
    """Signed in, over a pool that people of differing quality worked on."""
    simulate(store, count=count, start=datetime.now(UTC) - timedelta(hours=5), **more)
    browser = Browser(build_annotation_app(store))
    token = setup_token(store)
    assert token is not None
    browser.come(token, "Grace")
    return browser


def routes() -> list[tuple[str, str]]:
    """(method, path) of everything below /admin, with something for each placeholder."""
    found: list[tuple[str, str]] = []

    def walk(routes: Any, prefix: str = "") -> None:
        for one in routes:
            if hasattr(one, "endpoint"):
                path = (prefix + one.path).replace("{number}", "1").replace("{id}", str(uuid.UUID(int=0)))
                found.extend((method, path) for method in sorted(one.methods - {"HEAD"}))
            else:
                walk(one.original_router.routes, prefix + one.include_context.prefix)

    walk(admin_router().routes)
    return found


# ---------------------------------------------------------------- who may


def test_there_are_routes_and_all_lie_below_admin() -> None:
    assert len(routes()) >= 18
    assert all(path == "/admin" or path.startswith("/admin/") for _, path in routes())


@pytest.mark.slow
def test_only_an_administrator_gets_in(store: Store) -> None:
    site = Site(store)
    nobody, ann = site.browser(), site.annotator()
    nobody.get("/login")
    for method, path in routes():
        if method == "GET":
            assert nobody.get(path, follow_redirects=False).headers.get("location") == "/login", path
            assert ann.get(path).status_code == 403, path
        else:
            assert nobody.submit(path).status_code == 401, path
            assert ann.submit(path).status_code == 403, path


def test_nothing_is_written_without_the_token(store: Store) -> None:
    browser = Site(store).administrator()
    for method, path in routes():
        if method != "GET":
            assert browser.submit(path, token="x" * 64).status_code == 403, path


# ---------------------------------------------------------------- pages


@pytest.mark.slow
@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_page_has_its_words_in_both_languages(store: Store, language: str) -> None:
    browser = administrator(store)
    for path in PAGES:
        answer = browser.get(path, headers={"accept-language": language})
        assert answer.status_code == 200, path
        assert (f'<html lang="{language}">' in answer.text) or path == "/admin/figures"
        assert "admin." not in re.sub(r"<[^>]*>", "", answer.text)
        assert answer.text.count("<table") == answer.text.count("<caption"), path
    person = re.search(r"/admin/annotators/[0-9a-f-]{36}", browser.get("/admin").text)
    assert person
    assert browser.get(person[0]).status_code == 200


@contextmanager
def counted(store: Store) -> Iterator[list[str]]:
    """The statements within the block."""
    said: list[str] = []

    def note(_c: Any, _k: Any, statement: str, *_: Any) -> None:
        said.append(statement)

    event.listen(store._engine, "before_cursor_execute", note)
    try:
        yield said
    finally:
        event.remove(store._engine, "before_cursor_execute", note)


@pytest.mark.slow
def test_a_page_takes_few_statements_however_much_there_is(tmp_path: Path) -> None:
    found = []
    for count in (20, 80):
        with open_store(tmp_path / f"{count}.sqlite") as store:
            browser = administrator(store, count)
            browser.get("/admin")  # the figures are made
            took = {}
            for path in PAGES:
                with counted(store) as said:
                    assert browser.get(path).status_code == 200
                took[path] = len(said)
            found.append(took)
    assert found[0] == found[1]
    assert max(found[0].values()) <= 16, found[0]


def test_what_annotators_wrote_is_shown_as_text(store: Store) -> None:
    browser = administrator(store)
    with store.write() as connection:
        connection.execute(
            update(answers).values(comment="<script>alert(1)</script>\u202e", skipped="<b>x</b>")
        )
        connection.execute(update(annotators).where(annotators.c.name == "Ada").values(name="<img src=x>"))
    for path in ("/admin", "/admin/annotators", "/admin/skipped", "/admin/comments", "/admin/items/1"):
        page = browser.get(path).text
        assert "<script>alert" not in page
        assert "<img" not in page
        assert "<b>x</b>" not in page
        assert "\u202e" not in page


def test_progress_agreement_and_reliability_stand_on_the_overview(store: Store) -> None:
    page = administrator(store).get("/admin").text
    for text in (
        "gym-coding",
        "calibration-pairs",
        "Ada",
        "Fumiko",
        "Krippendorff",
        "Was help wanted?",
        "As of",
    ):
        assert text in page


def test_a_project_without_items_or_votes_has_pages_too(store: Store) -> None:
    browser = Browser(build_annotation_app(store))
    browser.come(setup_token(store) or "", "Grace")
    for path in ("/admin", "/admin/annotators", "/admin/disagreement", "/admin/skipped", "/admin/comments"):
        assert browser.get(path).status_code == 200
    assert browser.get("/admin/items/1").status_code == 404
    assert browser.get(f"/admin/annotators/{uuid.uuid4()}").status_code == 404


@pytest.mark.parametrize(
    "path",
    ["/admin/items/0", f"/admin/items/{10**30}", "/admin/items/x", "/admin/items/1;DROP TABLE items",
     "/admin/annotators/nobody", "/admin/annotators/%00", "/admin/annotators/..%2f..%2fetc"],
)  # fmt: skip
def test_an_address_that_names_nothing_is_refused(store: Store, path: str) -> None:
    assert Site(store).administrator().get(path).status_code in (404, 422)


@pytest.mark.parametrize("field", ["kind", "question", "setting", "source", "left", "page"])
def test_a_query_is_a_value_and_no_statement(store: Store, field: str) -> None:
    browser = administrator(store)
    page = browser.get("/admin/disagreement", params={field: "'; DROP TABLE answers; -- <script>\u0000"})
    assert page.status_code == 200
    assert "<script>" not in page.text.replace("<script src", "")
    assert "Ada" in browser.get("/admin").text


# ---------------------------------------------------------------- pause and settings


@pytest.mark.slow
def test_paused_nobody_is_given_an_item_until_it_goes_on(store: Store) -> None:
    site = Site(store)
    browser, ann = site.administrator(), site.annotator()
    assert "Paused" in browser.submit("/admin/pause").text
    assert 'name="slot"' not in site.annotator("Ben").get("/work").text
    assert 'name="slot"' in ann.get("/work").text  # what is open already stays
    browser.get("/admin")
    assert "given out again" in browser.submit("/admin/resume").text
    assert 'name="slot"' in site.annotator("Cat").get("/work").text


SETTINGS = {
    "title": "Moments",
    "overlap": "5",
    "lease_minutes": "12.5",
    "gold_share": "10",
    "repeat_share": "0",
    "repeat_after": "7",
}


def test_settings_are_kept_and_the_title_changes_at_once(store: Store) -> None:
    browser = Site(store, seed=3).administrator()
    browser.get("/admin/settings")
    page = browser.submit("/admin/settings", **SETTINGS).text
    assert "Saved." in page
    assert "Moments</title>" in page.replace("\n", "")
    with store.read() as connection:
        project = project_of(connection)
    assert (project.title, project.overlap, project.lease_minutes) == ("Moments", 5, 12.5)
    assert (project.gold_share, project.repeat_share, project.repeat_after, project.seed) == (0.1, 0, 7, 3)


@pytest.mark.parametrize(
    ("name", "value"),
    [("title", ""), ("title", "x" * 81), ("overlap", "0"), ("overlap", "3.5"), ("lease_minutes", "nan"),
     ("gold_share", "60"), ("repeat_share", "-1"), ("repeat_after", "a")],
)  # fmt: skip
def test_unusable_settings_are_refused_beside_their_field(store: Store, name: str, value: str) -> None:
    browser = Site(store).administrator()
    browser.get("/admin/settings")
    answer = browser.submit("/admin/settings", **{**SETTINGS, name: value})
    assert answer.status_code == 422
    assert re.search(rf'<input id="{name}"[^>]*aria-invalid="true"', answer.text)
    with store.read() as connection:
        assert project_of(connection).overlap == 3


# ---------------------------------------------------------------- people


def link_of(page: str) -> str:
    found = re.search(r'id="link"[^>]* value="http://127.0.0.1(/join/[^"]+)"', page)
    assert found
    return found[1]


@pytest.mark.slow
def test_an_invitation_is_shown_once_and_good_for_as_many_as_it_says(store: Store) -> None:
    site = Site(store)
    browser = site.administrator()
    page = browser.submit("/admin/annotators/invite", uses="2", days="3", note="class", role="annotator").text
    path = link_of(page)
    again = browser.get("/admin/annotators").text
    assert path not in again
    assert "class" in again
    for name in ("Ann", "Ben"):
        assert site.browser().get(path).status_code == 200
        _join(site, path, name)
    assert site.browser().get(path).status_code == 404


def _join(site: Site, path: str, name: str) -> Browser:
    browser = site.browser()
    browser.get(path)
    browser.submit(path, name=name, password=PASSWORD, again=PASSWORD)
    assert browser.get("/work").status_code == 200
    return browser


def test_a_withdrawn_invitation_lets_nobody_in(store: Store) -> None:
    site = Site(store)
    browser = site.administrator()
    path = link_of(browser.submit("/admin/annotators/invite", uses="1", days="1").text)
    assert (
        "withdrawn"
        in browser.submit("/admin/annotators/withdraw", invitation=browser.field("invitation")).text
    )
    assert site.browser().get(path).status_code == 404


@pytest.mark.parametrize(("uses", "days"), [("0", "7"), ("201", "7"), ("1", "91"), ("x", "7"), ("1", "")])
def test_an_invitation_for_too_many_or_too_long_is_refused(store: Store, uses: str, days: str) -> None:
    browser = Site(store).administrator()
    answer = browser.submit("/admin/annotators/invite", uses=uses, days=days)
    assert answer.status_code == 422
    assert 'id="link"' not in answer.text


@pytest.mark.slow
def test_who_is_shut_out_is_out_at_once_and_may_be_let_in_again(store: Store) -> None:
    site = Site(store)
    browser, ann = site.administrator(), site.annotator("Ann")
    page = browser.get("/admin/annotators").text
    found = re.search(r'/admin/annotators/([0-9a-f-]{36})">Ann<', page)
    assert found
    assert "Shut out" in browser.submit(f"/admin/annotators/{found[1]}/disable").text
    assert "/login" in str(ann.get("/work").url)
    assert ann.sign_in("Ann").status_code == 401
    browser.get("/admin")
    browser.submit(f"/admin/annotators/{found[1]}/enable")
    assert ann.sign_in("Ann").status_code == 200


@pytest.mark.slow
def test_a_link_for_a_new_password_is_shown_once_and_works(store: Store) -> None:
    site = Site(store)
    browser = site.administrator()
    site.annotator("Ann")
    found = re.search(r'/admin/annotators/([0-9a-f-]{36})">Ann<', browser.get("/admin/annotators").text)
    assert found
    path = link_of(browser.submit(f"/admin/annotators/{found[1]}/reset").text)
    ann = site.browser()
    ann.get(path)
    ann.submit(path, password="another long password", again="another long password")
    assert site.browser().sign_in("Ann", "another long password").status_code == 200
    assert path not in browser.get(f"/admin/annotators/{found[1]}").text


@pytest.mark.slow
def test_confusion_of_an_annotator_stands_on_their_page(store: Store) -> None:
    browser = administrator(store)
    found = re.search(r'/admin/annotators/[0-9a-f-]{36}(?=">Ada<)', browser.get("/admin/annotators").text)
    assert found
    page = browser.get(found[0]).text
    for text in ("Beside the others", "Beside known answers", "Most others said", "Known answer"):
        assert text in page
