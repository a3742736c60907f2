"""Events in and answers back over HTTP, behind the guard of every server of ours. Nothing of a request is logged."""

from __future__ import annotations

import asyncio

from aiohttp import web
from pydantic import Field

from tactful.data.logs.users import Names
from tactful.live.delivery.channels import ANSWERS
from tactful.live.delivery.ledger import OfferFilter
from tactful.live.watch.sources import LONGEST_NAME, read_events
from tactful.live.watch.watcher import Watcher
from tactful.reward.serve.app import ServeSettings, guarded_app
from tactful.reward.serve.errors import ApiError, invalid, json_response
from tactful.reward.serve.guard import as_record, read_json
from tactful.types import Record

_MOST_OFFERS = 200


class AnswerAsked(Record):
    """What may go with an answer."""

    minutes: float = Field(default=60.0, gt=0, le=60 * 24 * 30)
    """Of a snooze."""


def create_watch_app(
    watcher: Watcher, settings: ServeSettings, names: Names, default_user: str
) -> web.Application:
    """The application. `default_user` is meant where nobody is named.

    Raises: SafetyRefusal when others could reach it without a key.
    """
    app = guarded_app(
        settings,
        "POST /v1/events, /v1/offers/ID/{accept,dismiss,snooze,mute}, GET /v1/offers, /v1/pauses, /health, DELETE /v1/pauses",
    )
    routes = _Routes(watcher, names, default_user)
    app.router.add_post("/v1/events", routes.events)
    app.router.add_get("/v1/offers", routes.offers)
    app.router.add_post("/v1/offers/{id}/{answer}", routes.answer)
    app.router.add_get("/v1/pauses", routes.pauses)
    app.router.add_delete("/v1/pauses", routes.unpause)
    return app


class _Routes:
    def __init__(self, watcher: Watcher, names: Names, default_user: str) -> None:
        self._watcher, self._names, self._default = watcher, names, default_user

    async def events(self, request: web.Request) -> web.Response:
        try:
            seen = read_events(await read_json(request))
        except ValueError as error:
            raise invalid(str(error), "events") from None
        for user in dict.fromkeys(user for user, _ in seen):
            hashed = self._hashed(user)
            self._watcher.seen(hashed, [event for who, event in seen if who == user])
            self._watcher.follow(hashed)
        return json_response({"seen": len(seen)}, status=202)

    async def offers(self, request: web.Request) -> web.Response:
        wanted = OfferFilter(user=self._user(request), waiting="waiting" in request.query)
        found = await asyncio.to_thread(lambda: list(self._watcher.ledger.search(wanted, _MOST_OFFERS)))
        return json_response(
            {"offers": [one.model_dump(mode="json", exclude_defaults=True) for one in found]}
        )

    async def answer(self, request: web.Request) -> web.Response:
        answer = request.match_info["answer"]
        if answer not in ANSWERS:
            raise ApiError(404, f"offers take {', '.join(ANSWERS)}", code="not_found", final=True)
        asked = as_record(AnswerAsked, await read_json(request) if request.can_read_body else {})
        offer = await asyncio.to_thread(
            self._watcher.answered, request.match_info["id"], answer, minutes=asked.minutes
        )
        if offer is None:
            raise ApiError(404, "there is no such offer", code="not_found", param="id", final=True)
        return json_response({"id": offer.id, "kind": offer.kind, "reaction": offer.reaction})

    async def pauses(self, request: web.Request) -> web.Response:
        found = await asyncio.to_thread(self._watcher.ledger.pauses, self._user(request))
        now = self._watcher.clock()
        rows = [
            {"kind": kind, "until": until and until.isoformat()}
            for kind, until in found.items()
            if until is None or until > now
        ]
        return json_response({"pauses": rows})

    async def unpause(self, request: web.Request) -> web.Response:
        kind = request.query.get("kind", "")
        if not await asyncio.to_thread(self._watcher.ledger.unpause, self._user(request), kind):
            raise ApiError(404, "there is no such pause", code="not_found", param="kind", final=True)
        return json_response({"kind": kind, "paused": False})

    def _user(self, request: web.Request) -> str:
        return self._hashed(request.query.get("user", ""))

    def _hashed(self, user: str) -> str:
        if len(user) > LONGEST_NAME:
            raise invalid(f"'user' is longer than {LONGEST_NAME} characters", "user")
        return self._names.hashed(user or self._default, always=True)
