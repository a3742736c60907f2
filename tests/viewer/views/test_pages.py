"""The pages as a visitor asks for them."""

from __future__ import annotations

import hashlib
import json
import re
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient
from tests.viewer.samples import SAMPLES, write_samples
from tests.viewer.viewed import make_run
from tests.viewer.visiting import visiting

from tactful.runs.store.lock import only_writer
from tactful.viewer import look
from tactful.viewer.index.build import NAME, bring_up_to_date
from tactful.viewer.index.place import index_folder
from tactful.viewer.index.sources import open_source
from tactful.viewer.index.tables import open_index, prepare
from tactful.viewer.look import View
from tactful.viewer.views import calls, record, records, runs


class Page(HTMLParser):
    """The tags of a page with their attributes, and its text."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data

    def links(self, start: str = "") -> list[str]:
        return [
            href
            for tag, attrs in self.tags
            if tag == "a" and (href := attrs.get("href") or "").startswith(start)
        ]


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    """A folder with a run of 20 records and a file with a row of each kind; no test changes it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        folder = tmp_path_factory.mktemp("looked-at") / "runs"
        yield from _visitor(folder)


@pytest.fixture
def changing(tmp_path: Path) -> Iterator[TestClient]:
    """The same in `tmp_path / "runs"`, for one test alone."""
    yield from _visitor(tmp_path / "runs")


def _visitor(folder: Path) -> Iterator[TestClient]:
    make_run(folder / "a")
    write_samples(folder / "rows.jsonl")
    with visiting(folder) as visitor:
        for key in ("a", "rows.jsonl"):
            with visitor.app.state.library.view(key) as view:
                assert view.wait()
        yield visitor


def seen(client: TestClient, address: str, status: int = 200, **options: Any) -> Page:
    answer = client.get(address, **options)
    assert answer.status_code == status, answer.text
    return Page(answer.text)


def hits(page: Page, key: str = "a") -> list[str]:
    """The records that a page lists, by their places."""
    found = [
        match[1]
        for link in page.links(f"/of/{key}/records/")
        if (match := re.search(r"records/(\d+)\?", link))
    ]
    return list(dict.fromkeys(found))


# ---------------------------------------------------------------- runs


def test_the_list_tells_how_each_run_stands_and_broken_ones_with_the_reason(
    changing: TestClient, tmp_path: Path
) -> None:
    (tmp_path / "runs" / "broken").mkdir()
    (tmp_path / "runs" / "broken" / "run.json").write_text("{\n")
    page = seen(changing, "/")
    assert "16 / 20" in page.text
    assert all(
        told in page.text for told in ("2 failed", "2 skipped", "2 unscored", "view try", "was it edited")
    )
    assert page.links("/of/") == ["/of/a", "/of/broken", "/of/rows.jsonl"]
    broken = seen(changing, "/of/broken")
    assert "was it edited or cut short?" in broken.text
    for place in ("glance", "facts", "records/0"):
        seen(changing, f"/of/broken/{place}", 400)


def test_a_run_that_is_going_is_followed_and_one_that_is_done_is_not(
    changing: TestClient, tmp_path: Path
) -> None:
    def polled(address: str) -> set[str]:
        return {
            str(attrs["hx-trigger"])
            for _, attrs in seen(changing, address).tags
            if "every" in str(attrs.get("hx-trigger"))
        }

    assert (polled("/"), polled("/of/a")) == ({"every 20s"}, set())
    with only_writer(tmp_path / "runs" / "a"):
        assert (polled("/"), polled("/of/a")) == ({"every 3s"}, {"every 3s"})
        assert "going" in seen(changing, "/of/a").text


def test_a_single_run_or_file_is_shown_at_once(tmp_path: Path) -> None:
    make_run(tmp_path / "a", 3)
    write_samples(tmp_path / "rows.jsonl")
    for path, address in ((tmp_path / "a", "/of/a"), (tmp_path / "rows.jsonl", "/of/rows.jsonl")):
        with visiting(path) as client:
            assert client.get("/", follow_redirects=False).headers["location"] == address
            seen(client, address)


# ---------------------------------------------------------------- records


def test_records_are_searched_filtered_and_sorted_by_what_stands_in_the_address(client: TestClient) -> None:
    assert len(hits(seen(client, "/of/a"))) == 20
    assert hits(seen(client, "/of/a?filter=asked+and+not+needed")) == ["3", "9", "15"]
    assert hits(seen(client, "/of/a?q=退款")) == ["2", "12"]
    assert hits(seen(client, "/of/a?q=order&state=done&sort=reward&down=1"))[:2] == ["4", "9"]
    assert hits(seen(client, "/of/a?state=failed")) == ["7", "17"]
    assert hits(seen(client, "/of/a?stage=answering&error=out_of_reach")) == ["7", "17"]
    assert hits(seen(client, "/of/a?unscored=1")) == ["9", "19"]
    assert "0 records" in seen(client, "/of/a?q=zeppelin").text


