"""The rest of the server: advice, questions to be put, what came of them, and who may ask at all."""

from __future__ import annotations

import base64
import hashlib
import json
import logging
import re
import sqlite3
import time
import urllib.error
import urllib.request
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

import tactful as tf
from tactful.errors import SafetyRefusal
from tactful.live.counsel.there import CounselThere

OPEN = [{"role": "user", "content": "Book a table"}]
CLOSED = [{"role": "user", "content": "What is the capital of Peru?"}]
ASK = {
    "tool": "AskUserQuestion",
    "questions": ["Which format do you want?"],
    "options": [["a sentence", "a word (Recommended)"]],
}


def call(address: str, path: str, body: Any = None, **headers: str) -> tuple[int, Any]:
    """(status, answer) of one request."""
    data = None if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
    request = urllib.request.Request(address + path, data, {"Content-Type": "application/json", **headers})
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:
            return answer.status, json.loads(answer.read())
    except urllib.error.HTTPError as error:
        return error.code, json.loads(error.read())


def test_advice_tells_what_to_do_and_that_it_is_kept(address: str) -> None:
    status, asks = call(address, "/v1/advice", {"messages": OPEN, "user": "ann"})
    assert status == 200
    assert (asks["choice"], asks["treated"], asks["stored"], asks["failed"]) == ("ask", True, True, "")
    assert asks["question"]["default"]
    assert "ann" not in json.dumps(asks)
    assert call(address, "/v1/advice", {"messages": CLOSED})[1]["choice"] == "answer"


@pytest.mark.parametrize(
    "body",
    [
        {"messages": []},
        {"messages": [*OPEN, {"role": "assistant", "content": "For how many?"}]},
        {"messages": OPEN, "who": "ann"},
        {"messages": [{"role": "king", "content": "x"}]},
    ],
)
def test_a_request_for_advice_that_is_wrong_is_told_so(address: str, body: Any) -> None:
    status, told = call(address, "/v1/advice", body)
    assert status == 400
    assert told["error"]["message"]


def test_a_needless_question_is_held_back_with_its_default(address: str) -> None:
    about = {"messages": CLOSED, "conversation": "held", "user": "bob"}
    advice = call(address, "/v1/advice", about)[1]
    vetted = call(address, "/v1/asks", {**about, "ask": ASK})[1]
    assert vetted["put"] is False
    assert vetted["advice"] == advice["id"]  # the decision that was made, not another draw
    assert vetted["assumed"] == [{"question": "Which format do you want?", "default": "a word"}]
    assert "a word" in vetted["told"]


def test_a_question_is_put_where_it_is_needed(address: str) -> None:
    assert call(address, "/v1/asks", {"messages": OPEN, "conversation": "open", "ask": ASK})[1]["put"] is True


@pytest.mark.slow
def test_the_kill_switch_lets_questions_through_that_advice_from_before_it_would_hold_back(
    tmp_path: Path,
) -> None:
    database, about = str(tmp_path / "l.sqlite"), {"messages": CLOSED, "conversation": "held"}
    (tmp_path / "live.toml").write_text('mode = "act"\ntimeout_ms = 20000\n[guards]\nexplore = 0\n')
    with tf.live_serve(config=tmp_path / "live.toml", database=database) as served:
        call(served.address, "/v1/advice", about)
        counsel = CounselThere(served.address, timeout_s=20)
        assert not counsel.killed()
        assert call(served.address, "/v1/asks", {**about, "ask": ASK})[1]["put"] is False
        tf.live_status(database, kill=True)
        while not counsel.killed():
            time.sleep(0.1)
        assert call(served.address, "/v1/asks", {**about, "ask": ASK})[1]["put"] is True


def test_what_came_of_a_turn_is_learned_once(address: str) -> None:
    advice = call(address, "/v1/advice", {"messages": OPEN, "conversation": "told", "user": "cy"})[1]
    told = {"advice": advice["id"], "outcome": "rejected"}
    learned = call(address, "/v1/observations", told)[1]["observation"]
    assert (learned["outcome"], learned["asked"], learned["how"]) == ("rejected", True, "told")
    assert call(address, "/v1/observations", told)[1]["observation"] is None
    assert call(address, "/v1/observations", {"conversation": "nowhere", "outcome": "fine"})[1] == {
        "observation": None
    }


def test_what_came_of_a_turn_is_read_from_the_reply(address: str) -> None:
    call(address, "/v1/advice", {"messages": OPEN, "conversation": "read"})
    talk = [
        *OPEN,
        {"role": "assistant", "content": "For how many people, and when?"},
        {"role": "user", "content": "Stop asking and just book it."},
    ]
    learned = call(address, "/v1/observations", {"conversation": "read", "messages": talk})[1]["observation"]
    assert (learned["outcome"], learned["how"]) == ("rejected", "read")


@pytest.mark.parametrize(
    "body",
    [
        {"outcome": "fine"},
        {"advice": "a", "conversation": "b", "outcome": "fine"},
        {"advice": "a"},
        {"advice": "a", "outcome": "lovely"},
        {"advice": "a", "outcome": "fine", "messages": OPEN},
    ],
)
def test_an_observation_says_of_what_and_how(address: str, body: Any) -> None:
    assert call(address, "/v1/observations", body)[0] == 400


