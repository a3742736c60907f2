"""Tactful as middleware of LangChain: each model call hears what is known of the request, and a needless question is not put.

    tactful live serve --mode act --port 8000

    middleware = TactfulMiddleware(CounselThere("http://127.0.0.1:8000"), user="ann", ask_tool="ask_user")
    agent = create_agent("openai:gpt-4.1-mini", tools=[ask_user], middleware=[middleware])

`ask_tool` names the tool by which your agent asks; its arguments are `question` and `options`, or `questions` of these.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from langchain.agents.middleware import AgentMiddleware, ModelRequest, ModelResponse
from langchain.agents.middleware.types import ToolCallRequest
from langchain_core.messages import SystemMessage, ToolMessage, convert_to_openai_messages

from tactful.live.counsel.facts import Facts
from tactful.live.counsel.types import Counsel


class TactfulMiddleware(AgentMiddleware):
    """For one person. Where there is no advice in time, the agent goes on as without it."""

    def __init__(self, counsel: Counsel, *, user: str = "", ask_tool: str = "ask_user") -> None:
        super().__init__()
        self.facts, self.user, self.ask_tool = Facts(counsel), user, ask_tool

    def wrap_model_call(
        self, request: ModelRequest, handler: Callable[[ModelRequest], ModelResponse]
    ) -> ModelResponse:
        """The fact stands behind the system prompt."""
        return handler(self._told(request))

    async def awrap_model_call(
        self, request: ModelRequest, handler: Callable[[ModelRequest], Awaitable[ModelResponse]]
    ) -> ModelResponse:
        """The same for coroutines."""
        return await handler(await asyncio.to_thread(self._told, request))

    def wrap_tool_call(self, request: ToolCallRequest, handler: Callable[[ToolCallRequest], Any]) -> Any:
        """A needless question gets the default to assume in place of an answer."""
        return self._vetoed(request) or handler(request)

    async def awrap_tool_call(
        self, request: ToolCallRequest, handler: Callable[[ToolCallRequest], Awaitable[Any]]
    ) -> Any:
        """The same for coroutines."""
        return await asyncio.to_thread(self._vetoed, request) or await handler(request)

    def _told(self, request: ModelRequest) -> ModelRequest:
        fact = self.facts.fact(convert_to_openai_messages(request.messages), user=self.user)
        prompt = "\n\n".join(filter(None, (request.system_prompt, fact)))
        return request.override(system_message=SystemMessage(prompt)) if fact else request

    def _vetoed(self, request: ToolCallRequest) -> ToolMessage | None:
        call, said = request.tool_call, convert_to_openai_messages(request.state["messages"])
        told = call["name"] == self.ask_tool and self.facts.veto(said, call["args"], user=self.user)
        return ToolMessage(told, tool_call_id=call["id"]) if told else None