def test_hits_are_marked_and_lead_to_the_record_with_its_place_in_the_search(client: TestClient) -> None:
    answer = client.get("/of/a?q=REFUND+order")
    assert "<mark>Refunds</mark> of <mark>order</mark> 13" in answer.text
    found = Page(answer.text).links("/of/a/records/3?")[0]
    page = client.get(found)
    assert "<mark>Refunds</mark>" in page.text
    links = [(attrs.get("rel"), attrs.get("href")) for _, attrs in Page(page.text).tags if attrs.get("rel")]
    assert ("prev", "/of/a/records/1?q=REFUND+order&at=1") in links, "record 2 does not match"
    assert ("next", "/of/a/records/4?q=REFUND+order&at=3") in links
    first = seen(client, "/of/a/records/0")
    assert not [attrs for _, attrs in first.tags if attrs.get("rel") == "prev"]


def test_pages_of_records_have_their_own_addresses(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in ("queries", "records", "record"):
        monkeypatch.setattr(f"tactful.viewer.views.{module}.PER_PAGE", 8)
    first, last = seen(client, "/of/a?sort=id"), seen(client, "/of/a?sort=id&page=3")
    assert "/of/a?sort=id&page=2" in first.links()
    assert len(hits(last)) == 4
    page = seen(client, "/of/a/records/17?sort=id&at=9")
    assert "/of/a?sort=id&page=2" in page.links(), "back to the page that it came from"


def test_a_filter_that_cannot_be_read_says_why_under_its_field_with_the_names(client: TestClient) -> None:
    page = seen(client, "/of/a?filter=asked+and+not+neded", 422)
    (field,) = [attrs for tag, attrs in page.tags if tag == "input" and attrs.get("id") == "filter"]
    assert field["aria-invalid"] == "true"
    assert field["value"] == "asked and not neded"
    assert "no record here has 'neded'" in page.text
    assert "needed (yes/no)" in page.text
    assert hits(page) == []
    seen(client, "/of/a?sort=margin", 422)
    seen(client, "/of/a?q=%3F%21", 422)


@pytest.mark.parametrize("kind", ["findings", "trees", "episodes", "states"])
def test_the_filter_that_a_field_shows_is_one_that_these_records_take(tmp_path: Path, kind: str) -> None:
    (tmp_path / "rows.jsonl").write_text(f"{json.dumps(SAMPLES[kind])}\n", encoding="utf-8")
    with visiting(tmp_path / "rows.jsonl") as client:
        with client.app.state.library.view("rows.jsonl") as view:
            assert view.wait()
        page = seen(client, "/of/rows.jsonl")
        (like,) = [
            attrs["placeholder"] for tag, attrs in page.tags if tag == "input" and attrs.get("id") == "filter"
        ]
        assert (like == "asked and not needed") == (kind in ("findings", "episodes"))
        seen(client, "/of/rows.jsonl", params={"filter": like})


@pytest.mark.parametrize(
    "query", ["state=odd", "page=0", "page=-1", "page=x", "page=99999999999", "page=1.5"]
)
def test_an_impossible_address_is_refused(client: TestClient, query: str) -> None:
    seen(client, f"/of/a?{query}", 422)


def test_the_filter_is_given_as_python_that_finds_the_same(client: TestClient) -> None:
    page = client.get("/of/a?filter=asked+and+not+needed").text
    code = Page(re.findall(r"<pre.*?</pre>", page, re.DOTALL)[0]).text
    scope: dict[str, Any] = {}
    exec(code, scope)
    assert [unit.ordinal for unit in scope["found"]] == [3, 9, 15]


@pytest.mark.slow
def test_names_for_filters_come_with_types_and_examples_that_are_filters(client: TestClient) -> None:
    page = seen(client, "/of/a/facts")
    assert "persona" in page.text
    assert "/of/a?filter=persona+%3D%3D+%27hurried%27" in page.links()
    assert "/of/a?filter=not+asked" in page.links()
    for link in page.links("/of/a?filter="):
        seen(client, link)
    (standing,) = [attrs for _, attrs in seen(client, "/of/a").tags if attrs.get("id") == "standing"]
    assert "needed:yes/no " in str(standing["data-facts"])


def test_what_the_policy_did_is_summed_up_over_all_turns(client: TestClient) -> None:
    page = seen(client, "/of/rows.jsonl/glance")
    assert "needless question" in page.text
    for link in page.links("/of/"):
        assert hits(seen(client, link), "rows.jsonl"), "a number that is shown leads to its turns"


def test_failures_are_told_with_reasons_attempts_and_the_next_command(client: TestClient) -> None:
    folder = client.app.state.library.path / "a"
    listed = seen(client, "/of/a")
    assert "the endpoint hung up" in listed.text
    assert f"tactful runs retry {folder}" in listed.text
    assert "/of/a?state=failed&stage=answering&error=out_of_reach" in listed.links()
    page = seen(client, "/of/a/records/7")
    assert "the endpoint hung up" in page.text
    assert f"tactful runs retry {folder}" in page.text
    assert "tactful runs retry" not in seen(client, "/of/a/records/3").text
    assert "--unscored" in seen(client, "/of/a/records/9").text


# ---------------------------------------------------------------- one record


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("place", range(len(SAMPLES)), ids=list(SAMPLES))
def test_every_kind_of_record_has_a_page_with_a_strip_per_turn(
    client: TestClient, place: int, language: str
) -> None:
    reading = {"accept-language": language}
    page = seen(client, f"/of/rows.jsonl/records/{place}", headers=reading)
    row = list(SAMPLES.values())[place]
    ids = {attrs.get("id") for _, attrs in page.tags}
    with client.app.state.library.view("rows.jsonl") as view:
        shown = view.record(place)
        assert shown is not None
    for strip in shown.strips:
        assert f"l0t{strip.turn}" in ids
    for text in texts(row):
        assert text in page.text, text
    raw = seen(client, f"/of/rows.jsonl/records/{place}/raw", headers=reading)
    assert f"rows.jsonl:{place + 1}" in raw.text
    for text in texts(row):
        assert text in raw.text


def texts(value: Any) -> Iterator[str]:
    """What a person would read in a row."""
    if isinstance(value, str) and " " in value:
        yield value
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from texts(inner)


def test_a_strip_says_what_was_done_how_sure_it_was_and_what_came_of_it(client: TestClient) -> None:
    kinds = list(SAMPLES)
    rewarded = seen(client, f"/of/rows.jsonl/records/{kinds.index('rewarded')}").text
    assert "asked" in rewarded
    assert "p = 0.75 of this action" in rewarded
    assert "reward 0.7 = task 0.9 − interruption 0.2" in rewarded
    pair = seen(client, f"/of/rows.jsonl/records/{kinds.index('pairs')}").text
    assert re.search(r"The road not taken: LOW\s+· it got 0.3 \(−0.50\)", pair)
    judged = seen(client, f"/of/rows.jsonl/records/{kinds.index('judged-turns')}").text
    assert "threshold 0.6" in judged
    finding = seen(client, f"/of/rows.jsonl/records/{kinds.index('findings')}").text
    assert "needless question" in finding
    assert "said before" in finding


def test_chosen_and_rejected_stand_side_by_side_with_their_differences(client: TestClient) -> None:
    html = client.get(f"/of/rows.jsonl/records/{list(SAMPLES).index('pairs')}").text
    assert 'Which <span class="own">day</span> is free?' in html
    assert 'Which <span class="own">week</span> is free?' in html


def test_private_parts_are_behind_a_fold(client: TestClient) -> None:
    html = client.get("/of/rows.jsonl/records/0").text
    fold = re.findall(r'<details class="private">.*?</details>', html, re.DOTALL)
    assert "Friday is free" in fold[0]
    assert "Friday is free" not in html.replace(fold[0], "")


def test_a_record_with_many_outputs_is_shown_in_parts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(record, "MOST_BEATS", 3)
    write_samples(tmp_path / "rows.jsonl")
    with visiting(tmp_path / "rows.jsonl") as client:
        assert "4 more; the raw line holds everything" in seen(client, "/of/rows.jsonl/records/0").text


@pytest.mark.parametrize(
    "place", ["records/20", "records/-1", "records/99999999999999999999", "records/20/raw"]
)
def test_a_record_that_is_not_there_is_said_to_be_missing(client: TestClient, place: str) -> None:
    seen(client, f"/of/a/{place}", 404)


def test_a_rehearsal_has_no_calls_and_says_so(client: TestClient) -> None:
    for headers in ({}, {"hx-request": "true"}):
        assert "No call is kept" in seen(client, "/of/a/records/0/calls", headers=headers).text


# ---------------------------------------------------------------- foreign text


PAYLOAD = (
    '<script>alert(1)</script><img src=x onerror=alert(1)>"\'><a href="javascript:alert(1)" onclick=x>x</a>'
    "{{ 7 * 7 }}<svg/onload=x>\u202etxt\x1b[31m"
)


def hostile(value: Any) -> Any:
    """The value with every text replaced, and one more name."""
    if isinstance(value, str):
        return PAYLOAD
    if isinstance(value, list):
        return [hostile(inner) for inner in value]
    if isinstance(value, dict):
        kept = {name: inner if name == "tactful" else hostile(inner) for name, inner in value.items()}
        return {**kept, PAYLOAD: PAYLOAD}
    return value


def assert_harmless(html: str) -> None:
    page = Page(html)
    for tag, attrs in page.tags:
        assert tag not in ("img", "iframe", "object", "embed", "base", "style"), tag
        assert tag != "script" or str(attrs.get("src")).startswith("/assets/")
        for name, value in attrs.items():
            assert not name.startswith("on"), (tag, name)
            assert name != "style"
            if name in ("href", "src", "action", "hx-get"):
                assert str(value).startswith(("/", "?", "#", "data:,")), value
    assert "49" not in re.findall(r"alert\(1\).{0,80}", page.text)
    assert "\u202e" not in html
    assert "\x1b" not in html


@pytest.mark.slow
def test_foreign_text_of_every_kind_of_record_is_only_ever_shown(tmp_path: Path) -> None:
    write_samples(tmp_path / "rows.jsonl", {kind: hostile(row) for kind, row in SAMPLES.items()})
    with visiting(tmp_path) as client:
        with client.app.state.library.view("rows.jsonl") as view:
            assert view.wait()
        addresses = ["", "?q=alert", "/facts", "/glance"]
        for place in range(len(SAMPLES)):
            addresses += [f"/records/{place}", f"/records/{place}?q=alert", f"/records/{place}/raw"]
        for address in addresses:
            answer = client.get(f"/of/rows.jsonl{address}")
            assert answer.status_code == 200, address
            assert_harmless(answer.text)
            assert "alert(1)" in Page(answer.text).text or address == "/glance"


def test_what_an_address_holds_is_only_ever_shown(client: TestClient) -> None:
    for name in ("q", "filter", "sort", "stage", "error"):
        answer = client.get("/of/a", params={name: PAYLOAD})
        assert answer.status_code in (200, 422)
        assert_harmless(answer.text)
    answer = client.get("/of/a/records/3", params={"q": PAYLOAD})
    assert_harmless(answer.text)


def test_a_text_that_is_nested_without_end_is_no_error(tmp_path: Path) -> None:
    deep = "[" * 120 + '"deep down"' + "]" * 120
    (tmp_path / "rows.jsonl").write_text(f'{{"id": "x", "nested": {deep}}}\n["no object"]\n3\nno json\n')
    with visiting(tmp_path) as client:
        for place in range(4):
            seen(client, f"/of/rows.jsonl/records/{place}")
            seen(client, f"/of/rows.jsonl/records/{place}/raw")
        assert "deep down" in seen(client, "/of/rows.jsonl/records/0").text
        assert "no json" in seen(client, "/of/rows.jsonl/records/3").text


# ---------------------------------------------------------------- safety


def test_no_page_writes_into_what_is_looked_at(client: TestClient) -> None:
    def state() -> dict[str, str]:
        return {
            str(path): hashlib.sha256(path.read_bytes()).hexdigest()
            for path in sorted(client.app.state.library.path.rglob("*"))
            if path.is_file() and not path.name.endswith(("-shm", "-wal"))  # SQLite's, while anybody reads
        }

    before = state()
    for address in ("/", "/of/a", "/of/a?q=order&filter=asked", "/of/a/glance", "/of/a/facts", "/of/a/records/3",
                    "/of/a/records/3/raw", "/of/a/records/3/calls", "/of/rows.jsonl", "/of/rows.jsonl/records/0"):  # fmt: skip
        seen(client, address)
    assert state() == before
    client.app.state.library.close()
    assert [path.name for path in client.app.state.library.path.rglob("*-[sw][ha][ml]")] == []


def test_these_pages_can_only_be_asked_for(client: TestClient) -> None:
    for module in (runs, records, record, calls):
        for route in module.router.routes:
            assert route.methods == {"GET"}, route.path  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    "key",
    [
        "..%2f..%2fetc%2fpasswd",
        "%2e%2e",
        ":etc:passwd",
        "..:secret.jsonl",
        "a:run.sqlite",
        "a:run.json",
        "%00",
        "link.jsonl",
    ],
)
def test_nothing_but_what_is_listed_can_be_read(changing: TestClient, tmp_path: Path, key: str) -> None:
    (tmp_path / "secret.jsonl").write_text('{"id": "the secret"}\n')
    (tmp_path / "runs" / "link.jsonl").symlink_to(tmp_path / "secret.jsonl")
    for place in ("", "/records/0", "/records/0/raw", "/facts", "/glance", "/records/0/calls"):
        answer = changing.get(f"/of/{key}{place}")
        assert answer.status_code == 404
        assert "the secret" not in answer.text


