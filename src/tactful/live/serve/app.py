"""One server for everything that can be asked: decisions, advice, offers, actions.

    app = create_live_app(advisor, ServeSettings(), judge=…, gate=None, policy=policy, domain="coding")
    async with running(app, "127.0.0.1", 0) as address:
        ...

Texts are neither logged nor stored (but for those of advice, where the advisor keeps texts).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from aiohttp import web
from pydantic import BaseModel

from tactful.live.advisor import Advisor
from tactful.live.serve.advice import (
    AdviceAsked,
    AskVetted,
    ObservationAsked,
    advise,
    observed,
    stands,
    vetted,
)
from tactful.live.serve.answering import DecisionGiven, decision
from tactful.live.serve.asked import DecisionsAsked
from tactful.live.serve.pages import DOCS_PATH, SCHEMA_PATH, docs_page, openapi
from tactful.live.serve.questions import QUESTIONS
from tactful.policy.serve import PolicyRoutes
from tactful.reward.gate.rule import Gate
from tactful.reward.serve.app import JudgeRoutes, ServeSettings, guarded_app
from tactful.reward.serve.desk import Desk
from tactful.reward.serve.errors import json_response
from tactful.reward.serve.guard import read_as
from tactful.reward.types import MomentJudge
from tactful.types import Policy

_ADDRESSES = (
    "POST /v1/decisions, /v1/advice, /v1/asks, /v1/observations, /v1/act, /v1/judge, /v1/reactions, "
    "/v1/chat/completions and GET /v1/decisions, /v1/advice, /v1/models, /v1/policy, /health, /openapi.json, /docs"
)


def create_live_app(
    advisor: Advisor,
    settings: ServeSettings,
    *,
    judge: MomentJudge,
    gate: Gate | None,
    policy: Policy,
    domain: str,
) -> web.Application:
    """The application. The caller opens and closes advisor and judge.

    Raises: SafetyRefusal when others could reach it without a key; UserError when `gate` was set for another judge.
    """
    app = guarded_app(settings, _ADDRESSES, keyless=frozenset({SCHEMA_PATH, DOCS_PATH}))
    if gate is not None:
        gate.check(judge)
    _Routes(advisor, settings).add_to(app)
    JudgeRoutes(judge, settings, gate, beside=(advisor.reader.name,)).add_to(app)
    PolicyRoutes(policy, settings, advisor.reader, domain).add_to(app)
    return app


class _Routes:
    def __init__(self, advisor: Advisor, settings: ServeSettings) -> None:
        self.advisor = advisor
        self.deciding: Desk[DecisionsAsked, DecisionGiven] = Desk(
            compute=lambda several: [decision(asked, advisor.reader) for asked in several],
            concurrency=settings.concurrency,
            queue=settings.queue,
        )
        self.working: Desk[Callable[[], Any], Any] = Desk(
            compute=lambda calls: [call() for call in calls],
            concurrency=settings.concurrency,
            queue=settings.queue,
        )

    def add_to(self, app: web.Application) -> None:
        app.router.add_get("/v1/decisions", self.questions)
        app.router.add_post("/v1/decisions", self.decide)
        app.router.add_post("/v1/advice", self.advise)
        app.router.add_get("/v1/advice", self.stands)
        app.router.add_post("/v1/asks", self.vet)
        app.router.add_post("/v1/observations", self.observe)
        app.router.add_get(SCHEMA_PATH, self.schema)
        app.router.add_get(DOCS_PATH, self.docs)
        app.on_cleanup.append(self._close)

    async def _close(self, app: web.Application) -> None:
        self.deciding.close()
        self.working.close()

    async def questions(self, request: web.Request) -> web.Response:
        return json_response({"questions": [question.model_dump(mode="json") for question in QUESTIONS]})

    async def decide(self, request: web.Request) -> web.Response:
        asked = await read_as(request, DecisionsAsked)
        return _told((await self.deciding.answered([asked]))[0])

    async def advise(self, request: web.Request) -> web.Response:
        return _told(await advise(self.advisor, await read_as(request, AdviceAsked)))

    async def stands(self, request: web.Request) -> web.Response:
        return await self._worked(stands)

    async def vet(self, request: web.Request) -> web.Response:
        return await self._worked(vetted, await read_as(request, AskVetted))

    async def observe(self, request: web.Request) -> web.Response:
        return await self._worked(observed, await read_as(request, ObservationAsked))

    async def _worked(self, work: Callable[..., BaseModel], *asked: BaseModel) -> web.Response:
        """Done in a thread: the database is waited for."""
        return _told((await self.working.answered([partial(work, self.advisor, *asked)]))[0])

    async def schema(self, request: web.Request) -> web.Response:
        return json_response(openapi())

    async def docs(self, request: web.Request) -> web.Response:
        return docs_page()


def _told(record: BaseModel) -> web.Response:
    return json_response(record.model_dump(mode="json"))
