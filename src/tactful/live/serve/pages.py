"""What can be asked, for programs (`/openapi.json`) and for people (`/docs`): both from the types that requests are read by."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from functools import cache
from typing import Any

from aiohttp import web
from pydantic import BaseModel, Field
from pydantic.json_schema import models_json_schema

from tactful import __version__
from tactful.data.page import render_template
from tactful.live.deciding.vetting import Vetted
from tactful.live.serve.advice import (
    AdviceAsked,
    AdviceGiven,
    AdviceStands,
    AskVetted,
    ObservationAsked,
    ObservationGiven,
)
from tactful.live.serve.answering import DecisionGiven
from tactful.live.serve.asked import DecisionsAsked
from tactful.live.serve.questions import GROUPS, QUESTIONS, KnownQuestion
from tactful.live.types import Described
from tactful.policy.serve import MessagesAsked
from tactful.reward.serve.chat import ChatRequest
from tactful.reward.serve.judge import OneAsked, Reaction
from tactful.types import Record

SCHEMA_PATH, DOCS_PATH = "/openapi.json", "/docs"


class ErrorTold(Described):
    """What is wrong."""

    message: str
    type: str
    param: str | None
    """The field that is wrong, where one is."""
    code: str


class ErrorGiven(Record):
    """A request that got no answer, in the form that OpenAI's client knows."""

    error: ErrorTold


class QuestionsGiven(Record):
    """The questions that can be answered."""

    questions: tuple[KnownQuestion, ...] = Field(min_length=1)


@dataclass(frozen=True)
class _Address:
    method: str
    path: str
    about: str
    asked: type[BaseModel] | None = None
    given: type[BaseModel] | None = None
    """None: described in the docs, not by a type."""


ADDRESSES = (
    _Address(
        "post",
        "/v1/decisions",
        "Questions about one input, answered with calibrated probabilities or refused. The official client's shapes.",
        DecisionsAsked,
        DecisionGiven,
    ),
    _Address("get", "/v1/decisions", "The questions that can be answered.", None, QuestionsGiven),
    _Address(
        "post",
        "/v1/advice",
        "Messages in, a decision out: answer or ask, what to tell the assistant, and why.",
        AdviceAsked,
        AdviceGiven,
    ),
    _Address("get", "/v1/advice", "May advice that was given be acted on?", None, AdviceStands),
    _Address("post", "/v1/asks", "May this question be put to the user?", AskVetted, Vetted),
    _Address(
        "post",
        "/v1/observations",
        "What came of a turn, read from the reply or told; it teaches this user's patience.",
        ObservationAsked,
        ObservationGiven,
    ),
    _Address("post", "/v1/judge", "Would this offer, or silence, be welcome at this moment?", OneAsked),
    _Address("post", "/v1/reactions", "What a user did with an offer.", Reaction),
    _Address("post", "/v1/chat/completions", "The judge's prompt of ProactiveBench's scripts.", ChatRequest),
    _Address("get", "/v1/models", "Which judge and reader answer."),
    _Address("post", "/v1/act", "Which action a policy takes.", MessagesAsked),
    _Address("get", "/v1/policy", "The policy and its actions."),
    _Address("get", "/health", "Whether the server answers. Needs no key."),
)


@cache
def openapi() -> dict[str, Any]:
    """The description by OpenAPI 3.1."""
    asked = [(one.asked, "validation") for one in ADDRESSES if one.asked is not None]
    given = [(one.given, "serialization") for one in ADDRESSES if one.given is not None]
    places, schemas = models_json_schema(
        [*asked, *given, (ErrorGiven, "serialization")],  # type: ignore[list-item]
        ref_template="#/components/schemas/{model}",
    )
    paths: dict[str, dict[str, Any]] = {}
    for one in ADDRESSES:
        answer: dict[str, Any] = {"description": "The answer."}
        if one.given is not None:
            answer["content"] = _json(places[one.given, "serialization"])
        operation: dict[str, Any] = {
            "summary": one.about,
            "operationId": f"{one.method}{one.path.replace('/', '_').replace('.', '_')}",
            "responses": {
                "200": answer,
                "default": {
                    "description": "What is wrong.",
                    "content": _json(places[ErrorGiven, "serialization"]),
                },
            },
        }
        if one.asked is not None:
            operation["requestBody"] = {
                "required": True,
                "content": _json(places[one.asked, "validation"]),
            }
        paths.setdefault(one.path, {})[one.method] = operation
    return {
        "openapi": "3.1.0",
        "info": {"title": "Tactful", "version": __version__, "description": "Decisions for assistants."},
        "paths": paths,
        "components": {
            "schemas": schemas["$defs"],
            "securitySchemes": {"key": {"type": "http", "scheme": "bearer"}},
        },
        "security": [{"key": []}, {}],
    }


def docs_page() -> web.Response:
    """The page for people: no script, nothing from elsewhere."""
    text = render_docs()
    style = text.partition("<style>")[2].partition("</style>")[0]
    known = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    return web.Response(
        text=text,
        content_type="text/html",
        charset="utf-8",
        headers={
            "Content-Security-Policy": f"default-src 'none'; style-src 'sha256-{known}'; frame-ancestors 'none'; "
            "base-uri 'none'; form-action 'none'",
            "Cache-Control": "no-store",
            "X-Content-Type-Options": "nosniff",
            "Referrer-Policy": "no-referrer",
        },
    )


@cache
def render_docs() -> str:
    """Its HTML: every address, question and type."""
    from tactful.live.serve.fields import fields_of

    return render_template(
        __file__,
        "asked.html.j2",
        version=__version__,
        addresses=[
            {
                "method": one.method.upper(),
                "path": one.path,
                "about": one.about,
                "asked": one.asked.__name__ if one.asked else "",
                "given": one.given.__name__ if one.given else "",
            }
            for one in ADDRESSES
        ],
        types={
            name: {"about": schema.get("description", ""), "fields": fields_of(schema)}
            for name, schema in openapi()["components"]["schemas"].items()
            if schema.get("properties")
        },
        questions=QUESTIONS,
        groups=GROUPS,
    )


def _json(schema: Any) -> dict[str, Any]:
    return {"application/json": {"schema": schema}}
