"""Tactful in the OpenAI Agents SDK: each model call hears what is known of the request, and a needless question is not put.

    tactful live serve --mode act --port 8000

    tactful = Tactful(CounselThere("http://127.0.0.1:8000"), user="ann")
    agent = Agent(name="helper", tools=[ask_user(tactful.guardrail())])
    await Runner.run(agent, items, run_config=RunConfig(call_model_input_filter=tactful.tell))

`ask_user` stands for the tool by which your agent asks; its arguments are `question` and `options`, or `questions` of these.
"""

from __future__ import annotations

import asyncio

from agents import ToolGuardrailFunctionOutput, ToolInputGuardrail, ToolInputGuardrailData
from agents.run_config import CallModelData, ModelInputData

from tactful.live.counsel.facts import Facts
from tactful.live.counsel.types import Counsel


class Tactful:
    """For the runs of one person. Where there is no advice in time, the agent goes on as without it."""

    def __init__(self, counsel: Counsel, user: str = "") -> None:
        self.facts, self.user = Facts(counsel), user

    async def tell(self, data: CallModelData) -> ModelInputData:
        """`call_model_input_filter`: the fact stands behind the agent's instructions."""
        given = data.model_data
        fact = await asyncio.to_thread(self.facts.fact, given.input, user=self.user)
        return ModelInputData(given.input, "\n\n".join(filter(None, (given.instructions, fact))) or None)

    def guardrail(self) -> ToolInputGuardrail:
        """For `tool_input_guardrails` of the tool that asks."""
        return ToolInputGuardrail(guardrail_function=self._vet, name="tactful")

    async def _vet(self, data: ToolInputGuardrailData) -> ToolGuardrailFunctionOutput:
        asked = data.context
        told = await asyncio.to_thread(
            self.facts.veto, asked.turn_input, asked.tool_arguments, user=self.user
        )
        outcome = ToolGuardrailFunctionOutput
        return outcome.reject_content(told) if told else outcome.allow()
