"""The proxy: a request is read, an advisor asked, the upstream told or not, and its answer passed on as it is.

Whatever fails in between, the request goes on as it came (`Proxy.counts` says how often). In shadow nobody is told, so
the upstream is asked at once and the decision is made meanwhile.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter, OrderedDict
from dataclasses import dataclass, replace
from typing import Any

import aiohttp
from aiohttp import web

from tactful.live.advisor import Advisor, Decided
from tactful.live.following.recognising import place_of
from tactful.live.proxy.entrance import Entrance
from tactful.live.proxy.passing import Upstream, open_session, passed_headers, passed_on, send
from tactful.live.proxy.reading import Asked, kind_of, named, read_asked, thread_of
from tactful.live.proxy.settings import (
    ADVICE_HEADER,
    CHOICE_HEADER,
    CONVERSATION_HEADER,
    HEALTH,
    USER_HEADER,
    ProxySettings,
)
from tactful.live.proxy.splicing import Body, read_body
from tactful.live.proxy.telling import Ways, told
from tactful.live.proxy.threads import MOST_BYTES, Thread, Threads, response_in
from tactful.reward.serve.errors import ApiError, json_response

log = logging.getLogger(__name__)
_REMEMBERED = 10_000
_REFUSES = (400, 422)
_LAST_S = 10.0
_AFTER_S = 0.002
"""In shadow, decisions begin when the request is on its way: a thread at work would hold it up."""


@dataclass(frozen=True)
class Said:
    """What was decided at one request, for the steps and repetitions that follow it."""

    decided: Decided
    at: int
    """Where the assistant is told."""


@dataclass(frozen=True)
class Turn:
    """One request that is understood."""

    asked: Asked
    body: Body
    thread: Thread
    name: str
    """Of its thread at the server."""
    scope: str
    """Who speaks, and in which conversation where that is said: equal words elsewhere are another turn."""
    key: str


class Proxy:
    """Answers every request that comes in. Raises: as `ProxySettings.check`."""

    def __init__(self, advisor: Advisor, settings: ProxySettings) -> None:
        settings.check()
        self.counts: Counter[str] = Counter()
        """What happened, by name; as `GET /tactful/health` tells."""
        self._advisor = advisor
        self._settings = settings
        self._upstream = Upstream.at(settings.upstream)
        self._entrance = Entrance(settings)
        self._ways, self._threads = Ways(), Threads()
        self._said: OrderedDict[str, Said] = OrderedDict()
        self._deciding: dict[str, asyncio.Task[Said | None]] = {}
        """In shadow: how a conversation begins → the decision on its latest request, while it is being made."""
        self._session: aiohttp.ClientSession | None = None

    async def open(self) -> None:
        """Ready for requests; needs a running loop."""
        self._session = open_session(self._upstream.origin, self._settings.connect_s)

    async def close(self) -> None:
        """Let go of the connections to the upstream, when what is being decided has been, or after `_LAST_S`."""
        if self._deciding:
            await asyncio.wait(set(self._deciding.values()), timeout=_LAST_S)
        if self._session is not None:
            await self._session.close()

    # ------------------------------------------------------------ one request

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        """The answer to a request."""
        self.counts["requests"] += 1
        try:
            self._entrance.check_host(request)
            if request.path == HEALTH:
                return self._health(request)
            self._entrance.check_key(request)
            body = await self._entrance.body(request)
            return await self._answered(request, body)
        except ApiError as error:
            self.counts[f"refused_{error.code}"] += 1
            return error.response()
        except Exception as error:  # the last wall: its content stays unseen
            self.counts["failed"] += 1
            log.error("a request failed with %s", type(error).__name__)
            return ApiError(500, "the proxy failed on this request", code="internal").response()

    async def _answered(self, request: web.BaseRequest, body: bytes) -> web.StreamResponse:
        url = self._upstream.url(request.raw_path)
        headers = passed_headers(request.headers, to_upstream=True)
        turn = self._understood(request, body)
        deciding: asyncio.Task[Said | None] | None = None
        sent, said = body, None
        if turn is not None:
            if self._advisor.settings.mode == "shadow":
                deciding = self._begun(request, turn)
            else:
                said = await self._decided(request, turn)
                sent = self._with_fact(turn, said, body)
        assert self._session is not None
        reply = await send(self._session, request.method, url, headers, sent)
        if turn is not None and sent is not body and reply.status in _REFUSES:
            reply.close()
            reply = await send(self._session, request.method, url, headers, body)
            self._sent_unchanged(turn, said, reply.status)
        until = asyncio.get_running_loop().time() + self._settings.stored_ms / 1000
        if deciding is not None:
            said = await self._in_time(deciding, until)
        more = {} if said is None else await self._acknowledged(said.decided, until)
        keep: list[bytes] | None = [] if turn is not None and turn.asked.kind == "responses" else None
        async with reply:
            answer, whole = await passed_on(request, reply, more, keep, MOST_BYTES)
        self.counts["passed" if whole else "broken_off"] += 1
        if turn is not None and keep and whole and reply.status == 200:
            said = deciding.result() if deciding is not None and deciding.done() else said
            self._remember(turn, said, response_in(b"".join(keep), reply.headers.get("Content-Encoding", "")))
        return answer

    # ------------------------------------------------------------ advice

    def _understood(self, request: web.BaseRequest, body: bytes) -> Turn | None:
        """The request as a turn of a conversation; None: it is passed on, and nothing more."""
        kind = kind_of(request.method, request.path)
        if kind is None or request.headers.get("Content-Encoding", "identity") != "identity":
            return None
        try:
            found = read_body(body)
            if found is None:
                self.counts["not_understood"] += 1
                return None
            name = thread_of(kind, found.values)
            thread = self._threads.get(name) if name else None
            asked = read_asked(kind, found, thread.items if thread else None)
            if asked is None:
                self.counts["not_understood"] += 1
                return None
            given = request.headers.get(CONVERSATION_HEADER, "")
            conversation = named(given) if given else thread.conversation if thread else ""
            kept = Thread(conversation, thread.items if thread else ())
            scope = f"{self._user(request, asked)}\0{conversation}"
            last = asked.messages if not kept.items else asked.messages[asked.last :][:1]
            key = thread.key if thread and not asked.due else place_of(last, scope).key
            return Turn(asked, found, kept, name, scope, key)
        except Exception as error:
            self.counts["not_understood"] += 1
            log.warning("a request was not understood: %s", type(error).__name__)
            return None

    def _user(self, request: web.BaseRequest, asked: Asked) -> str:
        return request.headers.get(USER_HEADER, "")[:200] or asked.user

    def _begun(self, request: web.BaseRequest, turn: Turn) -> asyncio.Task[Said | None]:
        """The decision on this turn, made while the upstream answers. Those on one conversation are made in their order."""
        first = next((one.content for one in turn.asked.messages if one.role == "user"), "")
        begins = f"{turn.scope}\0{first}"
        deciding = asyncio.ensure_future(self._decided_after(self._deciding.get(begins), request, turn))
        self._deciding[begins] = deciding

        def ended(done: asyncio.Task[Said | None]) -> None:
            _seen(done)
            if self._deciding.get(begins) is done:
                del self._deciding[begins]

        deciding.add_done_callback(ended)
        return deciding

    async def _decided_after(
        self, before: asyncio.Task[Said | None] | None, request: web.BaseRequest, turn: Turn
    ) -> Said | None:
        await asyncio.sleep(_AFTER_S)
        if before is not None:
            await asyncio.wait((before,))
        return await self._decided(request, turn)

    async def _decided(self, request: web.BaseRequest, turn: Turn) -> Said | None:
        """What is decided on this turn; None: nothing can be."""
        try:
            again = request.headers.get("X-Stainless-Retry-Count", "0") != "0"
            before = self._said.get(turn.key)
            if before is not None and (again or not turn.asked.due):
                self.counts["went_on"] += 1
                return replace(before, decided=await self._advisor.still(before.decided))
            if not turn.asked.due:
                self.counts["not_due"] += 1
                return None
            decided = await self._advisor.adecide(
                turn.asked.messages,
                user=self._user(request, turn.asked),
                conversation=turn.thread.conversation,
                ask=turn.asked.ask,
            )
        except Exception as error:
            self.counts["advisor_failed"] += 1
            log.warning("no advice on a request: %s", type(error).__name__)
            return None
        if decided.advice.failed:
            self.counts["advisor_failed"] += 1
            return None
        self.counts[f"advised_{decided.advice.choice}"] += 1
        said = Said(decided, turn.asked.at)
        self._said[turn.key] = said
        while len(self._said) > _REMEMBERED:
            self._said.popitem(last=False)
        return said

    def _with_fact(self, turn: Turn, said: Said | None, body: bytes) -> bytes:
        """The body with what the assistant is told; the body itself where that is nothing, or cannot be done."""
        if said is None or not said.decided.advice.behaviour:
            return body
        try:
            way = self._ways.of(str(turn.body.values.get("model")))
            sent = told(turn.body, turn.asked, said.at, said.decided.advice.behaviour, way)
        except Exception as error:
            log.warning("a request could not be added to: %s", type(error).__name__)
            sent = None
        if sent is None:
            self.counts["not_told"] += 1
            self._advisor.untold(said.decided.advice)
            return body
        self.counts["told"] += 1
        return sent

    def _sent_unchanged(self, turn: Turn, said: Said | None, status: int) -> None:
        self.counts["sent_again_unchanged"] += 1
        if status < 400:
            self._ways.refused(str(turn.body.values.get("model")), turn.asked.kind)
        if said is not None:
            self._advisor.untold(said.decided.advice)

    async def _in_time(self, deciding: asyncio.Task[Said | None], until: float) -> Said | None:
        """What is decided, once it is; None: nothing by then, on the loop's clock."""
        if not deciding.done():
            await asyncio.wait((deciding,), timeout=max(0.0, until - asyncio.get_running_loop().time()))
        if deciding.done():
            return deciding.result()
        self.counts["unacknowledged"] += 1
        return None

    async def _acknowledged(self, decided: Decided, until: float) -> dict[str, str]:
        """The headers that tell what was decided: the advice's id only where it is committed by then, on the loop's clock."""
        more: dict[str, str] = {CHOICE_HEADER: decided.advice.choice}
        stored = decided.stored
        if not stored.done():
            waiting = asyncio.wrap_future(stored)
            waiting.add_done_callback(_seen)
            await asyncio.wait((waiting,), timeout=max(0.0, until - asyncio.get_running_loop().time()))
        if stored.done() and stored.exception() is None:
            more[ADVICE_HEADER] = decided.advice.id
        else:
            self.counts["unacknowledged"] += 1
        return more

    def _remember(self, turn: Turn, said: Said | None, response: Any) -> None:
        """What the server keeps of this conversation, so that its next request is understood."""
        conversation = said.decided.advice.conversation if said else turn.thread.conversation
        given = turn.body.values.get("input")
        items = [{"role": "user", "content": given}] if isinstance(given, str) else given
        if conversation and isinstance(items, list):
            self._threads.keep(conversation, [*turn.thread.items, *items], response, turn.name, turn.key)

    def _health(self, request: web.BaseRequest) -> web.Response:
        found: dict[str, Any] = {"status": "ok"}
        if self._entrance.knows_key(request):
            found |= {
                "mode": self._advisor.settings.mode,
                "counts": dict(sorted(self.counts.items())),
                "lost_writes": self._advisor.lost,
                "unjudged_turns": self._advisor.unjudged,
            }
        return json_response(found)


def _seen(done: asyncio.Future[Any]) -> None:
    if not done.cancelled():
        done.exception()
