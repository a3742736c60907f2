"""What can be looked at below one path, and nothing else."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from tests.viewer.viewed import make_run

from tactful.errors import DataError
from tactful.viewer.folders import library
from tactful.viewer.folders.library import Library, address_of
from tactful.viewer.types import Listed


def keys(found: tuple[Listed, ...]) -> list[str]:
    return [one.key for one in found]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two runs, one of them deeper with a file inside; files beside them."""
    make_run(tmp_path / "runs" / "first", 2)
    make_run(tmp_path / "runs" / "deep" / "second", 2)
    for name in (
        "deep/second/dpo/train.jsonl",
        "notes/turns.jsonl",
        "states.jsonl",
        ".hidden/x.jsonl",
        "secret.json",
    ):
        path = tmp_path / "runs" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text('{"id": "x"}\n')
    (tmp_path / "outside.jsonl").write_text('{"id": "outside"}\n')
    (tmp_path / "runs" / "link.jsonl").symlink_to(tmp_path / "outside.jsonl")
    return tmp_path / "runs"


def test_runs_and_files_are_listed_each_where_it_lies(folder: Path) -> None:
    shelf = Library(folder)
    runs = {one.key: one for one in shelf.runs()}
    assert runs.keys() == {"first", "deep:second"}
    assert keys(shelf.files()) == ["notes:turns.jsonl", "states.jsonl"]
    assert keys(shelf.files(runs["deep:second"])) == ["deep:second:dpo:train.jsonl"]
    assert keys(shelf.files(runs["first"])) == [], "records.jsonl is the run itself"
    assert shelf.only is None


def test_nothing_else_is_found(folder: Path) -> None:
    shelf = Library(folder)
    assert shelf.find("deep:second:dpo:train.jsonl") is not None
    odd = ("..:outside.jsonl", "link.jsonl", ".hidden:x.jsonl", "secret.json", "first:run.sqlite", "first:records.jsonl",
           str(folder / "states.jsonl"), "..", ".", "", "first/", str(folder.parent / "outside.jsonl"))  # fmt: skip
    for key in odd:
        assert shelf.find(key) is None
        with pytest.raises(KeyError), shelf.view(key):
            pass


def test_one_run_and_one_file_are_libraries_too(folder: Path) -> None:
    run, file = Library(folder / "deep" / "second"), Library(folder / "states.jsonl")
    assert (run.only, file.only) == ("second", "states.jsonl")
    assert keys(run.files(run.find("second"))) == ["dpo:train.jsonl"]
    assert (run.files(), file.runs()) == ((), ())
    with run.view("second") as view:
        assert view.path == folder / "deep" / "second"
    for one in (run, file):
        one.close()
    with pytest.raises(DataError, match="no such file or folder"):
        Library(folder / "nowhere")


def test_names_that_an_address_cannot_hold_have_keys_all_the_same(tmp_path: Path) -> None:
    names = ["a:b", "a/b", "x\ny", os.fsdecode(b"\xff\xfe"), "退款 è?#%"]
    for name in names:
        make_run(tmp_path / "runs" / name, 1)
    shelf = Library(tmp_path / "runs")
    found = shelf.runs()
    assert len({one.key for one in found}) == len(names)
    assert "退款 è?#%" in keys(found)
    for one in found:
        assert one.key.isprintable()
        assert address_of(one.key).isascii()
        again = shelf.find(one.key)
        assert again is not None
        assert again.path == one.path


def test_only_some_runs_stay_open_and_none_is_closed_while_it_is_looked_at(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(library, "MOST_OPEN", 1)
    shelf = Library(folder)
    with shelf.view("first") as first:
        with shelf.view("states.jsonl"):
            assert shelf._open.keys() == {"first", "states.jsonl"}
        with shelf.view("notes:turns.jsonl"):
            assert "states.jsonl" not in shelf._open
        with shelf.view("first") as again:
            assert again is first
        assert first._builder._thread.is_alive()
    with shelf.view("states.jsonl"):
        pass
    assert shelf._open.keys() == {"states.jsonl"}
    assert not first._builder._thread.is_alive()
    shelf.close()
    assert not shelf._open


def test_a_run_is_told_as_it_is_now(folder: Path) -> None:
    shelf = Library(folder)
    before = shelf.find("first")
    make_run(folder / "first", 4, resume=True)
    after = shelf.find("first")
    assert before is not None
    assert before.run is not None
    assert after is not None
    assert after.run is not None
    assert (before.run.read, after.run.read) == (2, 4)
