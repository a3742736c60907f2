"""One call of a hook → what the agent is told, or None: nothing.

| event | what happens |
|---|---|
| UserPromptSubmit | what came of the turn before is learned; the behaviour goes to the agent as additional context |
| PreToolUse of an ask tool | a needless question is declined with the default to assume; every other one passes |
| anything else | nothing |
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import orjson
from pydantic import BaseModel, ConfigDict, Field

from tactful.data.logs.drafting.asking import ask_of
from tactful.live.counsel.types import Counsel
from tactful.live.deciding.vetting import RECOMMENDED
from tactful.live.hooks.transcript import asked_since, messages_of, turns_of
from tactful.types import ChatTurn, NativeAsk

_ID = 64


class HookCall(BaseModel):
    """What an agent sends. Keys that are not named here change nothing."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    hook_event_name: str
    session_id: str = Field(min_length=1)
    transcript_path: str | None = None
    prompt: str = ""
    tool_name: str = ""
    tool_input: Mapping[str, Any] = {}

    @property
    def conversation(self) -> str:
        """The session, as conversations are named."""
        return self.session_id[:_ID]

    def turns(self) -> list[ChatTurn]:
        """The session so far."""
        log = self.transcript_path
        return turns_of(Path(log).expanduser(), self.session_id) if log else []


def answer(
    call: HookCall, counsel: Counsel, *, user: str, unlearned: Callable[[Exception], None]
) -> dict[str, Any] | None:
    """What the agent is told, in the shape that it takes; None: nothing.

    `unlearned` hears why nothing could be learned of the turn before: the agent is told all the same.
    """
    if call.hook_event_name == "UserPromptSubmit":
        return _at_prompt(call, counsel, user, unlearned)
    if call.hook_event_name == "PreToolUse":
        return _at_question(call, counsel, user)
    return None


def _at_prompt(
    call: HookCall, counsel: Counsel, user: str, unlearned: Callable[[Exception], None]
) -> dict[str, Any] | None:
    prompt = call.prompt.strip()
    if not prompt or prompt.startswith(("/", "!")):
        return None  # a command of the agent's own, or of a shell
    turns = call.turns()
    if turns and turns[-1].role == "user" and not turns[-1].answers and turns[-1].content.strip() == prompt:
        turns.pop()  # the agent has written it down already
    now = ChatTurn(role="user", content=prompt)
    if (asked := asked_since(turns)) is not None:
        at, ask = asked
        reply = next((place for place in range(at + 1, len(turns)) if turns[place].role == "user"), None)
        heard = turns[: reply + 1] if reply is not None else [*turns, now]
        try:
            counsel.observe(messages_of(heard), ask, conversation=call.conversation)
        except Exception as error:
            unlearned(error)
    told = counsel.advise(messages_of([*turns, now]), user=user, conversation=call.conversation)
    if not told["behaviour"]:
        return None
    return _wrapped(call, additionalContext=told["behaviour"])


def _at_question(call: HookCall, counsel: Counsel, user: str) -> dict[str, Any] | None:
    ask = _ask(call)
    if ask is None:
        return None
    turns = call.turns()
    last = next((at for at in range(len(turns) - 1, -1, -1) if turns[at].role == "user"), None)
    if last is None:
        return None
    vetted = counsel.vet(messages_of(turns[: last + 1]), ask, user=user, conversation=call.conversation)
    if vetted["put"]:
        return None
    return _wrapped(call, permissionDecision="deny", permissionDecisionReason=vetted["told"])


def _ask(call: HookCall) -> NativeAsk | None:
    """What is asked. Where several options may be taken, or an answer is secret, only a recommended one can be assumed."""
    ask = ask_of(call.tool_name, orjson.dumps(dict(call.tool_input)).decode())
    rows = call.tool_input.get("questions")
    if ask is None or not isinstance(rows, list) or len(rows) != len(ask.options):
        return ask
    options = tuple(
        tuple(one for one in offered if RECOMMENDED.search(one)) if _is_open(row) else offered
        for row, offered in zip(rows, ask.options, strict=True)
    )
    return ask.model_copy(update={"options": options})


def _is_open(row: Any) -> bool:
    return isinstance(row, Mapping) and bool(
        row.get("multiSelect") or row.get("multi_select") or row.get("isSecret") or row.get("is_secret")
    )


def _wrapped(call: HookCall, **told: str) -> dict[str, Any]:
    """Outside this wrapping, what is said does not arrive."""
    return {"hookSpecificOutput": {"hookEventName": call.hook_event_name, **told}}
