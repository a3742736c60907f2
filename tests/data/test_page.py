"""A page and its data in a folder."""

from __future__ import annotations

import pytest

from tactful.data.page import refuse_existing, write_texts
from tactful.errors import UsageError
from tactful.runs.store.files import CannotWrite


def test_texts_are_written_into_a_new_folder_whatever_they_hold(tmp_path):
    written = write_texts(tmp_path / "a" / "b", {"page.html": "Grüße 🎉", "data.json": "half: \ud83d"})
    assert [path.read_text("utf-8") for path in written] == ["Grüße 🎉", "half: ?"]


def test_a_folder_that_cannot_be_made_is_told_with_what_to_do(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(CannotWrite, match="a file or a link that leads nowhere stands in its place"):
        write_texts(tmp_path / "file", {"page.html": ""})


def test_a_file_that_lies_there_is_named_and_others_are_left_alone(tmp_path):
    (tmp_path / "notes.txt").write_text("")
    refuse_existing(tmp_path, ("page.html", "data.json"))
    (tmp_path / "data.json").write_text("{}")
    with pytest.raises(UsageError, match=r"data\.json: exists already; give --out a new folder"):
        refuse_existing(tmp_path, ("page.html", "data.json"))
