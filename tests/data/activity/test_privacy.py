"""What must not be told is told nowhere: not in the sessions, not in the report, whatever field of whatever bucket held it."""

from __future__ import annotations

import json
import time
import unicodedata
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.data.activity.logs import afk, bucket, export, imported, page, row, told, window

from tactful.data.activity.forms import moment_rows, trace_of
from tactful.data.formats.traces import trace_bytes

SECRET = "sk-proj-Zx81kQm20LpWv73TnRb5"
EMAIL = "zoe.quill@example.org"
QUERY = "quarterlyfigures"
DENIED = "Project Nightshade"
NAME = "zoequill"
PHONE, CARD = "+44 20 7946 0958", "5555 5555 5555 4444"
PLANTS = {
    PHONE: (f"call {PHONE} back", f"https://x.example/tel/{PHONE}", f"{PHONE}.vcf"),
    CARD: (f"pay {CARD} now", f"https://x.example/{CARD}/a", CARD),
    SECRET: (f"deploy {SECRET} now", f"https://x.example/{SECRET}/a", f"{SECRET}.txt"),
    EMAIL: (
        f"Inbox ({EMAIL})",
        f"https://mail.example/u/{EMAIL}/inbox",
        EMAIL,
        f"x {EMAIL.replace('@', '%40')}",
    ),
    QUERY: (
        f"https://find.example/s?q={QUERY}",
        f"https://find.example/s#{QUERY}",
        f"see https://find.example/s?q={QUERY}&x=1 there",
        f"www.find.example/s?{QUERY}",
        f'https://find.example/?q="{QUERY}" - Firefox',
        f"https://find.example/?q=a {QUERY} — Firefox",
        f"localhost:3000/s?{QUERY}",
        f"results ?q={QUERY} of today",
        f"chrome-extension://abc/x.html?{QUERY}",
        f"https://go.example/to/https%3A%2F%2Fx.example%2F%3Fq%3D{QUERY}",
    ),
    DENIED: (
        DENIED,
        f"about {DENIED.upper()} again",
        "https://x.example/Project%20Nightshade/plan",
        "Project\u200b  Nightshade",
        "Ｐroject Nightshade",
        "https://x.example/?t=project+nightshade",
    ),
    NAME: (
        f"ssh {NAME}@bigbox",
        f"{NAME}@box ~/tax % ls",
        f"tax — {NAME}@box — ~/tax — -zsh — 80×24",
        f"[{NAME}@box tax]$ vim",
        f"/home/{NAME}/tax/a.py",
        f"C:\\Users\\{NAME}\\tax\\a.py",
        f"{NAME}@box: ~/tax",
        f"~{NAME}/notes",
    ),
}
"""What must not be told → how a log may hold it."""
FIELDS = ("app", "title", "url", "file", "project", "language", "branch", "status", "incognito", "\u0000odd")


def everything(document: Any, **options: Any) -> str:
    """All that an import gives: sessions, traces, moments, and the report."""
    sessions, report = imported(document, **options)
    return "\n".join(
        [
            *(session.model_dump_json() for session in sessions),
            "".join(trace_bytes(trace_of(session)).decode() for session in sessions),
            json.dumps(list(moment_rows(sessions)), ensure_ascii=False),
            json.dumps(report.counts(), ensure_ascii=False),
        ]
    ).lower()


def forms_of(plant: str) -> set[str]:
    squeezed = plant.lower()
    return {squeezed, squeezed.replace(" ", "%20"), squeezed.replace("@", "%40"), squeezed.replace(" ", "")}


