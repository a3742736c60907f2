"""Frameworks that ask any decisions server ask ours: the real packages, where they are installed."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

import pytest

from tactful.live.serve.questions import QUESTIONS

EXAMPLE = Path(__file__).resolve().parents[3] / "examples" / "langchain_decision_model.py"
OPEN, CLOSED = "Book a table", "What is the capital of Peru?"
NEEDLESS = next(one.instructions for one in QUESTIONS if one.name == "tactful.needless_question")


@pytest.fixture
def decides(address: str) -> Any:
    """The decision model of the example, at the server."""
    pytest.importorskip(
        "langchain_core.decisions", reason="langchain-core with decision models is not installed"
    )
    spec = importlib.util.spec_from_file_location("langchain_decision_model", EXAMPLE)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.TactfulDecisions(base_url=f"{address}/v1")


def test_langchain_gets_its_own_answers(decides: Any) -> None:
    from langchain_core.decisions import Choice, Noul, Score
    from langchain_core.messages import AIMessage, HumanMessage

    talk = [HumanMessage("Two plus two?"), AIMessage("Five."), HumanMessage("That is wrong!")]
    groups = {"complaint": None, "other": None, "approval": None}
    found = decides.invoke(
        {
            "state": talk,
            "questions": {
                "tactful.complaint": Noul(instructions="x"),
                "tactful.reaction": Choice(instructions="x", criteria=groups),
            },
        }
    )
    assert found.nouls["tactful.complaint"].noul > 0.5
    assert found.choices["tactful.reaction"].choice == "complaint"
    scored = decides.invoke(
        {
            "state": talk,
            "questions": {"tactful.reaction": Score(instructions="x", criteria=["bad", "so", "good"])},
        }
    )
    assert scored.scores["tactful.reaction"].score < 1
    assert found.usage["output_tokens"] == 0


def test_a_refusal_is_an_error_in_langchain(decides: Any) -> None:
    from langchain_core.decisions import Noul

    with pytest.raises(ValueError, match="'raining' is refused: not one of the questions"):
        decides.invoke({"state": OPEN, "questions": {"raining": Noul(instructions="Is it raining?")}})


def test_langchains_auto_mode_holds_a_needless_question_back(decides: Any) -> None:
    middleware = pytest.importorskip("langchain.agents.middleware", reason="langchain is not installed")
    if not hasattr(middleware, "AutoModeMiddleware"):
        pytest.skip("this langchain has no AutoModeMiddleware")
    from langchain.agents.middleware.types import ToolCallRequest
    from langchain_core.messages import AIMessage, HumanMessage

    guard = middleware.AutoModeMiddleware(
        tools=["ask_user"], instructions=NEEDLESS, criteria=None, classifier=decides
    )
    call = {"id": "1", "name": "ask_user", "args": {"question": "As a sentence?"}, "type": "tool_call"}
    put = {}
    for request in (OPEN, CLOSED):
        state = {"messages": [HumanMessage(request), AIMessage("", tool_calls=[call])]}
        asked = ToolCallRequest(tool_call=call, tool=None, state=state, runtime=None)
        put[request] = guard.wrap_tool_call(asked, lambda _: "put")
    assert put[OPEN] == "put"
    assert put[CLOSED].status == "error"


async def test_litellms_guardrail_blocks_by_our_probability(address: str) -> None:
    litellm = pytest.importorskip("litellm", reason="litellm is not installed (340 MB; an example only)")
    guardrail = pytest.importorskip("litellm.proxy.guardrails.guardrail_hooks.decision_model.decision_model")
    from fastapi import HTTPException

    target = {"model": "openai/tactful", "api_base": f"{address}/v1", "api_key": "none"}
    router = litellm.Router(model_list=[{"model_name": "tactful", "litellm_params": target}])
    check = guardrail.DecisionModelCheck(
        name="tactful.needs_question", instructions="needs a question", threshold=0.7
    )
    guard = guardrail.DecisionModelGuardrail(
        guardrail_name="ask-first", decision_model="tactful", checks=[check], router_provider=lambda: router
    )
    assert await guard.apply_guardrail({"texts": [CLOSED]}, {}, "request") == {"texts": [CLOSED]}
    with pytest.raises(HTTPException, match="ask-first"):
        await guard.apply_guardrail({"texts": [OPEN]}, {}, "request")