def test_pages_are_for_their_own_host_and_run_no_foreign_script(client: TestClient) -> None:
    assert client.get("/of/a", headers={"host": "evil.example"}).status_code == 403
    policy = client.get("/of/a").headers["content-security-policy"]
    assert "script-src 'self'" in policy
    assert "unsafe" not in policy


# ---------------------------------------------------------------- what is not whole


def test_a_damaged_record_and_outputs_that_are_not_written_come_with_the_next_command(
    changing: TestClient, tmp_path: Path
) -> None:
    run = tmp_path / "runs" / "a"
    with sqlite3.connect(run / "run.sqlite") as connection:
        connection.execute("UPDATE results SET reason = 'flipped' WHERE record_id = 'r3'")
    page = seen(changing, "/of/a/records/3")
    assert "does not match its hash" in page.text
    assert f"tactful runs show {run}" in page.text
    assert "tactful runs export" not in seen(changing, "/of/a/records/4/raw").text
    (run / "records.jsonl").unlink()
    assert f"tactful runs export {run}" in seen(changing, "/of/a/records/4/raw").text
    assert "tactful runs export" not in seen(changing, "/of/rows.jsonl/records/4/raw").text


def test_what_grows_with_the_index_is_asked_for_again_until_it_is_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_samples(tmp_path / "rows.jsonl")
    monkeypatch.setattr("tactful.viewer.index.build.Builder.start", lambda builder: None)
    with visiting(tmp_path) as client:
        for address in ("/of/rows.jsonl", "/of/rows.jsonl/glance"):
            assert "every 1s" in client.get(address).text
        assert "reach 0 of" in seen(client, "/of/rows.jsonl").text
    monkeypatch.undo()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    with visiting(tmp_path) as client:
        with client.app.state.library.view("rows.jsonl") as view:
            assert view.wait()
        for address in ("/of/rows.jsonl", "/of/rows.jsonl/glance"):
            assert "every" not in str([attrs.get("hx-trigger") for _, attrs in seen(client, address).tags])


