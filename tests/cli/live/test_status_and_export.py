"""What was decided, the kill switch, and kept conversations as a log."""

from __future__ import annotations

import json
from pathlib import Path
from typing import get_args

import pytest

from tactful.live.advisor import Advisor
from tactful.live.learning.choosing import Guards
from tactful.live.settings import LiveSettings
from tactful.live.types import Mode
from tactful.reading.opening import open_embedded_reader
from tactful.types import Message

REQUEST = "Write a function that reads the sales file and sends the report to the team."
REJECTS = "I already told you. Just do it!"
QUESTION = "Which file should I read?"
DONE = "Done: it reads sales.csv."


def said(*texts: str) -> list[Message]:
    return [Message(role=("user", "assistant")[at % 2], content=text) for at, text in enumerate(texts)]


def advised(database: Path, *, keep_texts: bool, mode: str = "advise", answer: str = QUESTION) -> None:
    settings = LiveSettings(mode=mode, keep_texts=keep_texts, guards=Guards(explore=0.2), timeout_ms=10_000)
    with Advisor(database, reader=open_embedded_reader("surface"), settings=settings) as advisor:
        advisor.decide(said(REQUEST), user="ann")
        advisor.settle()
        advisor.decide(said(REQUEST, answer, REJECTS), user="ann")
        advisor.settle()


@pytest.fixture
def database(tmp_path: Path) -> Path:
    return tmp_path / "live.sqlite"


def test_status_counts_what_was_decided_and_what_came_of_it(tactful, database: Path) -> None:
    advised(database, keep_texts=False)
    found = json.loads(tactful("live", "status", "--database", database, "--json").stdout)
    assert (found["turns"], found["conversations"], found["named_users"], found["treated"]) == (2, 1, 1, 2)
    assert found["observed"] == {"rejected": 1}
    assert found["known_users"] == 1
    assert found["with_texts"] == 0
    assert found["bytes"] > 0
    assert "decided: 2 turns of 1 conversation" in tactful("live", "status", "--database", database).stdout


def test_the_kill_switch_is_turned_on_and_off_and_nobody_is_told_meanwhile(tactful, database: Path) -> None:
    advised(database, keep_texts=False)
    assert "kill switch: on" in tactful("live", "status", "--database", database, "--kill").stdout
    with Advisor(
        database, reader=open_embedded_reader("surface"), settings=LiveSettings(mode="act")
    ) as advisor:
        assert not advisor.decide(said(REQUEST)).treated
    assert "kill switch: off" in tactful("live", "status", "--database", database, "--unkill").stdout
    with Advisor(
        database, reader=open_embedded_reader("surface"), settings=LiveSettings(mode="act")
    ) as advisor:
        assert advisor.decide(said(REQUEST)).treated


def test_a_database_that_is_not_there_is_named_and_not_made(tactful, database: Path) -> None:
    for verb in ("status", "export"):
        done = tactful("live", verb, "--database", database)
        assert done.returncode == 1
        assert "no such database" in done.stderr
    assert not database.exists()


def test_kept_conversations_come_out_as_a_log_that_an_audit_reads(
    tactful, database: Path, tmp_path: Path
) -> None:
    advised(database, keep_texts=True)
    out = tmp_path / "talks.jsonl"
    assert tactful("live", "export", "--database", database, "--out", out).returncode == 0
    (row,) = map(json.loads, out.read_text().splitlines())
    assert row["tactful"] == "conversations"
    assert [turn["content"] for turn in row["turns"]] == [REQUEST, QUESTION, REJECTS]
    assert row["user"].startswith("u-")
    assert tactful("data", "check", out).returncode == 0
    assert tactful("audit", out, "--out", tmp_path / "audit", "--reader", "surface").returncode == 0


@pytest.mark.parametrize("mode", get_args(Mode))
def test_a_turn_has_a_propensity_where_the_assistant_was_told_and_did_so(
    tactful, database: Path, tmp_path: Path, mode: str
) -> None:
    advised(database, keep_texts=True, mode=mode, answer=DONE)  # it answered; told to answer or not
    out = tmp_path / "talks.jsonl"
    tactful("live", "export", "--database", database, "--out", out)
    (row,) = map(json.loads, out.read_text().splitlines())
    meta = row["turns"][1]["meta"]
    did_so = mode != "shadow" and meta["choice"] == "answer"
    assert ("propensity" in meta) == did_so
    assert meta["treated"] == (mode != "shadow")


def test_nothing_is_exported_where_no_text_was_kept_and_nothing_is_overwritten(
    tactful, database: Path, tmp_path: Path
) -> None:
    advised(database, keep_texts=False)
    out = tmp_path / "talks.jsonl"
    done = tactful("live", "export", "--database", database, "--out", out)
    assert (done.returncode, out.exists()) == (1, False)
    assert "--keep-texts" in done.stderr
    out.write_text("mine")
    assert tactful("live", "export", "--database", database, "--out", out).returncode == 2
    assert out.read_text() == "mine"
