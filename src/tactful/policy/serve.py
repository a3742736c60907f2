"""A policy over HTTP: `POST /v1/act` with states or messages, an action with its probabilities back.

Behind the guard of `reward/serve`: loopback, or a key. Nothing that is asked is stored or logged.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any, Literal

from aiohttp import web
from pydantic import Field

from tactful.calibration.tasks.state_rows import parse_state
from tactful.calibration.tasks.states import complete_states
from tactful.policy.talk import put_questions
from tactful.reading.types import ReaderAtOnce
from tactful.reward.serve.app import ServeSettings, guarded_app
from tactful.reward.serve.desk import Desk
from tactful.reward.serve.errors import invalid, json_response
from tactful.reward.serve.guard import as_record, read_json
from tactful.types import Decision, Policy, PublicState, Record, State, UserHistory, decide, seeded

MOST_STATES = 256
"""In one request."""


class MessageAsked(Record):
    """One message of a conversation."""

    role: Literal["system", "user", "assistant"]
    content: str = Field(max_length=100_000)


class MessagesAsked(Record):
    """A conversation whose last message is the user's."""

    messages: list[MessageAsked] = Field(min_length=1, max_length=500)
    domain: str = ""
    rejected: int = Field(default=0, ge=0, le=1000)
    """Questions of this task that the user rejected."""
    user: UserHistory = UserHistory()
    """What is known of the user from earlier tasks."""

    def row(self) -> dict[str, Any]:
        """As a row of a states file. Raises: ApiError 400, when it does not end with the user."""
        said = [message.model_dump() for message in self.messages if message.role != "system"]
        start = next((at for at, message in enumerate(said) if message["role"] == "user"), len(said))
        if not said or said[-1]["role"] != "user":
            raise invalid(
                "the last of 'messages' is not the user's; ask when it is the assistant's turn", "messages"
            )
        history = said[start + 1 :]
        turns = sum(message["role"] == "assistant" for message in history)
        return {
            "query": said[start]["content"],
            "history": history,
            "dialogue_turn": max(turns, self.rejected),
            **put_questions(history, self.rejected),
            "user": self.user.model_dump(),
            **({"domain": self.domain} if self.domain else {}),
        }


def create_policy_app(
    policy: Policy, settings: ServeSettings, *, reader: ReaderAtOnce | None, domain: str
) -> web.Application:
    """The application. `reader` reads the clarity of what brings none; `domain` holds for what names none.

    Raises: SafetyRefusal when others could reach it without a key.
    """
    app = guarded_app(settings, "POST /v1/act and GET /v1/policy, /health")
    PolicyRoutes(policy, settings, reader, domain).add_to(app)
    return app


class PolicyRoutes:
    """What a policy answers; part of a server of its own, or of `live serve`."""

    def __init__(
        self, policy: Policy, settings: ServeSettings, reader: ReaderAtOnce | None, domain: str
    ) -> None:
        self.policy, self.reader, self.domain = policy, reader, domain
        self.desk: Desk[State, Decision] = Desk(
            compute=self._decide, concurrency=settings.concurrency, queue=settings.queue
        )

    def add_to(self, app: web.Application) -> None:
        """Answer at these addresses of `app`."""
        app.router.add_get("/v1/policy", self._about)
        app.router.add_post("/v1/act", self._act)
        app.on_cleanup.append(self._close)

    async def _close(self, app: web.Application) -> None:
        self.desk.close()

    async def _about(self, request: web.Request) -> web.Response:
        return json_response({"policy": self.policy.name, "actions": list(self.policy.actions)})

    async def _act(self, request: web.Request) -> web.Response:
        body = await read_json(request)
        # to look for questions takes long in long messages
        states = await asyncio.to_thread(self._states, body)
        told = [
            {"action": one.action, "probabilities": dict(one.probabilities)}
            for one in await self.desk.answered(states)
        ]
        if "states" in body:
            return json_response({"policy": self.policy.name, "decisions": told})
        return json_response({"policy": self.policy.name, **told[0]})

    def _states(self, body: dict[str, Any]) -> list[State]:
        given = [name for name in ("state", "states", "messages") if name in body]
        if len(given) != 1:
            raise invalid("give one of 'state', 'states' and 'messages'")
        if given[0] == "messages":
            rows: list[Any] = [as_record(MessagesAsked, body).row()]
        else:
            rows = body["states"] if given[0] == "states" else [body["state"]]
            if set(body) != {given[0]}:
                raise invalid(f"'{min(set(body) - {given[0]})}' is not known beside '{given[0]}'")
        if not isinstance(rows, list) or not 1 <= len(rows) <= MOST_STATES:
            raise invalid(f"'states' is no list of 1 to {MOST_STATES} states", "states")
        unknown = {key for row in rows if isinstance(row, dict) for key in row} - set(
            PublicState.model_fields
        )
        if unknown:
            raise invalid(f"a state has the key '{min(unknown)}', which no policy sees", given[0])
        try:
            return [parse_state(row, self.domain, "request") for row in rows]
        except ValueError as error:
            raise invalid(str(error), given[0]) from None

    def _decide(self, states: Sequence[State]) -> list[Decision]:
        """In a thread of the desk: reading what is not given takes the processor too."""
        seen = [state.public() for state in complete_states(states, reader=self.reader)]
        return decide(self.policy, seen, (seeded(0, state.id) for state in seen))
