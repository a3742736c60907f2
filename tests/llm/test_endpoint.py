"""Where a model is and what opens it."""

from __future__ import annotations

import base64

import pytest
from tests.chat_server import ChatServer, Raw
from tests.llm.asking import opened, prompt

from tactful.errors import EndpointRefused, UserError
from tactful.llm import ModelSpec
from tactful.llm.endpoint import NO_MODELS, Endpoint, find_endpoint

KEY = "sk-a+b/c?4711-4711-4711"


@pytest.mark.parametrize(
    ("base_url", "chat_url"),
    [
        ("http://a/v1", "http://a/v1/chat/completions"),
        ("http://a/v1/", "http://a/v1/chat/completions"),
        ("http://a/v1/chat/completions", "http://a/v1/chat/completions"),
        ("https://a/openai/deployments/d?api-version=2", "https://a/openai/deployments/d/chat/completions?api-version=2"),
        (
            "https://a/openai/deployments/d/chat/completions?api-version=2",
            "https://a/openai/deployments/d/chat/completions?api-version=2",
        ),
    ],
)  # fmt: skip
def test_the_path_goes_on_and_a_query_stays_behind_it(base_url: str, chat_url: str) -> None:
    assert find_endpoint(ModelSpec(name="m", base_url=base_url)).chat_url == chat_url


@pytest.mark.parametrize(
    "url", ["https://x.openai.azure.com/openai/v1", "http://a/openai?api-version=2024-10-21"]
)
def test_azure_gets_its_own_header(url: str) -> None:
    assert Endpoint(url, KEY, "K").headers == {"api-key": KEY}
    assert Endpoint("http://a/v1", KEY, "K").headers == {"Authorization": f"Bearer {KEY}"}
    assert Endpoint(url, None, "K").headers == {}


@pytest.mark.parametrize(
    "query", ["key=abc", "api-version=2&subscription-key=abc", "sig=abc", "access_token=abc"]
)
def test_a_key_in_the_base_url_is_refused_without_repeating_it(query: str) -> None:
    with pytest.raises(UserError, match="holds a password or a key") as refused:
        find_endpoint(ModelSpec(name="m", base_url=f"http://a/v1?{query}"))
    assert "abc" not in str(refused.value)


@pytest.mark.parametrize(
    "echo",
    [
        KEY,
        base64.b64encode(KEY.encode()).decode(),
        base64.urlsafe_b64encode(f"Bearer {KEY}".encode()).decode(),
        base64.b64encode(f":{KEY}:".encode()).decode(),
        base64.b64encode(f"me:{KEY}, and more".encode()).decode(),
        KEY.encode().hex(),
        "sk-a%2Bb%2Fc%3F4711-4711-4711",
    ],
)
def test_a_key_that_is_echoed_is_cut_in_every_form(echo: str) -> None:
    hidden = Endpoint("http://a/v1", KEY, "K").hide(f"before {echo} behind".encode())
    assert b"[key]" in hidden
    assert b"4711" not in hidden
    assert not any(base64.b64encode(KEY.encode()[at:])[:12] in hidden for at in range(3))


def test_a_short_key_is_cut_as_it_is_and_nothing_else_is_taken_for_it() -> None:
    assert Endpoint("http://a/v1", "none", "K").hide(b"bm9uZQ== none") == b"bm9uZQ== [key]"


@pytest.mark.slow
async def test_a_proxy_is_used_only_where_tactful_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    async with ChatServer() as server:
        monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
        async with opened(server) as model:
            await model.complete(prompt())
        monkeypatch.setenv("TACTFUL_PROXY", "http://127.0.0.1:9")
        async with opened(server) as model:
            with pytest.raises(
                EndpointRefused, match="cannot connect to the proxy in TACTFUL_PROXY; check the proxy"
            ):
                await model.complete(prompt())
        monkeypatch.setenv("TACTFUL_PROXY", server.base_url.removesuffix("/v1"))
        async with opened(server, base_url="http://nowhere.invalid/v1") as model:
            assert (await model.complete(prompt())).text.startswith("Reply to")
    monkeypatch.setenv("TACTFUL_PROXY", "proxy.example:3128")
    with pytest.raises(UserError, match="TACTFUL_PROXY is no address"):
        find_endpoint(ModelSpec(name="m", base_url="http://a/v1"))


async def test_an_answer_that_echoes_the_key_in_base64_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    echo = base64.b64encode(f"Bearer {KEY}".encode()).decode()
    body = f'{{"choices": [{{"message": {{"content": "you sent {echo}"}}, "finish_reason": "stop"}}]}}'
    async with ChatServer(lambda ask: Raw(body.encode())) as server, opened(server) as model:
        said = (await model.complete(prompt())).text
    assert "[key]" in said
    assert echo[10:20] not in said


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("embeded", "embedded"),
        ("ofline", "offline"),
        ("evry:4", "every:4"),
        ("usr", "user"),
        ("allways", "always"),
    ],
)
def test_a_misspelt_name_of_ours_is_not_sent_for_a_key(name: str, meant: str) -> None:
    with pytest.raises(UserError, match=f"no such name: '{name}'; did you mean '{meant}'[?]"):
        find_endpoint(ModelSpec(name=name))


@pytest.mark.parametrize("name", ["m", "gpt-5-nano", "llama3:8b", "o3", "nobody", "embedded"])
def test_a_model_without_a_key_is_taken_for_no_misspelt_name(name: str) -> None:
    with pytest.raises(UserError, match=r"^no key for https"):
        find_endpoint(ModelSpec(name=name))


def test_what_stands_in_place_of_a_model_is_known_by_its_names() -> None:
    from tactful.data.formats.episodes import SIMULATED
    from tactful.feedback.embedded import LEXICON
    from tactful.feedback.judging.judge import EMBEDDED
    from tactful.reading.opening import NAMES

    assert {SIMULATED, LEXICON, EMBEDDED, *NAMES} <= set(NO_MODELS)