@st.composite
def planted(draw: st.DrawFn) -> tuple[str, Any]:
    """A log with one plant at one to four places, and others events around."""
    plant = draw(st.sampled_from(sorted(PLANTS)))
    texts = st.one_of(st.sampled_from(PLANTS[plant]), st.sampled_from(["a.py", "Docs", "读书笔记", ""]))
    kinds = {"currentwindow": "Code", "web.tab.current": None, "app.editor.activity": None, "afkstatus": None}
    buckets = []
    for type_, app in kinds.items():
        rows = []
        for at in draw(st.lists(st.integers(0, 600), max_size=5)):
            data = draw(st.dictionaries(st.sampled_from(FIELDS), texts, max_size=5))
            if app is not None:
                data.setdefault("app", draw(st.sampled_from(["Code", "firefox", "Slack"])))
            if type_ == "afkstatus":
                data = {"status": draw(st.sampled_from(["afk", "not-afk", draw(texts)]))}
            made = row(at, draw(st.sampled_from([0, 1, 30, 200])), **data)
            if draw(st.booleans()) and draw(st.booleans()):
                made[draw(st.sampled_from(["timestamp", "duration", "data", "id"]))] = draw(texts)
            rows.append(made)
        host = draw(st.sampled_from(["desk-seven", None, draw(texts)]))
        buckets.append(bucket(type_, rows, host=host, id=draw(texts), client=draw(texts)))
    buckets.append({"id": draw(texts), "type": draw(texts), "events": [row(0, 9, title=draw(texts))]})
    return plant, {"buckets": buckets}


@pytest.mark.slow
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(planted())
def test_nothing_that_was_planted_comes_out(found):
    plant, document = found
    text = everything(document, deny=[DENIED])
    assert not any(form in text for form in forms_of(plant))


def test_the_report_holds_counts_and_no_content():
    document = export([window(0, 300, "Code", f"{DENIED}.py"), window(300, 300, "Code", f"{EMAIL}.py")])
    _, report = imported(document, deny=[DENIED])
    assert report.reading.read == 2
    assert not any(text in repr(report) for text in (DENIED, EMAIL))


@pytest.mark.parametrize("field", ["app", "title", "url", "file", "project", "language"])
@pytest.mark.parametrize("plant", sorted(PLANTS))
def test_every_field_of_every_kind_is_cut(field, plant):
    for text in PLANTS[plant]:
        data = {"app": "Code", "title": "a.py", field: text}
        for kind in ("currentwindow", "web.tab.current", "app.editor.activity"):
            document = {"buckets": [bucket(kind, [row(0, 90, **data)]), bucket("afkstatus", [afk(500, 9)])]}
            given_out = everything(document, deny=[DENIED])
            assert not any(form in given_out for form in forms_of(plant)), (text, kind)


# ---------------------------------------------------------------- private windows


def test_a_private_tab_is_dropped_with_the_window_that_showed_it():
    windows = [
        window(0, 100),
        window(100, 60, "firefox", "Fever and rash - symptoms"),
        window(160, 100, "Code", "b.py"),
    ]
    pages = [page(102, 55, "https://clinic.example/fever", "Fever and rash", incognito=True)]
    sentences = told(export(windows, pages=pages))
    assert sentences == [
        "The user started work in 'Code': 'a.py'.",
        "In 'Code', the user opened 'b.py'.",
    ]
    _, report = imported(export(windows, pages=pages))
    assert report.left_out["private"] == 60_000_000
    assert report.cut["private"] == 2


@pytest.mark.parametrize(
    ("app", "title"),
    [
        ("firefox", "Fever — Mozilla Firefox Private Browsing"),
        ("Google Chrome", "Fever - Google Chrome (Incognito)"),
        ("msedge.exe", "Fever - [InPrivate] - Microsoft Edge"),
        ("Safari", "Fever — Private Browsing"),
        ("chrome", "发烧 - Google Chrome（无痕模式）"),
        ("Firefox", "Fieber — Mozilla Firefox Privater Modus"),
        ("SomethingNew", "Fever (Incognito)"),
        ("firefox", unicodedata.normalize("NFD", "Fièvre — Navigation privée")),
        ("msedge.exe", "Fever - [InPriv\u200bate] - Microsoft Edge"),
        ("Tor Browser", "Fever - Tor Browser"),
        ("firefox", "Koorts — Mozilla Firefox Privénavigatie"),
        ("firefox", "Gorączka — Mozilla Firefox (Tryb prywatny)"),
        ("firefox", "Гарячка — Mozilla Firefox Приватний перегляд"),
        ("chrome", "Febre - Google Chrome (Anônima)"),
    ],
)
def test_a_window_that_says_it_is_private_is_dropped_without_any_watcher_in_the_browser(app, title):
    sessions, report = imported(export([window(0, 100), window(100, 60, app, title)]))
    assert [event.text for event in sessions[0].events] == ["The user started work in 'Code': 'a.py'."]
    assert report.cut == {"private": 1}


