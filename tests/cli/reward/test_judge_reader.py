"""`tactful reward judge --reader`: any reader judges moments."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.chat_server import serving
from tests.decisions_server import deciding

WELCOME = {"why": "w", "verdict": "welcome", "chance_of_welcome": 90}
MOMENT = ("--event", "exit 1 pytest -q", "--proposal", "Open the first failing test?")


def test_a_prompted_reader_judges_one_moment_and_says_what_it_used(tactful) -> None:
    with serving(script={".": WELCOME}) as server:
        done = tactful(
            "reward", "judge", *MOMENT, "--reader", "m", "--samples", "1", "--base-url", server.base_url
        )
    assert done.returncode == 0, done.stderr
    # (1 + .9)/2 = .95, with one draw of doubt (.95 + .5)/2
    assert done.stdout.startswith("accepted 0.7")
    assert "2 calls, " in done.stderr  # the probe for JSON, and one draw
    assert server.jobs == 1


def test_a_decisions_endpoint_judges_a_file_and_silence(tactful, tmp_path: Path) -> None:
    rows = [
        {"obs": [{"event": "types"}], "pred_task": None},
        {"obs": [{"event": "types"}], "pred_task": "A joke?"},
    ]
    data = tmp_path / "moments.jsonl"
    data.write_text("".join(json.dumps(row) + "\n" for row in rows))

    def says(asked) -> dict[str, float]:
        return {"welcome": 0.9 if asked.input.endswith("null") else 0.2}

    with deciding(says) as server:
        done = tactful("reward", "judge", data, "--reader", f"decisions:m@{server.base_url}", "--json")
    assert done.returncode == 0, done.stderr
    silence, joke = map(json.loads, done.stdout.splitlines())
    assert (silence["p_accept"], silence["accepted"], silence["p_need"]) == (0.9, True, pytest.approx(0.1))
    assert (joke["p_accept"], joke["accepted"], joke["p_need"]) == (0.2, False, None)


def test_two_judges_are_refused(tactful) -> None:
    done = tactful("reward", "judge", *MOMENT, "--reader", "m", "--model", "encoder")
    assert (done.returncode, "name one judge" in done.stderr) == (2, True)
