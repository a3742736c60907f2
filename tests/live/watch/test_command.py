"""`tactful live watch` and `why` as they are typed, and the same in Python."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.commands import Command

import tactful as tf
from tactful.data.formats.moments import labelled_rows
from tactful.live.delivery.policy import DeliveryPolicy

RULES = """
[[rule]]
kind = "fix"
when = "error"
offer = "Look into the error?"

[[rule]]
kind = "find"
when = "searched for '(?P<what>[^']+)'"
offer = "Find out about {what}?"
"""
MORNING = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "rules.toml").write_text(RULES)
    return tmp_path


def record(path: Path, *events: tuple[float, str]) -> Path:
    """Events at these minutes after nine."""
    rows = [{"time": (MORNING + timedelta(minutes=at)).isoformat(), "event": text} for at, text in events]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def policy(path: Path, **changes: Any) -> str:
    given = {"zone": "UTC", "mode": "act", "quiet": [], "digest": [], "new_days": 0, **changes}
    path.write_text(json.dumps(given))
    return str(path)


FREE = ("--rules", "rules.toml", "--reader", "none")


@pytest.mark.slow
def test_a_day_is_rehearsed_in_seconds_with_every_offer_at_its_time(tactful: Command, project: Path) -> None:
    events = [(0, "The user opens a.py."), (1, "An error is shown."), (5, "An error again."), (90, "searched for 'sums'"),
              (8 * 60 + 40, "The user reads."), (9 * 60, "The user goes home.")]  # fmt: skip
    day = record(project / "day.jsonl", *events)
    delivery = policy(project / "d.json", quiet=["10:00-11:00"], digest=["17:30"])
    done = tactful("live", "watch", day, *FREE, "--dry-run", "--delivery", delivery)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [
        "2026-03-02 09:01:00  fix  Look into the error?",
        "2026-03-02 17:30:00  digest of 1 offer",
        "offered 1 of 3 candidates",
        "      3  nothing",
        "      1  repeated",
        "      1  quiet",
    ]
    assert not (project / "live.sqlite").exists()
    again = tactful("live", "watch", day, *FREE, "--dry-run", "--delivery", delivery, "--json")
    told = json.loads(again.stdout)
    assert [one["text"] for one in told["offers"]] == ["Look into the error?"]
    assert told["silences"] == {"nothing": 3, "repeated": 1, "quiet": 1}


@pytest.mark.slow
def test_a_pipe_of_events_is_watched_to_its_end_and_why_tells_of_every_look(
    tactful: Command, project: Path
) -> None:
    rows = b'{"event": "An error is shown."}\nnot json\n'
    delivery = policy(project / "d.json")
    done = tactful(
        "live", "watch", "-", *FREE, "--delivery", delivery, "--port", 0, "--keep-texts", stdin=rows
    )
    assert done.returncode == 0, done.stderr
    (line,) = done.stdout.splitlines()
    offer = json.loads(line)["offers"][0]
    assert offer["text"] == "Look into the error?"
    assert offer["links"]["accept"].startswith("http://127.0.0.1:")
    assert "1 event seen" in done.stderr
    assert "1 row could not be read; the first: -:2: " in done.stderr
    told = tactful("live", "why")
    assert told.stdout.split("  ", 1)[1].startswith("offered   fix")
    assert json.loads(tactful("live", "why", "--json").stdout)[0]["id"] == offer["id"]
    assert tactful("live", "why", "--reason", "quiet").stdout == ""
    assert tactful("live", "why", "--made", "offered", "--kind", "find").stdout == ""


def test_by_default_nothing_is_sent_and_the_reason_is_shadow(tactful: Command, project: Path) -> None:
    (project / "d.toml").write_text("quiet = []")
    rows = b'{"event": "An error is shown."}\n'
    done = tactful("live", "watch", "-", *FREE, "--delivery", "d.toml", "--port", 0, stdin=rows)
    assert done.stdout == ""
    assert "shadow: it would have gone out" in tactful("live", "why").stdout


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["--dry-run", *FREE], 2, "--dry-run needs EVENTS"),
        (["--reader", "none"], 2, "say who proposes"),
        ([*FREE, "--model", "offline"], 2, "say who proposes"),
        (["--rules", "none.toml"], 1, "none.toml: cannot read the rules"),
        ([*FREE, "--gate", "gate.json"], 1, "gate.json"),
        ([*FREE, "--mode", "loud"], 2, "--mode 'loud' is unknown"),
        ([*FREE, "--host", "0.0.0.0"], 3, "lets other machines ask"),
        ([*FREE, "--webhook", "ftp://x"], 2, "no address"),
        (["--command", "no-such-program-here"], 2, "no program"),
    ],
)
def test_what_cannot_be_is_told_in_a_sentence(
    tactful: Command, words: list[str], code: int, said: str
) -> None:
    done = tactful("live", "watch", *words)
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert done.returncode == code


def test_a_file_of_kinds_names_the_offers_of_a_command(tactful: Command, project: Path) -> None:
    (project / "propose.py").write_text("print('\"Some coffee?\"')")
    (project / "kinds.toml").write_text('[kinds]\ndrink = "coffee"')
    (project / "day.jsonl").write_text('{"time": "2026-03-02T10:00:00Z", "event": "The user yawns."}\n')
    asked = ("--command", f"'{sys.executable}' propose.py", "--reader", "none", "--rules")
    done = tactful("live", "watch", "day.jsonl", "--dry-run", "--json", *asked, "kinds.toml")
    assert [offer["kind"] for offer in json.loads(done.stdout)["offers"]] == ["drink"], done.stderr
    refused = tactful("live", "watch", "day.jsonl", "--dry-run", *asked, "rules.toml")
    assert (refused.returncode, "say who proposes" in refused.stderr) == (2, True)


def test_why_refuses_what_there_is_not(tactful: Command) -> None:
    assert "no such database" in tactful("live", "why").stderr
    assert "--reason 'mood' is unknown" in tactful("live", "why", "--reason", "mood").stderr
    for since in ("soon", "2026"):
        assert "is no time" in tactful("live", "why", "--since", since).stderr
    assert "--made 'wthheld' is unknown" in tactful("live", "why", "--made", "wthheld").stderr


def test_why_says_where_nothing_fits_and_where_there_is_more(tactful: Command, project: Path) -> None:
    day = record(project / "day.jsonl", (0, "An error; the user searched for 'it'."))
    tactful("live", "watch", str(day), *FREE, "--every", "0", "--port", "0")
    assert tactful("live", "why", "--kind", "fxi").stderr.startswith("live.sqlite: no decision is like that")
    told = tactful("live", "why", "--limit", "1", "--json")
    assert (len(json.loads(told.stdout)), told.stderr) == (1, "the latest 1; --limit shows more\n")


def test_the_schema_of_the_delivery_policy_is_printed(tactful: Command) -> None:
    assert json.loads(tactful("live", "watch", "--schema").stdout) == DeliveryPolicy.model_json_schema()


def post(url: str, body: Any) -> Any:
    request = urllib.request.Request(
        url, json.dumps(body).encode(), {"Content-Type": "application/json"}, method="POST"
    )
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(request, timeout=10) as answer:
        return json.load(answer)


def wait_for(found: Any) -> Any:
    for _ in range(500):
        if value := found():
            return value
        time.sleep(0.02)
    raise AssertionError("it did not come")


def test_answers_become_moments_that_a_reward_model_learns_from(tactful: Command, project: Path) -> None:
    delivery = policy(project / "d.json", per_hour=9, per_day=9, gap_minutes=0, cooldown_minutes=0)
    with tf.live_watch(
        rules="rules.toml", reader="none", delivery=delivery, keep_texts=True, every_s=0.0
    ) as served:
        for text, answer in (("An error is shown.", "accept"), ("The user searched for 'sums'.", "dismiss")):
            post(f"{served.address}/v1/events", {"events": [{"time": MORNING.isoformat(), "event": text}]})
            (offer,) = wait_for(lambda: [one for one in tf.live_why(made="offered") if not one.reaction])
            assert post(f"{served.address}/v1/offers/{offer.id}/{answer}", {})["reaction"]
    done = tactful("live", "export", "--offers", "--out", "moments.jsonl")
    assert done.returncode == 0, done.stderr
    found = list(labelled_rows(project / "moments.jsonl", strict=True))
    assert [(one.moment.proposal, one.label.accepted) for one in found] == [
        ("Look into the error?", True),
        ("Find out about sums?", False),
    ]
    assert [event.text for event in found[1].moment.events] == [
        "An error is shown.",
        "The user searched for 'sums'.",
    ]
    assert found[1].moment.history is not None
    assert (found[1].moment.history.shown, found[1].moment.history.accepted) == (1, 1)
    assert found == list(tf.live_moments())


def test_an_export_of_offers_without_texts_says_what_to_do(tactful: Command, project: Path) -> None:
    delivery = policy(project / "d.json")
    tactful("live", "watch", "-", *FREE, "--delivery", delivery, "--port", 0, stdin=b'{"event": "error"}\n')
    done = tactful("live", "export", "--offers")
    assert done.returncode == 1
    assert "--keep-texts" in done.stderr


@pytest.mark.slow
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 0)])
@pytest.mark.parametrize("source", [[], ["-"]])
def test_a_signal_ends_it_at_once_and_cleanly_also_while_a_pipe_is_silent(
    project: Path, source: list[str], number: signal.Signals, code: int
) -> None:
    words = [sys.executable, "-m", "tactful", "live", "watch", *source, *FREE, "--mode", "act", "--port", "0"]
    reading, writing = os.pipe()
    with subprocess.Popen(
        words,
        stdin=reading,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # tests may run where it is ignored
    ) as process:
        try:
            os.write(writing, b'{"event": "An error is shown."}\n')
            if source:
                wait_for(lambda: (project / "live.sqlite").exists() and tf.live_why())
            else:
                assert process.stderr is not None
                assert process.stderr.readline().startswith("watching")
            process.send_signal(number)
            _, told = process.communicate(timeout=20)
        finally:
            process.kill()
            os.close(reading)
            os.close(writing)
    assert process.returncode == code
    assert "Traceback" not in told
    assert "rror" not in told


@pytest.mark.slow
def test_kill_9_under_load_loses_no_acknowledged_decision_and_exceeds_no_budget(project: Path) -> None:
    (project / "rules.toml").write_text(
        '[[rule]]\nkind = "k"\nwhen = "number (?P<n>\\\\d+)"\noffer = "Help with {n}?"'
    )
    delivery = policy(project / "d.json", per_hour=5, per_day=5, gap_minutes=0)
    words = [
        sys.executable,
        "-m",
        "tactful",
        "live",
        "watch",
        *FREE,
        "--delivery",
        delivery,
        "--every",
        "0",
        "--port",
        "0",
        "--json",
    ]
    told: list[dict[str, Any]] = []
    number = 0
    for _ in range(3):
        process = subprocess.Popen(
            words, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env={**os.environ}
        )
        assert process.stdout is not None
        address = json.loads(process.stdout.readline())["address"]
        for _ in range(10):
            number += 1
            post(f"{address}/v1/events", {"events": [{"event": f"number {number}"}]})
        time.sleep(0.3)
        process.send_signal(signal.SIGKILL)
        told += [json.loads(line) for line in process.stdout.read().splitlines()]
        process.stdout.close()
        process.wait(timeout=10)
    stored = tf.live_why(limit=None)
    shown = [one["offers"][0]["id"] for one in told]
    assert set(shown) <= {one.id for one in stored}
    assert len(shown) <= sum(one.made == "offered" for one in stored) <= 5


times = st.lists(
    st.tuples(
        st.integers(0, 14_000),
        st.sampled_from(["error 1", "error 2", "searched for 'a'", "In a call", "reads"]),
    ),
    min_size=1,
    max_size=25,
)


@pytest.mark.slow
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(stream=times, per_hour=st.integers(0, 2), per_day=st.integers(0, 3))
def test_over_any_stream_of_events_budgets_and_quiet_hours_hold_and_nothing_is_lost(
    project: Path, stream: list[tuple[int, str]], per_hour: int, per_day: int
) -> None:
    at, events = 0.0, []
    for seconds, text in stream:
        at += seconds / 60
        events.append((at, text))
    day = record(project / "day.jsonl", *events)
    given = {
        "per_hour": per_hour,
        "per_day": per_day,
        "quiet": ["22:00-07:00"],
        "gap_minutes": 0,
        "repeat_hours": 1,
    }
    delivery = policy(project / "d.json", digest=["12:00", "17:30"], **given)
    found = tf.live_rehearse(day, rules="rules.toml", reader="none", delivery=delivery)
    assert (found.failed, found.bad, found.events) == (0, 0, len(stream))
    shown = [one.at for one in found.offers]
    assert not [one for one in shown if one.hour >= 22 or one.hour < 7]
    for hours, most in ((1, per_hour), (24, per_day)):
        assert all(
            sum(one <= other < one + timedelta(hours=hours) for other in shown) <= most for one in shown
        )
    told = sum(count for _, count in found.digests)
    assert told <= sum(one.waiting for one in found.withheld)
    late = [one for one in found.withheld if one.waiting and found.digests and one.at < found.digests[-1][0]]
    assert told >= len(late)
