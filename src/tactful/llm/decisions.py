"""Questions that an endpoint answers with probabilities: `POST /v1/decisions`, as the official client sends it.

All questions about one input go in one request. What is wrong with one answer (refused, of another type, without
probabilities) is told of that one; the others stand. Cost, budget, cache, retries and the throttle are those of chat.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import Field

from tactful.errors import ProviderError
from tactful.llm.replies.words import clip
from tactful.llm.types import Outcome
from tactful.llm.wire.access import Access
from tactful.llm.wire.caller import BadRequest
from tactful.llm.wire.line import Line
from tactful.llm.wire.meaning import Answer, Answered, Next, Trouble
from tactful.llm.wire.modes import encode
from tactful.llm.wire.outcomes import read_json
from tactful.types import Message, Record

MOST_QUESTIONS = 400
Shown = str | Sequence[Message]
"""What the questions are about: one text, or the messages of a conversation."""
_SUM_OFF = 0.02
"""How far probabilities of choices may sum from 1: rounding, no more."""
_NO_DECISIONS = "check --base-url: it answers no decisions there (most end in /v1), then resume"


class Ask(Record):
    """One question: a statement whose probability is wanted, or, with `choices`, which of them applies."""

    name: str
    instructions: str
    choices: Mapping[str, str] = {}
    """Value → description; empty: a predicate."""

    def wire(self) -> dict[str, Any]:
        """As the request has it."""
        asked: dict[str, Any] = {"name": self.name, "instructions": self.instructions}
        if not self.choices:
            return {"type": "predicate", **asked}
        choices = [{"value": value, "description": about} for value, about in self.choices.items()]
        return {"type": "choice", **asked, "choices": choices}


class Said(Record):
    """The answer to one question; neither probability nor shares: none, for the reason in `why`."""

    p: float | None = Field(default=None, ge=0, le=1)
    """Of a predicate."""
    shares: Mapping[str, float] = {}
    """Of a choice: value → probability, summing to 1."""
    why: str = ""


class Decider:
    """The way to `/v1/decisions` of one model. Opens its connections at the first request."""

    def __init__(self, access: Access) -> None:
        self._access = access
        self._line = Line(access, access.endpoint.decisions_url, _read_decision)

    async def decide(self, shown: Shown, questions: Sequence[Ask]) -> list[Said]:
        """One answer for each question, in order.

        Raises: ProviderError (refused, unreadable, out of reach); EndpointRefused (also after too many calls in a row
        without an answer) and BudgetSpent, when going on is pointless.
        """
        assert 0 < len(questions) <= MOST_QUESTIONS
        request = encode(
            {
                "model": self._access.spec.name,
                "input": shown if isinstance(shown, str) else [_message(one) for one in shown],
                "questions": [question.wire() for question in questions],
            }
        )
        key = hashlib.sha256(encode(("decisions", self._access.endpoint.base_url)) + request).digest()[:16]
        cache = self._access.cache
        if cache is not None and (stored := await cache.find(key)) is not None:
            self._access.note(key)
            return read_answers(read_json(stored.body), questions)
        estimated = [Message(role="user", content=request.decode())]
        answered = await self._access.stored(key, self._send(request, estimated), estimated)
        return read_answers(read_json(answered.body), questions)

    async def _send(self, request: bytes, estimated: Sequence[Message]) -> Answered:
        try:
            return await self._line.caller().call(lambda limit: request, None, estimated)
        except BadRequest as error:
            raise self._line.error(error.trouble) from None
        except ProviderError as error:
            self._line.gave_none(error)
            raise

    async def aclose(self) -> None:
        """Close connections; calls after this are an error."""
        await self._line.aclose()


def read_answers(data: Any, questions: Sequence[Ask]) -> list[Said]:
    """The answers of a reply in the order of the questions: by name where they have one, else by place."""
    answers = data.get("answers") if isinstance(data, dict) else None
    if not isinstance(answers, list) or len(answers) != len(questions):
        found = len(answers) if isinstance(answers, list) else "no"
        return [Said(why=f"the endpoint gave {found} answers to {len(questions)} questions")] * len(questions)
    named = {
        name: one
        for one in answers
        if isinstance(one, dict) and isinstance(name := one.get("name"), str) and name
    }
    by_name = len(named) == len(questions)
    return [
        _read_answer(named.get(question.name) if by_name else answer, question)
        for question, answer in zip(questions, answers, strict=True)
    ]


def _read_answer(answer: Any, question: Ask) -> Said:
    if not isinstance(answer, dict):
        return Said(why=f"the endpoint gave no answer to '{question.name}'")
    wanted = "choice" if question.choices else "predicate"
    kind = answer.get("type")
    if kind == "refusal":
        return Said(why=f"the model refused to answer '{question.name}'")
    if kind != wanted:
        return Said(why=f"'{question.name}' was answered by a {clip(str(kind), 40)}, expected a {wanted}")
    if not question.choices:
        given = answer.get("probability")
        if (p := _probability(given)) is None:
            shown = clip(repr(given), 40)
            return Said(why=f"'{question.name}' has probability {shown}, expected 0 to 1")
        return Said(p=p)
    given_shares = answer.get("probabilities")
    found = {
        str(one.get("value")): p
        for one in (given_shares if isinstance(given_shares, list) else ())
        if isinstance(one, dict) and (p := _probability(one.get("probability"))) is not None
    }
    lacking = [value for value in question.choices if value not in found]
    if lacking:
        return Said(why=f"'{question.name}' has no probability for '{lacking[0]}'")
    total = sum(found[value] for value in question.choices)
    if abs(total - 1) > _SUM_OFF:
        return Said(why=f"the probabilities of '{question.name}' sum to {total:.2f}, expected 1")
    return Said(shares={value: found[value] / total for value in question.choices})


def _probability(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if 0 <= value <= 1 else None


def _message(message: Message) -> dict[str, str]:
    return {"type": "message", "role": message.role, "content": message.content}


def _read_decision(data: dict[str, Any], headers: Mapping[str, str]) -> Answer | Trouble:
    if not isinstance(data.get("answers"), list):
        said = f"the endpoint sent {clip(encode(data))}, which is no decision"
        return Trouble(
            Outcome.UNREADABLE, Next.AGAIN, said, paid=True, fix=_NO_DECISIONS, at_first_contact=True
        )
    return Answer("", "stop", str(data.get("model") or ""), _usage(data.get("usage")))


def _usage(usage: Any) -> dict[str, Any] | None:
    """Usage under the names of chat completions."""
    if not isinstance(usage, dict):
        return None
    return {
        "prompt_tokens": usage.get("input_tokens"),
        "completion_tokens": usage.get("output_tokens"),
        "prompt_tokens_details": usage.get("input_tokens_details"),
    }
