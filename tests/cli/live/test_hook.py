"""`tactful live hook` as agents call it: a process, JSON on stdin, JSON or nothing on stdout, always 0."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.slow
@pytest.mark.parametrize("mode", ["advise", "no such mode"])
def test_a_call_is_answered_or_not_and_the_agent_goes_on(
    mode: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    call = {
        "hook_event_name": "UserPromptSubmit",
        "session_id": "s",
        "prompt": "What is the capital of Peru?",
    }
    done = subprocess.run(
        [sys.executable, "-m", "tactful", "live", "hook", "--reader", "surface", "--mode", mode],
        input=json.dumps(call),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    if mode == "advise":
        told = json.loads(done.stdout)["hookSpecificOutput"]
        assert told["hookEventName"] == "UserPromptSubmit"
        assert told["additionalContext"].startswith("About this request")
    else:
        assert done.stdout == ""
        assert "ConfigError" in (tmp_path / "tactful" / "hooks.log").read_text()
