"""The how-to on one's own tasks, command for command, against an endpoint on loopback."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from tests.chat_server import Ask, serving
from tests.docs.pages import ROOT, blocks, quoted_commands

PAGE = (ROOT / "docs" / "calibrate.md").read_text(encoding="utf-8")


def block(language: str) -> str:
    """The only block of a language on the page."""
    (content,) = [content for found, content in blocks(PAGE) if found == language]
    return content


def assistant(ask: Ask) -> str | None:
    """Asks when its prompt says so, else plans with what it was told. The server itself answers in schemas."""
    if ask.schema is not None:
        return None
    if "ends with a question mark" in ask.prompt:
        return "Does anyone have dietary needs?"
    told = "vegetarian" in "".join(message["content"] for message in ask.messages[1:])
    return f"1. Book a table for 19:00.\n2. Order {'a vegetarian menu' if told else 'steaks'}.\n3. Be done by 22:00."


def write_requests(path: Path) -> None:
    """The page's two rows for six tasks, so that there is something to hold out."""
    rows = [json.loads(line) for line in block("jsonl").splitlines()]
    path.write_text(
        "".join(
            json.dumps({**row, "id": f"{row['id']}-{number}", "group": f"menu-{number}"}) + "\n"
            for number in range(6)
            for row in rows
        ),
        encoding="utf-8",
    )


def test_the_rows_of_the_page_are_valid_states(tmp_path: Path) -> None:
    from tactful.calibration.tasks.state_rows import state_rows

    (tmp_path / "requests.jsonl").write_text(block("jsonl"), encoding="utf-8")
    rows = list(state_rows(tmp_path / "requests.jsonl", domain="planning"))
    assert [sum(item.open for item in row.hidden.requirements) for row in rows] == [2, 0]


def test_the_policy_snippet_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    import numpy as np

    from tactful.policy.embedded import EmbeddedPolicy
    from tactful.policy.features import FEATURES

    size, actions = len(FEATURES), ("LOW", "MID", "HIGH")
    weights = np.zeros((3, size))
    bias = np.array([0.0, 1.0, 0.0])
    policy = EmbeddedPolicy(actions, np.zeros(size), np.ones(size), weights, bias, l2=1.0)
    policy.save(tmp_path / "policy.json")
    monkeypatch.chdir(tmp_path)
    exec(compile(block("python"), "calibrate.md", "exec"), {})
    assert capsys.readouterr().out.startswith("MID {'LOW': ")


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_the_page_works_command_for_command(tmp_path: Path) -> None:
    write_requests(tmp_path / "requests.jsonl")
    (tmp_path / "my-reward.toml").write_text(block("toml"), encoding="utf-8")
    told = [item.words for item in quoted_commands() if item.page == "docs/calibrate.md" and item.whole]
    start = next(place for place, words in enumerate(told) if "dataset" in words)
    commands = [_with_tokens(words) for words in told[start:]]
    assert len(commands) >= 11
    with serving(assistant) as server:
        environment = {**os.environ, "OPENAI_API_KEY": "sk-calibrate", "OPENAI_BASE_URL": server.base_url}
        for words in commands:
            done = subprocess.run(
                [sys.executable, "-m", "tactful", *words],
                cwd=tmp_path,
                env=environment,
                capture_output=True,
                text=True,
                check=False,
            )
            assert done.returncode == 0, f"tactful {' '.join(words)}\n{done.stderr}"
    assert (tmp_path / "report.html").is_file()
    assert list((tmp_path / "data" / "dpo" / "trl").iterdir())
    for path in tmp_path.rglob("*"):
        if path.is_file():
            assert b"sk-calibrate" not in path.read_bytes(), path


def _with_tokens(words: tuple[str, ...]) -> list[str]:
    """A server on loopback has no price, so its budget is in tokens."""
    swaps = {place: "--budget-tokens" for place, word in enumerate(words) if word == "--budget-usd"}
    swaps |= {place + 1: "50000000" for place in swaps}
    return [swaps.get(place, word) for place, word in enumerate(words)]