@pytest.mark.parametrize("host", ["unknown", None, "small-box.local"])
def test_a_private_tab_of_a_machine_that_is_not_known_hides_its_window_on_any(host):
    pages = bucket(
        "web.tab.current", [page(100, 60, "https://clinic.example/", "Fever", incognito=True)], host=host
    )
    windows = [window(0, 60), window(100, 60, "firefox", "Fever"), window(160, 60, "Code", "b.py")]
    small = bucket("currentwindow", windows, host="small-box")
    busy = [window(at * 10, 10, "Slack", f"c{at}") for at in range(50)]
    assert "ever" not in everything(export(busy, others=[small, pages])).replace("never", "")


def test_a_normal_window_before_a_private_one_stays():
    windows = [window(0, 100, "firefox", "Docs"), window(100, 60, "firefox", "Fever")]
    pages = [page(99, 61, "https://clinic.example/", "Fever", incognito=True)]
    assert told(export(windows, pages=pages)) == ["The user started work in 'firefox': 'Docs'."]


def test_a_private_tab_in_the_background_hides_no_editor():
    windows = [window(0, 600)]
    pages = [page(0, 600, "https://clinic.example/", "Fever", incognito=True)]
    assert told(export(windows, pages=pages)) == ["The user started work in 'Code': 'a.py'."]


def test_a_private_tab_without_a_title_hides_its_window_by_its_time():
    windows = [window(0, 100), window(100, 60, "firefox", "Fever")]
    assert told(export(windows, pages=[page(100, 60, "", "", incognito=True)])) == [
        "The user started work in 'Code': 'a.py'."
    ]


def test_paths_of_pages_are_told_as_people_read_them():
    pages = [page(0, 60, "https://a.example/%E9%A1%B9%E7%9B%AE/a%20b?x=1", "Docs")]
    assert told(export(pages=pages)) == ["The user started work in a window: 'Docs' (a.example/项目/a b)."]


@pytest.mark.parametrize("mark", [True, 1, "true", "yes", "on", "unknown"])
def test_in_doubt_a_tab_is_private(mark):
    pages = [page(0, 60, "https://a.example/", "Fever", incognito=mark)]
    assert told(export(pages=pages)) == []


# ---------------------------------------------------------------- lists


def test_what_is_denied_is_dropped_whole_and_counted():
    windows = [window(0, 100), window(100, 50, "Code", "Salaries 2025"), window(150, 100, "Code", "b.py")]
    sessions, report = imported(export(windows), deny=["salaries"])
    assert "alaries" not in sessions[0].model_dump_json()
    assert (report.cut["denied"], report.left_out["denied"]) == (1, 50_000_000)
    assert sessions[0].active_s == 200


def test_what_a_file_denies_hides_the_editors_window_of_that_time():
    windows = [window(0, 100), window(100, 50, "Code", "plan.md - Code")]
    files = [row(100, 50, file="/srv/clients/acme/plan.md", project="acme", language="markdown")]
    assert told(export(windows, files=files), deny=["/clients/acme/"]) == [
        "The user started work in 'Code': 'a.py'."
    ]


@pytest.mark.parametrize("word", ["incognito", "title", "app", "url"])
def test_the_names_of_fields_are_no_content_that_is_denied(word):
    windows, pages = [window(0, 100, "firefox", "Docs")], [page(0, 100, "https://a.example/x", "Docs")]
    assert told(export(windows, pages=pages), deny=[word]) != []


