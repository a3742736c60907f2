"""A reward model over HTTP: as the judge that ProactiveBench's scripts ask, and in our own form.

    async with running(create_app(judge, ServeSettings()), "127.0.0.1", 0) as address:
        ...

Nothing that is asked is stored or logged. Reactions (`/v1/reactions`) are counted per user in memory, until the end
of the process or until `DELETE /v1/reactions/USER`.
"""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field

from aiohttp import web

from tactful.reward.gate.rule import Gate
from tactful.reward.history import HistoryTracker
from tactful.reward.serve.chat import ChatRequest, chunks, completion, content
from tactful.reward.serve.desk import Desk
from tactful.reward.serve.errors import ApiError, json_response
from tactful.reward.serve.guard import as_record, guard, read_as, read_json, refuse_open
from tactful.reward.serve.judge import MOST_USERS, Reaction, answers, gate_for, read_asked
from tactful.reward.serve.listening import QUIET, listening
from tactful.reward.types import MomentJudge


@dataclass(frozen=True)
class ServeSettings:
    """How a server protects itself."""

    host: str = "127.0.0.1"
    """What it is bound to: allowed in the Host header beside the loopback names."""
    allow_hosts: tuple[str, ...] = ()
    """Further names by which it may be asked."""
    key: str | None = field(default=None, repr=False)
    """Asked for as `Authorization: Bearer KEY`; None only on loopback."""
    max_body_bytes: int = 1024 * 1024
    concurrency: int = 2
    """Requests judged at a time."""
    queue: int = 64
    """Requests that wait; more get a 429."""
    deadline_s: float = 30.0
    """Of one request, from its headers to its answer."""


def create_app(judge: MomentJudge, settings: ServeSettings, *, gate: Gate | None = None) -> web.Application:
    """The application. The caller opens and closes `judge`.

    Raises: SafetyRefusal when others could reach it without a key; UserError when `gate` was set for another judge.
    """
    app = guarded_app(
        settings, "POST /v1/chat/completions, /v1/judge, /v1/reactions and GET /v1/models, /health"
    )
    if gate is not None:
        gate.check(judge)
    JudgeRoutes(judge, settings, gate).add_to(app)
    return app


def guarded_app(
    settings: ServeSettings, addresses: str, *, keyless: frozenset[str] = frozenset()
) -> web.Application:
    """An application without answers yet, but for `GET /health`, behind the guard; `addresses` names those it will have.

    `keyless` are further paths that are answered without a key.

    Raises: SafetyRefusal when others could reach it without a key.
    """
    refuse_open(settings.host, settings.key)
    app = web.Application(
        middlewares=[
            guard(
                key=settings.key,
                hosts=(settings.host, *settings.allow_hosts),
                max_body_bytes=settings.max_body_bytes,
                deadline_s=settings.deadline_s,
                addresses=addresses,
                keyless=keyless | {"/health"},
            )
        ],
        client_max_size=settings.max_body_bytes,
        logger=QUIET,
    )
    app.router.add_get("/health", _health)
    return app


async def _health(request: web.Request) -> web.Response:
    return json_response({"status": "ok"})


class JudgeRoutes:
    """What a judge of moments answers; part of a server of its own, or of `live serve`."""

    def __init__(
        self, judge: MomentJudge, settings: ServeSettings, gate: Gate | None, *, beside: tuple[str, ...] = ()
    ) -> None:
        self.name = judge.name
        self.models_told = tuple(dict.fromkeys((judge.name, *beside)))
        """What else the same server answers with stands beside the judge."""
        self.gate = gate
        self.tracker = HistoryTracker()
        self.desk = Desk.of_judge(judge, concurrency=settings.concurrency, queue=settings.queue)

    def add_to(self, app: web.Application) -> None:
        """Answer at these addresses of `app`."""
        app.router.add_get("/v1/models", self._models)
        app.router.add_post("/v1/chat/completions", self._chat)
        app.router.add_post("/v1/judge", self._judge)
        app.router.add_post("/v1/reactions", self._react)
        app.router.add_delete("/v1/reactions/{user}", self._forget)
        app.on_cleanup.append(self._close)

    async def _close(self, app: web.Application) -> None:
        self.desk.close()

    async def _models(self, request: web.Request) -> web.Response:
        told = [
            {"id": name, "object": "model", "created": 0, "owned_by": "tactful"} for name in self.models_told
        ]
        return json_response({"object": "list", "data": told})

    async def _chat(self, request: web.Request) -> web.StreamResponse:
        asked = await read_as(request, ChatRequest)
        moment = asked.moment()
        text = content(moment, (await self.desk.answered([moment]))[0])
        if not asked.stream:
            return json_response(completion(asked, text, self.name))
        headers = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
        return web.Response(
            body=b"".join(chunks(asked, text, self.name)),
            content_type="text/event-stream",
            charset="utf-8",
            headers=headers,
        )

    async def _judge(self, request: web.Request) -> web.Response:
        body = await read_json(request)
        moments, costs = read_asked(body, self.tracker)
        gate = gate_for(self.gate, costs, self.name)
        told = answers(moments, await self.desk.answered(moments), gate)
        if "moments" in body:
            return json_response({"judge": self.name, "judgements": told})
        return json_response({"judge": self.name, **told[0]})

    async def _react(self, request: web.Request) -> web.Response:
        reaction = as_record(Reaction, await read_json(request), "reaction")
        if self.tracker.users >= MOST_USERS and not self.tracker.history(reaction.user).shown:
            told = (
                f"reactions of {MOST_USERS} users are kept already; forget one with DELETE /v1/reactions/USER"
            )
            raise ApiError(429, told, code="too_many_users", final=True)
        found = self.tracker.observe(reaction.user, accepted=reaction.accepted, at=reaction.at)
        return json_response({"user": reaction.user, **found.model_dump(mode="json")})

    async def _forget(self, request: web.Request) -> web.Response:
        user = request.match_info["user"]
        if not self.tracker.forget(user):
            raise ApiError(404, "nothing is known of this user", code="not_found", param="user", final=True)
        return json_response({"user": user, "forgotten": True})


def running(app: web.Application, host: str, port: int) -> AbstractAsyncContextManager[str]:
    """Serve while the block runs; gives the address, such as `http://127.0.0.1:8000`. Port 0 takes a free one.

    Requests under way have 5 s to end. Raises: UserError when the port is taken or the host is not of this machine.
    """
    runner = web.AppRunner(app, access_log=None, logger=QUIET, shutdown_timeout=5.0, keepalive_timeout=30.0)
    return listening(runner, host, port)