def test_offers_and_actions_are_answered_at_the_same_address(address: str) -> None:
    events = [{"time": "1717335890.1", "event": "The user runs the tests; three fail."}]
    status, judged = call(address, "/v1/judge", {"events": events, "proposal": "Shall I look at them?"})
    assert status == 200
    assert 0 <= judged["p_accept"] <= 1
    assert call(address, "/v1/act", {"messages": OPEN})[1]["action"] in ("Execute", "Clarify")
    assert call(address, "/v1/policy")[1]["actions"] == ["Execute", "Clarify"]
    assert call(address, "/v1/reactions", {"user": "u", "accepted": False})[0] == 200
    assert call(address, "/v1/models")[1]["data"]


def test_the_openapi_page_describes_every_address_that_answers(address: str) -> None:
    schema = call(address, "/openapi.json")[1]
    assert schema["openapi"].startswith("3.1")
    for path, operations in schema["paths"].items():
        for method, operation in operations.items():
            body = b"{}" if method == "post" else None
            assert call(address, path, body)[0] in (200, 400), path
            for content in [operation.get("requestBody"), *operation["responses"].values()]:
                place = ((content or {}).get("content") or {}).get("application/json", {}).get("schema", {})
                if "$ref" in place:
                    assert place["$ref"].rpartition("/")[2] in schema["components"]["schemas"]
    for kind, field in (("AdviceGiven", "need"), ("DecisionsAsked", "input"), ("Vetted", "told")):
        assert schema["components"]["schemas"][kind]["properties"][field]["description"]
    known = call(address, "/v1/decisions")[1]["questions"]
    assert {"tactful.needs_question", "tactful.reaction", "tactful.accepts"} <= {one["name"] for one in known}


def test_the_page_for_people_loads_nothing_and_runs_nothing(address: str) -> None:
    with urllib.request.urlopen(address + "/docs") as answer:
        text, policy = answer.read().decode(), answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    style = text.partition("<style>")[2].partition("</style>")[0]
    assert f"'sha256-{base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()}'" in policy
    assert "<script" not in text
    assert "http" not in text.replace("http-equiv", "")
    assert "/v1/decisions" in text
    assert "tactful.needs_question" in text
    for link in re.findall(r'href="#([^"]+)"', text):
        assert f'id="{link}"' in text
    assert "PredicateAsked" in text


# ------------------------------------------------------------ who may ask


def test_others_are_served_only_with_a_key(tmp_path: Path) -> None:
    with (
        pytest.raises(SafetyRefusal, match=r"--host 0\.0\.0\.0"),
        tf.live_serve(database=str(tmp_path / "l.sqlite"), reader="surface", host="0.0.0.0"),
    ):
        pass


def test_a_key_is_asked_for_everywhere_but_where_nothing_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("A_KEY", "a-long-key")
    with tf.live_serve(database=str(tmp_path / "l.sqlite"), reader="surface", api_key_env="A_KEY") as served:
        for path, body in (
            ("/v1/decisions", {"input": "x", "questions": []}),
            ("/v1/decisions", None),
            ("/v1/advice", {"messages": OPEN}),
            ("/v1/advice", None),
            ("/v1/asks", {}),
            ("/v1/observations", {}),
            ("/v1/judge", {}),
            ("/v1/act", {}),
            ("/v1/policy", None),
        ):
            assert call(served.address, path, body)[0] == 401, path
            assert call(served.address, path, body, Authorization="Bearer other")[0] == 401, path
        given = call(served.address, "/v1/advice", {"messages": OPEN}, Authorization="Bearer a-long-key")
        assert given[0] == 200
        for path in ("/health", "/openapi.json"):
            assert call(served.address, path)[0] == 200


def test_a_name_of_others_is_not_served(address: str) -> None:
    for path in ("/v1/advice", "/docs", "/openapi.json"):
        body = {"messages": OPEN} if path == "/v1/advice" else None
        assert call(address, path, body, Host="evil.example")[0] == 403


def test_a_body_that_is_too_large_or_no_json_is_refused(address: str) -> None:
    large = b'{"messages": [{"role": "user", "content": "' + b"x" * 1_100_000 + b'"}]}'
    assert call(address, "/v1/advice", large)[0] == 413
    assert call(address, "/v1/decisions", large)[0] == 413
    assert call(address, "/v1/advice", b"[1]")[0] == 400
    assert call(address, "/v1/advice", {"messages": OPEN}, **{"Content-Type": "text/plain"})[0] == 415


def test_nothing_that_is_said_is_logged_or_stored(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    secret = "the zebra is hidden in the pantry"
    database = tmp_path / "l.sqlite"
    with tf.live_serve(database=str(database), reader="surface") as served:
        talk = [{"role": "user", "content": secret}]
        call(served.address, "/v1/advice", {"messages": talk, "user": "dora-the-secret"})
        call(served.address, "/v1/advice", {"messages": [*talk, {"role": "assistant", "content": secret}]})
        call(served.address, "/v1/decisions", {"input": secret, "questions": [{"type": secret}]})
        call(
            served.address,
            "/v1/asks",
            {"messages": talk, "conversation": "c", "ask": {"questions": [secret]}},
        )
    assert "zebra" not in caplog.text
    with closing(sqlite3.connect(database)) as connection:
        dump = "\n".join(connection.iterdump())
    assert "zebra" not in dump
    assert "dora" not in dump