def test_a_link_with_a_filter_waits_for_names_that_are_not_indexed_yet(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tactful.viewer.index.build._POLL_S", 0.02)
    path = tmp_path / "rows.jsonl"
    path.write_text('{"id": "a", "one": 1}\n')
    asked = "/of/rows.jsonl?filter=two+%3E+1&sort=two"
    source, index = open_source(path), index_folder(path) / NAME
    with only_writer(index.parent):  # so that the viewer's own waits
        for _ in ("nothing", "the first record"):
            with visiting(path) as client:
                early = client.get(asked)
            assert (early.status_code, "no record here has" in early.text) == (200, False)
            assert 'hx-trigger="every 1s"' in early.text
            prepare(index, source.identity())
            with closing(open_index(index, writing=True)) as connection:
                bring_up_to_date(connection, source)
            with path.open("a") as file:
                file.write('{"id": "b", "two": 2}\n')
    with visiting(path) as client:
        until = time.monotonic() + 20
        while "<b>2 records</b>" not in client.get(asked).text and time.monotonic() < until:
            time.sleep(0.05)
        assert "<b>2 records</b>" in client.get(asked).text
        assert "no record here has &#39;three&#39;" in client.get("/of/rows.jsonl?sort=three").text


def test_how_far_the_index_is_was_asked_before_what_it_holds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_text('{"id": "a", "one": 1}\n')
    asked: list[str] = []

    def noted(owner: Any, name: str) -> None:
        real = getattr(owner, name)

        def note(*given: Any) -> Any:
            asked.append(name)
            return real(*given)

        monkeypatch.setattr(owner, name, note)

    for name in ("progress", "facts"):
        noted(View, name)
    noted(look, "found_by")
    with visiting(path) as client:
        until = time.monotonic() + 20
        while "found_by" not in asked and time.monotonic() < until:
            asked.clear()
            client.get("/of/rows.jsonl?q=a")
    assert asked == ["progress", "progress", "found_by", "facts"], (
        "else a page made before the last record never asks again"
    )
