"""The server as a process: started by the command line, asked over HTTP, stopped by signals."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import openai
import pytest
from tests.commands import Command
from tests.reward.synthetic import make_items

from tactful.reward.embedded.model import load_model, save_model
from tactful.reward.embedded.training import TrainConfig, train
from tactful.reward.gate.rule import Gate, GateConfig
from tactful.reward.gate.store import save_gate

EVENTS = [{"time": "1000", "event": "The user opens budget.ods."}]


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A real model, trained on made-up sessions."""
    folder = tmp_path_factory.mktemp("reward") / "model"
    save_model(train(make_items(sessions=6, steps=4), TrainConfig()), folder, card="a card\n")
    return folder


@contextmanager
def server(*words: object, env: dict[str, str] | None = None) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A real process and its address, as `--json` prints it."""
    command = [sys.executable, "-m", "tactful", "reward", "serve", *map(str, words), "--port", "0", "--json"]
    started = subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, **(env or {})},
    )
    with started as process:
        try:
            assert process.stdout is not None
            yield process, json.loads(process.stdout.readline())["address"]
        finally:
            process.kill()


def post(address: str, body: Any, headers: dict[str, str] | None = None) -> Any:
    asked = urllib.request.Request(
        f"{address}/v1/judge",
        json.dumps(body).encode(),
        {"Content-Type": "application/json", **(headers or {})},
    )
    with urllib.request.urlopen(asked, timeout=20) as reply:
        return json.loads(reply.read())


def ended(process: subprocess.Popen[str], number: signal.Signals) -> tuple[int, str]:
    process.send_signal(number)
    _, stderr = process.communicate(timeout=20)
    return process.returncode, stderr


@pytest.mark.slow
def test_a_trained_model_answers_the_scripts_of_proactivebench_and_ends_on_ctrl_c(model: Path) -> None:
    with server(model) as (process, address):
        told = {"Observations (Time Ascending)": EVENTS, "Proposed Task": "Sum it", "Instruction": "Judge."}
        with openai.OpenAI(base_url=f"{address}/v1", api_key="none", max_retries=0) as script:
            reply = script.chat.completions.create(
                model="activellama",
                messages=[
                    {"role": "system", "content": "You are a user."},
                    {"role": "user", "content": json.dumps(told)},
                ],
                temperature=0.0,
            )
        said = json.loads(reply.choices[0].message.content or "")
        assert said["judgement"] in {"accepted", "rejected"}
        assert said["thought"].startswith("I would ")
        answer = post(address, {"events": EVENTS, "proposal": "Sum it"})
        assert answer["accepted"] == (said["judgement"] == "accepted")
        assert answer["influences"]
        assert answer["decision"] is None
        returncode, stderr = ended(process, signal.SIGINT)
    assert returncode == 130
    assert address in stderr
    assert "Traceback" not in stderr


@pytest.mark.slow
def test_the_example_asks_a_served_model(model: Path) -> None:
    with server(model) as (_, address):
        example = Path(__file__).parents[3] / "examples" / "ask_the_reward_server.py"
        done = subprocess.run(
            [sys.executable, str(example), address], capture_output=True, text=True, timeout=60, check=False
        )
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert sum(line.startswith(("  accepted: ", "  rejected: ")) for line in lines) == 3
    assert lines[-1].startswith("p(accept) 0.")


@pytest.mark.slow
def test_the_gate_beside_the_model_decides_and_sigterm_ends_with_0(model: Path, tmp_path: Path) -> None:
    folder = tmp_path / "gated"
    folder.mkdir()
    (folder / "model.json").write_bytes((model / "model.json").read_bytes())
    own = load_model(model).fingerprint
    save_gate(Gate(judge="embedded", model=own, config=GateConfig(form="fixed", threshold=0.0)), folder)
    with server(folder) as (process, address):
        assert post(address, {"events": EVENTS, "proposal": "Sum it"})["decision"]["action"] == "speak"
        returncode, stderr = ended(process, signal.SIGTERM)
    assert returncode == 0
    assert "a gate decides" in stderr


@pytest.mark.slow
def test_P8_the_key_of_the_variable_is_asked_for_and_never_printed() -> None:
    key = "a-key-that-must-not-show"
    env = {"TACTFUL_TEST_SERVER_KEY": key}
    with server("--judge", "offline", "--api-key-env", "TACTFUL_TEST_SERVER_KEY", env=env) as (
        process,
        address,
    ):
        body = {"events": EVENTS, "proposal": "Sum it"}
        with pytest.raises(urllib.error.HTTPError) as caught:
            post(address, body)
        assert caught.value.code == 401
        caught.value.close()
        assert post(address, body, {"Authorization": f"Bearer {key}"})["judge"] == "offline"
        _, stderr = ended(process, signal.SIGTERM)
    assert key not in stderr
    assert "key asked for" in stderr


def test_P8_another_host_without_a_key_is_refused_with_exit_code_3(tactful: Command) -> None:
    done = tactful("reward", "serve", "--judge", "offline", "--host", "0.0.0.0", "--port", 0)
    assert done.returncode == 3
    assert "--api-key-env" in done.stderr


def test_a_taken_port_is_said_in_a_sentence(tactful: Command) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = tactful("reward", "serve", "--judge", "offline", "--port", port)
    assert done.returncode == 1
    assert f"port {port} of 127.0.0.1 is taken" in done.stderr
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize("words", [(), ("MODEL", "--judge", "offline"), ("MODEL", "--votes", 3)])
def test_either_a_model_or_a_judge_is_given(tactful: Command, words: tuple[object, ...]) -> None:
    done = tactful("reward", "serve", *words)
    assert done.returncode == 2
    assert "--judge" in done.stderr


def test_no_model_no_gate_and_an_empty_key_are_said_in_a_sentence(tactful: Command, tmp_path: Path) -> None:
    offline = ("reward", "serve", "--judge", "offline")
    for words, said in (
        (("reward", "serve", tmp_path / "none"), "cannot read the reward model"),
        ((*offline, "--gate", tmp_path / "none.json"), "cannot read the gate"),
        ((*offline, "--api-key-env", "TACTFUL_NOT_SET"), "TACTFUL_NOT_SET is not set"),
    ):
        done = tactful(*words)
        assert done.returncode == 1
        assert said in done.stderr
