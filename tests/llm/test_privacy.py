"""Rows V2–V4: where requests go, and that keys stay where they are."""

from __future__ import annotations

import logging
import pickle
from pathlib import Path

import pytest
from tests.chat_server import ChatServer
from tests.llm.asking import Verdict, opened, prompt

from tactful.errors import EndpointRefused, TactfulError, UserError
from tactful.llm import ModelSpec, Rehearsal, open_model

SECRET = "sk-proj-0123456789-very-secret"


async def test_V2_only_the_configured_endpoint_is_contacted(monkeypatch: pytest.MonkeyPatch) -> None:
    async with ChatServer() as elsewhere, ChatServer(faults={"redirect": 1.0}) as server:
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, elsewhere.base_url)
        async with opened(server) as model:
            with pytest.raises(EndpointRefused, match="redirects"):
                await model.complete(prompt())
        assert (server.jobs, elsewhere.jobs) == (1, 0)


async def test_V2_the_rehearsal_is_never_sent() -> None:
    async with ChatServer() as server, opened(server) as model:
        hidden = Rehearsal(room="r", task="t", facts={"reference": "the-hidden-solution"})
        await model.complete(prompt(), rehearsal=hidden)
        await model.structured(prompt(), Verdict, rehearsal=hidden)
        assert all("hidden-solution" not in str(ask.body) for ask in server.asks)


@pytest.mark.slow
@pytest.mark.parametrize("fault", [None, "echo_key", "401", "400", "html", "reset"])
async def test_V3_a_key_reaches_no_log_error_repr_or_cache(
    fault: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("MY_KEY", f" {SECRET}\n")
    seen = []
    with caplog.at_level(logging.DEBUG):
        async with (
            ChatServer({"": f"echo {SECRET}"}, key=SECRET, sequence=[fault] * 3) as server,
            opened(server, cache=tmp_path / "calls.sqlite", api_key_env="MY_KEY") as model,
        ):
            seen.append(repr(model))
            try:
                seen.append((await model.complete(prompt())).text)
                await model.structured(prompt(), Verdict)
            except TactfulError as error:
                seen.append(repr(error) + str(error))
            assert server.statuses["401"] == (fault == "401"), "the key itself was sent and right"
    assert "very-secret" not in "".join(seen) + caplog.text
    for file in tmp_path.iterdir():  # noqa: ASYNC240
        assert b"very-secret" not in file.read_bytes()


async def test_V3_an_endpoint_that_echoes_the_key_in_its_error_is_blotted_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", SECRET)
    async with ChatServer(faults={"echo_key": 1.0}) as server, opened(server) as model:
        assert (await model.complete(prompt())).text == "your key is [key]"


def test_V3_a_spec_holds_the_name_of_the_key_and_never_the_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", SECRET)
    spec = ModelSpec(name="gpt-4.1-mini")
    assert b"very-secret" not in pickle.dumps(spec)
    assert "very-secret" not in repr(open_model(spec))


@pytest.mark.parametrize(
    ("spec", "problem"),
    [
        ({}, "OPENAI_API_KEY is not set; run: export OPENAI_API_KEY="),
        ({"api_key_env": "ZAI_API_KEY", "base_url": "http://h/v1"}, "ZAI_API_KEY is not set"),
        ({"base_url": "localhost:8000"}, "'localhost:8000' is not usable"),
        ({"base_url": "http://h:99999/v1"}, "not usable"),
        ({"base_url": "http://me:pass@h/v1"}, "holds a password"),
    ],
)
def test_an_endpoint_that_cannot_work_is_refused_before_anything_is_sent(
    spec: dict[str, str], problem: str
) -> None:
    with pytest.raises(UserError, match=problem) as refused:
        open_model(ModelSpec(name="m", **spec))
    assert "me:pass" not in str(refused.value)


def test_a_key_with_a_broken_character_is_named_by_its_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-\u201csecret\u201d")
    with pytest.raises(UserError, match="OPENAI_API_KEY holds characters") as refused:
        open_model(ModelSpec(name="m"))
    assert "secret" not in str(refused.value)


def test_the_base_url_of_the_environment_is_honoured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_BASE_URL", "http://localhost:11434/v1/")
    assert "http://localhost:11434/v1'" in repr(open_model(ModelSpec(name="m")))
