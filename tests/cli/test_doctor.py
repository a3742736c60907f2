from __future__ import annotations

import json
import socket

import pytest
from tests.chat_server import serving
from typer.testing import CliRunner

from tactful.cli.main import app
from tactful.sandbox import Tier

runner = CliRunner()


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("OPENAI_API_KEY", "OPENAI_BASE_URL", "TACTFUL_PRICES"):
        monkeypatch.delenv(name, raising=False)


def states(output: str) -> dict[str, str]:
    return {check["name"]: check["state"] for check in json.loads(output)["checks"]}


def test_offline_needs_no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("the network was touched")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    result = runner.invoke(app, ["doctor", "--model", "offline"])
    assert result.exit_code == 0
    assert "a rehearsal by scripts" in result.stdout
    assert "next: tactful calibrate demo" in result.stderr


def test_a_working_endpoint_is_found_healthy() -> None:
    with serving() as server:
        result = runner.invoke(app, ["doctor", "--model", "m", "--base-url", server.base_url, "--json"])
        assert result.exit_code == 0, result.output
        found = states(result.stdout)
        assert {
            name: found[name] for name in ("key", "endpoint", "model", "round trip", "JSON replies", "usage")
        } == dict.fromkeys(("key", "endpoint", "model", "round trip", "JSON replies", "usage"), "ok")
        assert found["price"] == "limited"
        assert server.jobs + server.probes <= 4


def test_an_endpoint_without_json_modes_is_healthy_and_says_so() -> None:
    with serving(modes=set()) as server:
        result = runner.invoke(app, ["doctor", "--model", "m", "--base-url", server.base_url])
    assert result.exit_code == 0
    assert "no JSON mode, schemas are asked for in words alone" in result.stdout


@pytest.mark.parametrize(
    ("fault", "advice"),
    [
        ("401", "check the key in OPENAI_API_KEY"),
        ("404", "check --model and --base-url"),
        ("quota", "add credit"),
        ("not_json", "use a model that follows a JSON schema"),
        ("html", "it is no chat endpoint"),
    ],
)
def test_each_failure_says_what_to_do_and_exits_with_1(fault: str, advice: str) -> None:
    with serving(faults={fault: 1.0}) as server:
        result = runner.invoke(app, ["doctor", "--model", "m", "--base-url", server.base_url])
    assert result.exit_code == 1
    assert "FAILED" in result.stdout
    assert advice in result.stdout


def test_usage_that_is_not_reported_is_a_limitation() -> None:
    with serving(faults={"usage_missing": 1.0}) as server:
        result = runner.invoke(app, ["doctor", "--model", "m", "--base-url", server.base_url, "--json"])
    assert states(result.stdout)["usage"] == "limited"


def test_a_missing_key_is_named_with_the_line_to_type() -> None:
    result = runner.invoke(app, ["doctor", "--model", "gpt-4.1-mini"])
    assert result.exit_code == 1
    assert "export OPENAI_API_KEY=" in result.stdout


def test_a_machine_without_a_cage_is_limited(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tactful.sandbox.current_tier", lambda: Tier.NONE)
    result = runner.invoke(app, ["doctor", "--json"])
    assert result.exit_code == 0
    assert states(result.stdout)["sandbox"] == "limited"
