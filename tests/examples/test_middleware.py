"""Middleware of the examples, in the real frameworks where they are installed, asks a real `tactful live serve`."""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import subprocess
import sys
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from tests.live.serve.conftest import address

from tactful.live.counsel.there import CounselThere
from tactful.live.settings import Guards, LiveSettings

__all__ = ["address"]
MIDDLEWARE = Path(__file__).resolve().parents[2] / "examples" / "middleware"
OPEN, CLOSED = "Book a table", "What is the capital of Peru?"
ASKS, ANSWERS = "worth this person's time", "can be acted on as it stands"
QUESTION = {"question": "As a sentence?", "options": ["a word (Recommended)", "a sentence"]}
SURE = Guards(explore=0.0)
"""No draws: a question worth asking is asked every time."""
NOBODY = "http://127.0.0.1:9"
"""Where nothing listens."""


def loaded(name: str, folder: Path = MIDDLEWARE) -> ModuleType:
    """An example as a module."""
    spec = importlib.util.spec_from_file_location(name, folder / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def there(address: str) -> CounselThere:
    return CounselThere(address, timeout_s=30)  # a busy machine


def test_a_plain_loop_asks_where_it_is_worth_it_and_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    loop = loaded("plain_loop")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(loop, "LiveSettings", partial(LiveSettings, timeout_ms=20_000, guards=SURE))
    loop.main()
    assert [line for line in capsys.readouterr().out.splitlines() if line.startswith("assistant")] == [
        "assistant  For how many, and when?",
        "assistant  Done.",
        "assistant  Done.",
    ]


# ------------------------------------------------------------ LangChain


@pytest.fixture
def langchain() -> ModuleType:
    pytest.importorskip("langchain.agents.middleware", reason="langchain is not installed")
    return loaded("langchain_agent")


class Heard:
    """What a model of LangChain was told."""

    def __init__(self, *replies: Any) -> None:
        from langchain_core.language_models.fake_chat_models import GenericFakeChatModel

        heard = self.prompts = []

        class Fake(GenericFakeChatModel):
            def bind_tools(self, *_: Any, **__: Any) -> Any:
                return self

            def _generate(self, messages: Any, *given: Any, **more: Any) -> Any:
                heard.append([one.text for one in messages if one.type == "system"])
                return super()._generate(messages, *given, **more)

        self.model = Fake(messages=iter(replies))


def asking_agent(langchain: ModuleType, heard: Heard, counsel: CounselThere, put: list[str]) -> Any:
    from langchain.agents import create_agent

    def ask_user(question: str, options: list[str]) -> str:
        """Ask the user."""
        put.append(question)
        return options[-1]

    middleware = langchain.TactfulMiddleware(counsel, user="ann")
    return create_agent(heard.model, tools=[ask_user], system_prompt="Be brief.", middleware=[middleware])


@pytest.mark.parametrize("asynchronous", [False, True])
async def test_langchain_hears_the_fact_and_holds_a_needless_question_back(
    langchain: ModuleType, address: str, asynchronous: bool
) -> None:
    from langchain_core.messages import AIMessage

    for request, fact, questions in ((OPEN, ASKS, 1), (CLOSED, ANSWERS, 0)):
        call = {"id": "1", "name": "ask_user", "args": QUESTION, "type": "tool_call"}
        heard, put = Heard(AIMessage("", tool_calls=[call]), AIMessage("Done.")), []
        agent = asking_agent(langchain, heard, there(address), put)
        state = {"messages": [{"role": "user", "content": request}]}
        done = await agent.ainvoke(state) if asynchronous else agent.invoke(state)
        assert len(put) == questions
        assert done["messages"][-1].text == "Done."
        assert all(prompt[0].startswith("Be brief.") and fact in prompt[0] for prompt in heard.prompts)
        assert len(heard.prompts) == 2
        assert heard.prompts[0] == heard.prompts[1]  # one turn, decided once


def test_langchain_goes_on_without_an_answer(langchain: ModuleType) -> None:
    from langchain_core.messages import AIMessage

    call = {"id": "1", "name": "ask_user", "args": QUESTION, "type": "tool_call"}
    heard, put = Heard(AIMessage("", tool_calls=[call]), AIMessage("Done.")), []
    agent = asking_agent(langchain, heard, CounselThere(NOBODY), put)
    agent.invoke({"messages": [{"role": "user", "content": CLOSED}]})
    assert heard.prompts == [["Be brief."]] * 2
    assert len(put) == 1


# ------------------------------------------------------------ OpenAI Agents SDK


@pytest.fixture
def agents() -> ModuleType:
    pytest.importorskip("agents.testing", reason="openai-agents is not installed")
    return loaded("openai_agents")


async def run_of(agents: ModuleType, counsel: CounselThere, request: str) -> tuple[Any, list[str]]:
    """(the scripted model, the questions that were put) of one run in which the model asks."""
    from agents import Agent, RunConfig, Runner, function_tool
    from agents.testing import ScriptedModel, assistant_message, function_call

    tactful = agents.Tactful(counsel, user="ann")
    put: list[str] = []

    def ask_user(question: str, options: list[str]) -> str:
        """Ask the user."""
        put.append(question)
        return options[-1]

    tool = function_tool(ask_user, tool_input_guardrails=[tactful.guardrail()])
    model = ScriptedModel([[function_call("ask_user", QUESTION, call_id="1")], [assistant_message("Done.")]])
    agent = Agent(name="helper", instructions="Be brief.", tools=[tool], model=model)
    config = RunConfig(call_model_input_filter=tactful.tell, tracing_disabled=True)
    done = await Runner.run(agent, request, run_config=config)
    assert done.final_output == "Done."
    return model, put


async def test_the_agents_sdk_hears_the_fact_and_holds_a_needless_question_back(
    agents: ModuleType, address: str
) -> None:
    for request, fact, questions in ((OPEN, ASKS, 1), (CLOSED, ANSWERS, 0)):
        model, put = await run_of(agents, there(address), request)
        assert len(put) == questions
        told = [call.system_instructions for call in model.calls]
        assert len(told) == 2
        assert told[0] == told[1]
        assert told[0].startswith("Be brief.\n\n")
        assert fact in told[0]


async def test_the_agents_sdk_goes_on_without_an_answer(agents: ModuleType) -> None:
    model, put = await run_of(agents, CounselThere(NOBODY), CLOSED)
    assert [call.system_instructions for call in model.calls] == ["Be brief."] * 2
    assert len(put) == 1


# ------------------------------------------------------------ LiteLLM


@pytest.fixture
def guardrail(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """With the real base class where LiteLLM is installed (340 MB), else with a stand-in that takes the same arguments."""
    monkeypatch.setenv("LITELLM_LOCAL_MODEL_COST_MAP", "True")  # else it asks the network
    if importlib.util.find_spec("litellm") is None:
        stub = ModuleType("litellm.integrations.custom_guardrail")
        stub.CustomGuardrail = type("CustomGuardrail", (), {"__init__": lambda self, **_: None})  # type: ignore[attr-defined]
        for name in ("litellm", "litellm.integrations"):
            monkeypatch.setitem(sys.modules, name, ModuleType(name))
        monkeypatch.setitem(sys.modules, stub.__name__, stub)
    return loaded("litellm_guardrail")


async def hooked(guardrail: ModuleType, url: str, monkeypatch: pytest.MonkeyPatch, request: str) -> Any:
    monkeypatch.setenv("TACTFUL_URL", url)
    made = guardrail.TactfulGuardrail(guardrail_name="tactful")
    object.__setattr__(made.facts._counsel, "timeout_s", 30)
    messages = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": request}]
    data = {"model": "m", "user": "ann", "messages": messages}
    return await made.async_pre_call_hook(None, None, data, "completion")


async def test_litellms_request_has_the_fact_before_the_users_message(
    guardrail: ModuleType, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for request, fact in ((OPEN, ASKS), (CLOSED, ANSWERS)):
        data = await hooked(guardrail, address, monkeypatch, request)
        assert [one["role"] for one in data["messages"]] == ["system", "system", "user"]
        assert fact in data["messages"][1]["content"]
        assert data["messages"][2]["content"] == request


async def test_litellms_request_goes_on_without_an_answer(
    guardrail: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = await hooked(guardrail, NOBODY, monkeypatch, CLOSED)
    assert [one["role"] for one in data["messages"]] == ["system", "user"]


# ------------------------------------------------------------ Vercel AI SDK

PROGRAM = """
import {{ generateText, streamText, wrapLanguageModel, tool, stepCountIs, jsonSchema }} from "ai";
import {{ MockLanguageModelV4, simulateReadableStream }} from "ai/test";
import {{ tactful }} from {example};
const usage = {{ inputTokens: {{ total: 1 }}, outputTokens: {{ total: 1 }} }};
const finishReason = {{ unified: "stop", raw: "stop" }};
const call = {{ type: "tool-call", toolCallId: "1", toolName: "look", input: "{{}}" }};
let steps = 0;
const mock = new MockLanguageModelV4({{
  doGenerate: async () => steps++ % 2 === 0
    ? {{ content: [call], finishReason: {{ unified: "tool-calls", raw: "x" }}, usage, warnings: [] }}
    : {{ content: [{{ type: "text", text: "Done." }}], finishReason, usage, warnings: [] }},
  doStream: async () => ({{ stream: simulateReadableStream({{ chunks: [
    {{ type: "text-start", id: "0" }}, {{ type: "text-delta", id: "0", delta: "Done." }}, {{ type: "text-end", id: "0" }},
    {{ type: "finish", finishReason, usage }} ] }}) }}),
}});
const model = wrapLanguageModel({{ model: mock, middleware: tactful({{ url: {url}, timeoutMs: 30000 }}) }});
const look = tool({{ description: "look", inputSchema: jsonSchema({{ type: "object" }}), execute: async () => "nothing" }});
const told = (prompt) => prompt.filter(({{ role }}) => role === "system").map(({{ content }}) => content);
const found = {{}};
for (const request of {requests}) {{
  const before = mock.doGenerateCalls.length;
  const {{ text }} = await generateText({{ model, system: "Be brief.", prompt: request, tools: {{ look }},
    stopWhen: stepCountIs(3), providerOptions: {{ tactful: {{ user: "ann" }} }} }});
  const streamed = await streamText({{ model, system: "Be brief.", prompt: request }}).text;
  found[request] = {{ text, streamed, told: mock.doGenerateCalls.slice(before).map(({{ prompt }}) => told(prompt)),
    streamTold: told(mock.doStreamCalls.at(-1).prompt) }};
}}
console.log(JSON.stringify(found));
"""


def run_in_node(url: str, folder: Path) -> Any:
    """What the program found, run by the node and with the npm package `ai` of this machine."""
    modules = os.environ.get("NODE_MODULES", "")
    node = os.environ.get("NODE") or shutil.which("node")
    if not node or not (Path(modules) / "ai" / "package.json").is_file():
        pytest.skip("node, or NODE_MODULES as the folder that holds the npm package `ai`, is missing")
    (folder / "node_modules").symlink_to(modules)
    example = folder / "vercel_ai_sdk.mjs"
    shutil.copy(MIDDLEWARE / "vercel_ai_sdk.mjs", example)
    told = {"example": f"./{example.name}", "url": url, "requests": [OPEN, CLOSED]}
    program = folder / "program.mjs"
    program.write_text(PROGRAM.format(**{name: json.dumps(value) for name, value in told.items()}))
    done = subprocess.run(
        [node, str(program)], cwd=folder, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_the_vercel_ai_sdk_hears_the_fact_at_every_step_and_in_streams(address: str, tmp_path: Path) -> None:
    found = run_in_node(address, tmp_path)
    for request, fact in ((OPEN, ASKS), (CLOSED, ANSWERS)):
        one = found[request]
        assert (one["text"], one["streamed"]) == ("Done.", "Done.")
        assert len(one["told"]) == 2
        for told in (*one["told"], one["streamTold"]):
            assert told[0] == "Be brief."
            assert fact in told[1]


def test_the_vercel_ai_sdk_goes_on_without_an_answer(tmp_path: Path) -> None:
    found = run_in_node(NOBODY, tmp_path)
    assert found[CLOSED]["told"] == [["Be brief."]] * 2
    assert found[CLOSED]["streamTold"] == ["Be brief."]


@pytest.mark.slow
def test_the_snippet_of_javascript_asks_by_itself(address: str, tmp_path: Path) -> None:
    """Without the npm package: the middleware is an object, and node alone can call it."""
    node = os.environ.get("NODE") or shutil.which("node")
    if not node:
        pytest.skip("node is not installed")
    program = tmp_path / "program.mjs"
    example = json.dumps((MIDDLEWARE / "vercel_ai_sdk.mjs").as_uri())
    program.write_text(
        f"import {{ tactful }} from {example};\n"
        f"const middleware = tactful({{ url: {json.dumps(address)}, timeoutMs: 30000 }});\n"
        f'const prompt = [{{ role: "user", content: [{{ type: "text", text: {json.dumps(CLOSED)} }}] }}];\n'
        "console.log(JSON.stringify(await middleware.transformParams({ params: { prompt } })));\n"
    )
    done = subprocess.run([node, str(program)], capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    prompt = json.loads(done.stdout)["prompt"]
    assert [one["role"] for one in prompt] == ["system", "user"]
    assert ANSWERS in prompt[0]["content"]
