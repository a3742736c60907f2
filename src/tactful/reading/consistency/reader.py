"""Consistency for code: k solutions of one request run against each other; where they disagree, the request is open.

One call plans the test (does the request ask for a function at all? on which inputs might programmers differ?), k calls
write solutions, and each runs once in the cage on all inputs: k + 1 calls and k programs a text. The evidence is the share
of pairs of solutions that differ. It is no probability until `tactful reader calibrate` has made it one.
Idea: ClarifyGPT (arXiv:2310.10996), which asks a model about the differences; we count them.
"""

from __future__ import annotations

import asyncio
import keyword
from collections.abc import Mapping

from tactful.llm import within_context
from tactful.llm.types import rehearsal_for
from tactful.prompts import load_prompt
from tactful.reading.asked import AskedReader, Unread, usable
from tactful.reading.consistency.running import disagreement, usable_calls
from tactful.reading.prompted.asking import MAX_CHARS, shown_request
from tactful.reading.types import Exchange, Missing, Need, Request
from tactful.sandbox import Sandbox
from tactful.text.code.answers import extract_code
from tactful.types import Moment, Record

PLAN = load_prompt(__file__, "plan", fields={"mark", "before", "request"})
SOLVE = load_prompt(__file__, "solve", fields={"mark", "before", "request", "signature"})
_FEWEST_CALLS = 2
_FLOOR = 0.02
"""Five solutions that agree do not show that no sixth would differ."""
_CODE_ALONE = "consistency reads requests for code alone"


class CodePlan(Record):
    """What is wanted, and what to try it with."""

    wants_function: bool
    name: str
    parameters: tuple[str, ...]
    calls: tuple[str, ...]


class ConsistencyReader(AskedReader):
    """A `Reader` of requests for a Python function; everything else is not known. Close it: it holds a sandbox.

    Raises, from `needs`: SafetyRefusal where there is no cage, unless `unsafe`; before the first call.
    """

    asks_with = (PLAN, SOLVE)
    _sandbox: Sandbox | None = None

    async def need(self, request: Request) -> Need:
        """The share of pairs of solutions that differ."""
        return await within_context(lambda most: self._need(request, most), MAX_CHARS)

    async def _need(self, request: Request, max_chars: int) -> Need:
        sandbox = self._opened()
        shown = shown_request(request, max_chars)
        rehearsal = rehearsal_for(self.model, "reading", "plan_code", {"text": shown["request"]})
        plan = await self.model.structured(PLAN.render(**shown), CodePlan, rehearsal=rehearsal)
        if not plan.wants_function:
            raise Unread("the request asks for no Python function")
        if not all(map(_is_name, (plan.name, *plan.parameters))):
            raise Unread(f"the model named no function that can be written: {plan.name!r}")
        calls = usable_calls(plan.calls, plan.name, request.text)
        if len(calls) < _FEWEST_CALLS:
            raise Unread(f"the model gave {len(calls)} usable inputs, fewer than {_FEWEST_CALLS}")
        solutions = await self._solutions(plan, shown)
        found = await asyncio.to_thread(disagreement, solutions, plan.name, calls, sandbox)
        self.runs += found.runs
        if found.solutions < 2:
            raise Unread(
                f"{found.solutions} of {self.setup.samples} solutions ran and gave what can be compared"
            )
        need = min(1 - _FLOOR, max(_FLOOR, found.share))
        where = f"solutions differ at {plan.name}({found.worst})"
        return Need(
            need=need,
            missing=(Missing(kind="constraint", p=need, what=where),) if need >= 0.5 else (),
        )

    async def reaction(self, exchange: Exchange) -> Mapping[str, float]:
        """Not known."""
        raise Unread(_CODE_ALONE)

    async def offer(self, moment: Moment) -> float:
        """Not known."""
        raise Unread(_CODE_ALONE)

    async def aclose(self) -> None:
        """End the sandbox. The model is the caller's."""
        if self._sandbox is not None:
            await asyncio.to_thread(self._sandbox.close)

    def _opened(self) -> Sandbox:
        """The sandbox, before any call is paid for. Raises: SafetyRefusal."""
        if self._sandbox is None:
            self._sandbox = Sandbox(unsafe=self.setup.unsafe_exec)
        return self._sandbox

    async def _solutions(self, plan: CodePlan, shown: Mapping[str, str]) -> list[str]:
        """The code of every answer that has some. Raises: StopRun; ProviderError, when none was given."""
        prompt = SOLVE.render(**shown, signature=f"{plan.name}({', '.join(plan.parameters)})")
        facts = {"text": shown["request"], "name": plan.name}
        rehearsal = rehearsal_for(self.model, "reading", "solve_code", facts)
        draws = range(self.setup.samples)
        drawn = await asyncio.gather(
            *(self.model.complete(prompt, sample=at, rehearsal=rehearsal) for at in draws),
            return_exceptions=True,
        )
        replies = usable(drawn, 1)
        return [code for reply in replies if (code := extract_code(reply.text, {plan.name}))]


def _is_name(text: str) -> bool:
    return text.isidentifier() and not keyword.iskeyword(text)
