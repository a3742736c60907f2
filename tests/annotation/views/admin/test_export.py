"""What is downloaded is what the command writes, and names nobody."""

from __future__ import annotations

import io
import re
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.annotation.simulated import NAMES, simulate
from tests.annotation.site import Browser

from tactful.annotation.app import build_annotation_app
from tactful.annotation.export.pipeline import FORMS, ExportOptions, export_collected
from tactful.annotation.queries.collected import collected
from tactful.annotation.services.accounts import setup_token
from tactful.annotation.store import Store, open_store


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_store(tmp_path / "annotations.sqlite") as one:
        simulate(one, count=60)
        yield one


@pytest.fixture
def boss(store: Store) -> Browser:
    browser = Browser(build_annotation_app(store))
    browser.come(setup_token(store) or "", "Grace")
    return browser


def files(body: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(body)) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name) for name in archive.namelist()}


@pytest.mark.parametrize("to", FORMS)
def test_the_zip_holds_what_the_command_writes(store: Store, boss: Browser, tmp_path: Path, to: str) -> None:
    answer = boss.get(f"/admin/export/download?to={to}&aggregate=majority&min_votes=2&test_share=25&seed=7")
    assert answer.headers["content-type"] == "application/zip"
    assert answer.headers["content-disposition"] == f'attachment; filename="annotations-{to}.zip"'
    options = ExportOptions(rule="majority", fewest=2, test_share=0.25, seed=7)
    export_collected(collected(store), to, tmp_path / "out", options)  # type: ignore[arg-type]
    assert files(answer.content) == {path.name: path.read_bytes() for path in (tmp_path / "out").iterdir()}


def test_no_name_is_in_the_votes(boss: Browser) -> None:
    whole = b"".join(files(boss.get("/admin/export/download?to=votes").content).values()).decode()
    assert not [name for name in (*NAMES, "Grace") if name in whole]
    assert len(set(re.findall(r'"annotator":"([0-9a-f-]{36})"', whole))) == 6


def test_the_preview_tells_what_each_rule_keeps_and_writes_nothing(
    boss: Browser, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    page = boss.get("/admin/export?to=reward&aggregate=soft&min_votes=2&test_share=20&seed=0").text
    for text in ("train.jsonl", "test.jsonl", "Unanimous", "Dropped: tie", "No session is in both files."):
        assert text in page
    assert not list(tmp_path.glob("tactful-export-*"))


def test_a_download_leaves_no_file_behind(
    boss: Browser, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    assert boss.get("/admin/export/download?to=votes").status_code == 200
    assert not list(tmp_path.glob("tactful-export-*"))


@pytest.mark.parametrize(
    "wrong",
    ["to=../../etc", "to=votes&test_share=100", "to=reward&min_votes=x", "to=reward&seed=-1",
     "to=reward&aggregate=none", "to=reward&test_share=nan", "to=reward&min_votes=40"],
)  # fmt: skip
def test_an_export_that_cannot_be_is_told_where_it_was_chosen(boss: Browser, wrong: str) -> None:
    page = boss.get(f"/admin/export?{wrong}")
    if wrong == "to=reward&min_votes=40":  # known answers need no votes
        assert page.status_code == 200
        return
    assert page.status_code == 422
    assert 'role="alert"' in page.text
    assert boss.get(f"/admin/export/download?{wrong}").status_code == 400