def test_an_allow_list_leaves_the_app_and_hides_the_titles_of_all_others():
    windows = [window(0, 100, "Code", "tactful: a.py"), window(100, 50, "Slack", "Ann: are you there?")]
    sessions, report = imported(export(windows), allow=["tactful"])
    assert [event.text for event in sessions[0].events] == [
        "The user started work in 'Code': 'tactful: a.py'.",
        "The user switched to 'Slack'.",
    ]
    assert report.cut == {"title": 1}


def test_deny_goes_before_allow():
    assert (
        told(export([window(0, 100, "Code", "tactful salaries")]), allow=["tactful"], deny=["salaries"]) == []
    )


def test_lists_take_regular_expressions_and_files(tmp_path):
    (tmp_path / "deny.txt").write_text("# clients\n\nacme\nre:^invoice \\d+\n", encoding="utf-8")
    windows = [
        window(0, 60, "Code", "ACME.py"),
        window(60, 60, "Code", "Invoice 77"),
        window(120, 60, "Code", "invoice"),
    ]
    assert told(export(windows), deny=[f"@{tmp_path / 'deny.txt'}"]) == [
        "The user started work in 'Code': 'invoice'."
    ]


# ---------------------------------------------------------------- names


def test_a_name_known_from_a_path_is_cut_from_every_other_title():
    windows = [window(0, 60, "Terminal", f"/home/{NAME}/a"), window(60, 60, "Slack", "Zoequill: lunch?")]
    text = " ".join(told(export(windows)))
    assert "zoequill" not in text.lower()
    assert "'[NAME]: lunch?'" in text


def test_the_machines_name_is_told_nowhere():
    assert "desk-seven" not in everything(export([window(0, 60, "Terminal", "ann@desk-seven: ~/work")]))


def test_ids_in_the_path_of_a_url_are_cut_from_titles_too():
    link = "https://docs.example/document/d/1AbCdEfGhIjKlMnOpQrStUvWxYz0123456789/edit"
    assert told(export([window(0, 60, "Slack", f"see {link} now")])) == [
        "The user started work in 'Slack': 'see https://docs.example/document/d/…/edit now'."
    ]


def test_everyday_words_are_no_names():
    assert (
        "'the user guide'"
        in told(export([window(0, 60, "Code", "/home/user/x"), window(60, 60, "Code", "the user guide")]))[1]
    )


def test_windows_names_with_a_space_are_cut_whole_and_in_parts():
    windows = [
        window(0, 60, "Word", "C:\\Users\\Zoe Quillman\\tax.docx"),
        window(60, 60, "Slack", "Quillman, Zoe"),
        window(120, 60, "Slack", "zoe quillman"),
    ]
    text = " ".join(told(export(windows))).lower()
    assert "quillman" not in text
    assert "zoe" not in text


def test_a_package_with_a_version_is_no_prompt_of_a_shell():
    windows = [window(0, 60, "kitty", "npm i react@latest"), window(60, 60, "Code", "react hooks")]
    assert told(export(windows)) == [
        "The user started work in 'kitty': 'npm i react@latest'.",
        "The user switched to 'Code': 'react hooks'.",
    ]


def test_a_title_that_is_nothing_but_a_prompt_is_cut():
    windows = [window(0, 60, "kitty", "zoequill@bigbox"), window(60, 60, "Slack", "BigBox is down")]
    text = " ".join(told(export(windows))).lower()
    assert "zoequill" not in text
    assert "bigbox" not in text


@pytest.mark.slow
@pytest.mark.parametrize(
    "title",
    [
        "a" * 200_000,
        "a." * 100_000,
        "a@" * 100_000,
        "?a=" * 60_000,
        "/home/" * 40_000,
        "http://" * 30_000,
        "- " * 100_000,
        "(1) " * 50_000,
        "x\u200b" * 100_000,
        "%25" * 70_000,
        "%" + "a" * 200_000,
    ],
)
def test_long_titles_made_to_be_slow_are_not(title):
    started = time.process_time()
    told(
        export(
            [window(0, 60, "firefox", title)],
            pages=[page(0, 60, f"https://a.example/{title}", title)],
            files=[row(0, 60, file=title, project=title, language=title)],
        ),
        deny=["q"],
    )
    assert time.process_time() - started < 5
