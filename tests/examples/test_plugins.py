"""The plugins of coding agents: their folders are as the agents read them, and their commands answer recorded calls."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from tests.live.hooks.sessions import ASK, ClaudeLog, ask_of, codex_log, prompt_of

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
PLUGINS = {
    "claude-code-plugin": (".claude-plugin", "AskUserQuestion"),
    "codex-plugin": (".codex-plugin", "^request_user_input$"),
}
CLOSED = "What is the capital of Peru?"


def hooks_of(plugin: str) -> dict[str, Any]:
    """Event → its only group of hooks."""
    found = json.loads((EXAMPLES / plugin / "hooks" / "hooks.json").read_text())["hooks"]
    assert all(len(groups) == 1 for groups in found.values())
    return {event: groups[0] for event, groups in found.items()}


def ran(plugin: str, call: dict[str, Any], tactful: str, folder: Path, **more: str) -> tuple[int, str]:
    """(exit status, what it says) of the plugin's command for this call, where `tactful` is this shell script."""
    tools = folder / "bin"
    tools.mkdir(exist_ok=True)
    if tactful:
        (tools / "tactful").write_text(f"#!/bin/sh\n{tactful}\n")
        (tools / "tactful").chmod(0o755)
    command = hooks_of(plugin)[call["hook_event_name"]]["hooks"][0]["command"]
    done = subprocess.run(
        ["/bin/sh", "-c", command],
        input=json.dumps(call),
        env={**os.environ, "PATH": f"{tools}:/usr/bin:/bin", "XDG_STATE_HOME": str(folder / "state"), **more},
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return done.returncode, done.stdout


@pytest.mark.parametrize("plugin", PLUGINS)
def test_a_plugin_is_a_folder_as_its_agent_reads_it(plugin: str) -> None:
    folder, matcher = PLUGINS[plugin]
    card = json.loads((EXAMPLES / plugin / folder / "plugin.json").read_text())
    assert card["name"] == "tactful"
    assert card["description"]
    assert [path.name for path in (EXAMPLES / plugin / folder).iterdir()] == ["plugin.json"]
    hooks = hooks_of(plugin)
    assert hooks.keys() == {"UserPromptSubmit", "PreToolUse"}
    assert hooks["PreToolUse"]["matcher"] == matcher
    assert all(
        one["type"] == "command" and one["timeout"] < 30 for group in hooks.values() for one in group["hooks"]
    )


@pytest.mark.parametrize("plugin", PLUGINS)
@pytest.mark.parametrize("tactful", ["", "exit 1", "exit 2", "kill -9 $$"])
def test_a_command_that_is_missing_or_fails_stops_no_prompt(
    plugin: str, tactful: str, tmp_path: Path
) -> None:
    call = prompt_of(CLOSED, tmp_path / "s.jsonl")
    assert ran(plugin, call, tactful, tmp_path) == (0, "")


@pytest.mark.slow  # a process for each call
@pytest.mark.parametrize("plugin", PLUGINS)
def test_recorded_calls_are_answered_by_the_real_command(plugin: str, tmp_path: Path) -> None:
    real = f'exec {sys.executable} -m tactful "$@"'
    log = tmp_path / "s.jsonl"
    say = {"type": "message", "role": "user", "content": [{"type": "input_text", "text": CLOSED}]}
    if plugin == "codex-plugin":
        codex_log(log, say)
        asks = ask_of(
            log, tool="request_user_input", tool_input={"questions": [{"id": "a", **ASK["questions"][0]}]}
        )
    else:
        ClaudeLog(log).user(CLOSED)
        asks = ask_of(log)
    watching = ran(plugin, prompt_of(CLOSED, log), real, tmp_path)
    assert watching == (0, "")
    status, said = ran(
        plugin, prompt_of(CLOSED, log, session_id="other"), real, tmp_path, TACTFUL_MODE="advise"
    )
    assert status == 0
    assert "as it stands" in json.loads(said)["hookSpecificOutput"]["additionalContext"]
    status, said = ran(plugin, {**asks, "session_id": "third"}, real, tmp_path, TACTFUL_MODE="act")
    assert status == 0
    assert json.loads(said)["hookSpecificOutput"]["permissionDecision"] == "deny"
    assert not (tmp_path / "state" / "tactful" / "hooks.log").exists()
