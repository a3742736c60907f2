"""Labelled texts of any origin."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tactful.errors import DataError
from tactful.reading.labelled import read_labelled


def one(tmp_path: Path, row: dict[str, object]) -> Path:
    path = tmp_path / "rows.jsonl"
    path.write_text(json.dumps(row) + "\n")
    return path


def test_a_labelled_conversation_is_read_as_every_chat_log_is(tmp_path: Path) -> None:
    talk = [
        {"role": "user", "content": [{"type": "text", "text": "Book a table"}]},
        {"role": "assistant", "content": "<think>where?</think>For how many?"},
    ]
    row = {"conversation": talk, "user_next": "just do it", "label7": "neg_correction"}
    [found] = read_labelled([one(tmp_path, row)])[0].followups
    assert (found.q_t, found.a_t, found.user_next) == ("Book a table", "For how many?", "just do it")


def test_a_conversation_of_no_known_form_names_the_line(tmp_path: Path) -> None:
    row = {"conversation": [{"role": "poet", "content": "o"}], "user_next": "no", "label7": "neutral"}
    with pytest.raises(DataError, match=r"rows\.jsonl:1: .*role"):
        read_labelled([one(tmp_path, row)])
