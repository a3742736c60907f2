"""The server as a process: started by the command line, asked by the official client, stopped by a signal."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import openai
import pytest
from tests.commands import Command


@pytest.mark.slow
@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 0), (signal.SIGINT, 130)])
def test_it_answers_until_a_signal(number: signal.Signals, code: int, tmp_path: Path) -> None:
    words = ["--reader", "surface", "--database", str(tmp_path / "l.sqlite"), "--api-key-env", "A_KEY"]
    command = [sys.executable, "-m", "tactful", "live", "serve", *words, "--port", "0", "--json"]
    env = {**os.environ, "A_KEY": "a-long-key"}
    started = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=env)
    with started as process:
        try:
            assert process.stdout is not None
            address = json.loads(process.stdout.readline())["address"]
            client = openai.OpenAI(base_url=f"{address}/v1", api_key="a-long-key")
            question = {"type": "predicate", "name": "tactful.needs_question", "instructions": "x"}
            given = client.decisions.create(model="any", input="Book a table", questions=[question])  # type: ignore[list-item]
            assert given.answers[0].type == "predicate"
            process.send_signal(number)
            _, told = process.communicate(timeout=20)
        finally:
            process.kill()
    assert process.returncode == code
    assert f"{address}/docs" in told
    assert "a-long-key" not in told


def test_what_others_could_reach_is_refused_without_a_key(tactful: Command, tmp_path: Path) -> None:
    done = tactful(
        "live", "serve", "--host", "0.0.0.0", "--database", tmp_path / "l.sqlite", "--reader", "surface"
    )
    assert done.returncode == 3
    assert "--api-key-env" in done.stderr
