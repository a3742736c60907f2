"""Tactful as LangChain's decision model: questions about asking, reactions and acceptance, answered by `tactful live serve`.

    decides = TactfulDecisions(base_url="http://127.0.0.1:8000/v1")
    decides.invoke({"state": messages, "questions": {"tactful.needs_question": Noul(instructions="Is a question needed?")}})

A question is known by its id, or by instructions that are word for word those of `GET /v1/decisions`. With the latter, LangChain's
AutoModeMiddleware holds needless questions back: `AutoModeMiddleware(tools=["ask_user"], instructions=…, classifier=decides)`.
"""

from __future__ import annotations

import json
from typing import Any

from langchain_core.decisions import (
    BaseDecisionModel,
    Choice,
    ClassifierResponse,
    Noul,
    Question,
    Score,
    State,
)
from langchain_core.messages import BaseMessage
from openai import OpenAI

ROLES = {"human": "user", "ai": "assistant", "system": "system"}


class TactfulDecisions(BaseDecisionModel):
    """A decision model behind `/v1/decisions`. A question that it refuses raises ValueError with the reason."""

    model: str = "tactful"
    base_url: str = "http://127.0.0.1:8000/v1"
    api_key: str = "none"

    @property
    def _provider(self) -> str:
        return "tactful"

    def _classify(self, state: State, questions: dict[str, Question]) -> ClassifierResponse:
        asked: Any = [asked_as(name, question) for name, question in questions.items()]
        with OpenAI(base_url=self.base_url, api_key=self.api_key) as client:
            reply = client.decisions.create(model=self.model, input=shown(state), questions=asked)
        answers = {
            name: told_as(name, question, answer)
            for (name, question), answer in zip(questions.items(), reply.answers, strict=True)
        }
        return ClassifierResponse(model=reply.model, answers=answers, usage=reply.usage.model_dump())


def shown(state: Any) -> Any:
    """Messages as they are sent; text as it is; anything else as JSON."""
    if isinstance(state, dict) and "messages" in state:
        state = state["messages"]
    if isinstance(state, BaseMessage):
        state = [state]
    if isinstance(state, list) and state and all(isinstance(one, BaseMessage) for one in state):
        said = [one for one in state if one.type in ROLES]
        return [{"role": ROLES[one.type], "content": one.text} for one in said]
    return state if isinstance(state, str) else json.dumps(state)


def asked_as(name: str, question: Question) -> dict[str, Any]:
    """A question of LangChain in the words of the decisions API."""
    told = (
        question.instructions if isinstance(question.instructions, str) else json.dumps(question.instructions)
    )
    asked: dict[str, Any] = {"name": name, "instructions": told}
    if isinstance(question, Noul):
        return {"type": "predicate", **asked}
    if isinstance(question, Choice):
        return {"type": "choice", **asked, "choices": [{"value": label} for label in question.criteria]}
    if isinstance(question, Score):
        levels = [{"label": f"{at}: {about}"} for at, about in enumerate(question.criteria)]
        return {"type": "score", **asked, "levels": levels}
    raise ValueError(f"'{name}' is a {question.type}, which no reader of Tactful answers")


def told_as(name: str, question: Question, answer: Any) -> dict[str, Any]:
    """An answer of the decisions API in the words of LangChain."""
    if answer.type == "refusal":
        raise ValueError(f"'{name}' is refused: {answer.reason}")
    if answer.type == "predicate":
        return {"type": "noul", "noul": answer.probability}
    if answer.type == "choice":
        shares = {one.value: one.probability for one in answer.probabilities}
        return {
            "type": "choice",
            "choice": answer.choice,
            "probabilities": shares,
            "confidence": answer.confidence,
        }
    assert isinstance(question, Score)
    return {
        "type": "score",
        "score": answer.score,
        "legend": dict(enumerate(question.criteria)),
        "probabilities": {one.value: one.probability for one in answer.probabilities},
        "confidence": answer.confidence,
    }
