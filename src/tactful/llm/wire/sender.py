"""Sends a question in the tightest form that endpoint and model take, and remembers what was found out.

Which JSON mode works is probed once; which name the token limit has and whether system messages are taken is learnt
from the first request that is turned down. All are kept in the call cache, so that a cached run sends nothing.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
import re
from typing import Any, NamedTuple

from pydantic import BaseModel

from tactful.errors import ProviderError
from tactful.llm.types import CallOptions, Outcome
from tactful.llm.wire.access import Access
from tactful.llm.wire.caller import BadRequest
from tactful.llm.wire.line import Line
from tactful.llm.wire.meaning import Answered
from tactful.llm.wire.modes import Mode, write_request
from tactful.llm.wire.probe import LIMIT_FIELDS, PROBE_PROMPT, PROBE_TOKENS, Findings, ProbeReply, holds
from tactful.llm.wire.refusals import refuses_system
from tactful.types import Message

_log = logging.getLogger(__name__)
_FORMAT_REFUSED = re.compile(
    r"response_format|json_schema|json_object|guided|schema|structured.?output|json mode", re.I
)
_LIMIT_REFUSED = re.compile(
    r"(?:unsupported|unknown|unrecognized).{0,60}max_tokens|max_tokens.{0,60}(?:not supported|deprecated)"
    r"|use .{0,10}max_completion_tokens",
    re.I,
)


class Question(NamedTuple):
    """One call: what is asked, and what its answer is filed under."""

    messages: tuple[Message, ...]
    asked: int
    """Messages of the prompt proper; the rest are bad replies and requests to correct them."""
    options: CallOptions
    reply_type: type[BaseModel] | None
    key: bytes


class Form(NamedTuple):
    """The form in which a request was tried."""

    limit_field: str
    no_system: bool


class Sender:
    """The way to one model at one endpoint. Opens its connections at the first request."""

    def __init__(self, access: Access) -> None:
        self._spec = access.spec
        self._endpoint = access.endpoint
        self._cache = access.cache
        self._line = Line(access, access.endpoint.chat_url)
        self._findings: Findings | None = None
        self._probing = asyncio.Lock()
        self._looser: dict[type[BaseModel], Mode] = {}

    async def send(self, question: Question) -> Answered:
        """The endpoint's answer, paid for and not stored yet.

        A JSON mode that is turned down for this reply type (400) is given up for the next looser one, with a warning.
        Raises: ProviderError, EndpointRefused (also after too many calls in a row without an answer), BudgetSpent.
        """
        try:
            return await self._send_tightest(question)
        except ProviderError as error:
            self._line.gave_none(error)
            raise

    async def _send_tightest(self, question: Question) -> Answered:
        if question.reply_type is None:
            return await self._send_as(question, Mode.PLAIN)
        mode = self._looser.get(question.reply_type) or await self.json_mode()
        while True:
            try:
                return await self._send_as(question, mode)
            except BadRequest as error:
                if mode is Mode.PLAIN or not _FORMAT_REFUSED.search(str(error)):
                    raise self._line.error(error.trouble) from None
            name = question.reply_type.__name__
            _log.warning("%s turned down %s mode for %s", self._endpoint.base_url, mode, name)
            mode = mode.looser()
            self._looser[question.reply_type] = mode

    async def json_mode(self) -> Mode:
        """How this endpoint and model are held to JSON; probed where it is not known yet."""
        findings = self._findings or await self._known()
        if findings.mode is None:
            async with self._probing:
                if findings.mode is None:
                    findings.mode = await self._probe_once(findings)
        return findings.mode

    async def aclose(self) -> None:
        """Close connections; calls after this are an error."""
        await self._line.aclose()

    async def _probe_once(self, findings: Findings) -> Mode:
        """The mode, remembered; another process that shares the cache may be finding it out at this moment."""
        if self._cache is None:
            return await self._probe()
        key = hashlib.sha256(f"probe of {self._fact()}".encode()).digest()[:16]
        await self._cache.find(key)  # waits for whoever probes now
        try:
            stored = await self._cache.find_fact(self._fact())
            mode = Findings.model_validate_json(stored).mode if stored else None
            if mode is None:
                mode = await self._probe()
                await self._remember(findings.model_copy(update={"mode": mode}))
        finally:
            self._cache.abandon(key)
        return mode

    async def _probe(self) -> Mode:
        messages = PROBE_PROMPT.render().messages
        question = Question(messages, len(messages), CallOptions(max_tokens=PROBE_TOKENS), ProbeReply, b"")
        for mode in (Mode.SCHEMA, Mode.OBJECT):
            try:
                answered = await self._send_as(question, mode)
            except BadRequest:
                continue  # not taken; what else is wrong with the request shows in the real one
            except ProviderError as error:
                if error.outcome != Outcome.TOO_LONG:
                    raise
                continue  # some servers babble on under a schema that they half support
            if holds(mode, answered.answer.text):
                return mode
        return Mode.PLAIN

    async def _send_as(self, question: Question, mode: Mode) -> Answered:
        """Send in this mode, in the form of token limit and system message that the endpoint takes. Raises BadRequest."""
        findings = self._findings or await self._known()
        while True:
            tried = Form(findings.limit_field, findings.no_system)

            def make_body(limit: int | None, tried: Form = tried) -> bytes:
                return write_request(
                    self._spec.name,
                    question.messages,
                    question.options,
                    limit=limit,
                    limit_field=tried.limit_field,
                    reply_type=question.reply_type,
                    mode=mode,
                    asked=question.asked,
                    no_system=tried.no_system,
                )

            try:
                return await self._line.caller().call(make_body, self._limit(question), question.messages)
            except BadRequest as error:
                learnt = _learnt(str(error), tried, question)
                if not learnt:
                    if question.reply_type is None:
                        raise self._line.error(error.trouble) from None
                    raise
            if any(
                getattr(findings, name) != value for name, value in learnt.items()
            ):  # the first to learn it
                for name, value in learnt.items():
                    setattr(findings, name, value)
                await self._remember(findings)

    def _limit(self, question: Question) -> int | None:
        limit, least = question.options.max_tokens, self._spec.least_max_tokens
        return least if limit is None else max(limit, least or 0)

    # ------------------------------------------------------------ what is known of the endpoint

    def _fact(self) -> str:
        return f"endpoint {self._endpoint.base_url} {self._spec.name}"

    async def _known(self) -> Findings:
        """What was found out before, read once; nothing is sent."""
        stored = await self._cache.find_fact(self._fact()) if self._cache is not None else None
        known = Findings.model_validate_json(stored) if stored else Findings()
        self._findings = self._findings or known  # all calls of this model learn in one place
        return self._findings

    async def _remember(self, findings: Findings) -> None:
        if self._cache is not None:
            await self._cache.put_fact(self._fact(), findings.model_dump_json().encode())


def _learnt(refusal: str, tried: Form, question: Question) -> dict[str, Any]:
    """What a request that was turned down shows about the form that the endpoint takes; empty for nothing new."""
    if tried.limit_field == LIMIT_FIELDS[0] and _LIMIT_REFUSED.search(refusal):
        return {"limit_field": LIMIT_FIELDS[1]}
    if (
        not tried.no_system
        and refuses_system(refusal)
        and any(item.role == "system" for item in question.messages)
    ):
        return {"no_system": True}
    return {}
