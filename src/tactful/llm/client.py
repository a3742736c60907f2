"""The client of one model at an OpenAI-compatible endpoint.

The path of a call: key → the same call already under way? → call cache → throttle, budget, HTTP, retries (`caller`) →
stored raw → parsed. A structured reply that does not validate is asked for again, the bad reply and the reason
appended; each such question has its own key, so that a replay walks the same path without a request.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Sequence
from typing import Literal, NamedTuple, TypeVar

from pydantic import BaseModel

from tactful.errors import ParseError, UserError
from tactful.llm.afresh import asks_afresh
from tactful.llm.cache import Calls
from tactful.llm.decisions import Ask, Decider, Said, Shown
from tactful.llm.endpoint import find_endpoint
from tactful.llm.replies.structured import Unusable, parse_reply, schema_text
from tactful.llm.replies.words import clip
from tactful.llm.spending.budget import Budget
from tactful.llm.spending.meter import count
from tactful.llm.spending.prices import PriceTable, price_table
from tactful.llm.types import CallOptions, ModelSpec, Rehearsal, Reply, Usage, messages_of
from tactful.llm.wire.access import Access
from tactful.llm.wire.meaning import Answer, Trouble
from tactful.llm.wire.modes import Mode, encode
from tactful.llm.wire.outcomes import read_response
from tactful.llm.wire.sender import Question, Sender
from tactful.prompts import Rendered, load_prompt
from tactful.types import Message

T = TypeVar("T", bound=BaseModel)

ASK_AGAIN = 2
"""How often a structured reply that does not validate is asked for again."""
ASK_AGAIN_PROMPT = load_prompt(__file__, "ask_again", fields={"problem"})

_NO_OPTIONS = CallOptions()
_LIVELY = 0.7
_SHOWN_REPLY = 8000
"""Characters of a bad reply that are shown to the model again."""


class _Found(NamedTuple):
    """The answer to a question, new or from the cache."""

    answer: Answer
    usage: Usage
    cached: bool


class ChatClient:
    """A `ChatModel` at a real endpoint. Made by `open_model`; belongs to one event loop from its first call on."""

    generator: Literal["endpoint", "offline"] = "endpoint"

    def __init__(
        self,
        spec: ModelSpec,
        *,
        cache: Calls | None = None,
        budget: Budget | None = None,
        prices: PriceTable | None = None,
    ) -> None:
        self.name = spec.name
        self._spec = spec
        self._endpoint = find_endpoint(spec)
        self._cache = cache
        price = (prices or price_table()).lookup(spec.name, self._endpoint.base_url)
        if budget is not None and budget.usd is not None and price is None:
            raise UserError(
                f"the price of '{spec.name}' at {self._endpoint.base_url} is not known, so a budget in USD cannot "
                "be kept; add it to the file that TACTFUL_PRICES names (docs/reference/models.md), or use --budget-tokens"
            )
        if budget is not None and price is not None:
            budget.price_earlier(price)
        self._access = Access(spec, self._endpoint, cache, budget, price)
        self._sender = Sender(self._access)
        self._decider = Decider(self._access)
        self._under_way: dict[bytes, list[asyncio.Future[_Found | None]]] = {}
        """Of every question that is being asked: those that wait for the same answer."""

    def __repr__(self) -> str:
        return f"ChatClient({self.name!r} at {self._endpoint.base_url!r})"

    async def complete(
        self,
        prompt: Rendered | Sequence[Message],
        *,
        options: CallOptions = _NO_OPTIONS,
        sample: int = 0,
        rehearsal: Rehearsal | None = None,
    ) -> Reply:
        """The answer as text. `usage` of a cached reply says what the call once used, at no cost now.

        Raises: as `ChatModel.complete`.
        """
        messages = messages_of(prompt)
        found = await self._ask(self._question(messages, len(messages), self._options(options), sample, None))
        answer = found.answer
        return Reply(
            text=answer.text,
            thoughts=answer.thoughts,
            finish_reason=answer.finish_reason,
            model=answer.model,
            usage=found.usage,
            cached=found.cached,
        )

    async def structured(
        self,
        prompt: Rendered | Sequence[Message],
        reply_type: type[T],
        *,
        options: CallOptions = _NO_OPTIONS,
        sample: int = 0,
        rehearsal: Rehearsal | None = None,
    ) -> T:
        """A validated reply. Raises: as `ChatModel.structured`."""
        messages, options = messages_of(prompt), self._options(options)
        value = await self._converse(messages, reply_type, options, sample, replay=True)
        if value is None:  # every reply was an old, bad one: ask afresh
            value = await self._converse(messages, reply_type, options, sample, replay=False)
        assert value is not None
        return value

    async def decide(self, shown: Shown, questions: Sequence[Ask]) -> list[Said]:
        """What the endpoint answers at `/v1/decisions`, one for each question, in order; see `Decider.decide`."""
        return await self._decider.decide(shown, questions)

    async def aclose(self) -> None:
        """Close connections; calls after this are an error. The cache stays open: it belongs to the caller."""
        await self._sender.aclose()
        await self._decider.aclose()

    async def json_mode(self) -> Mode:
        """The JSON mode of this endpoint and model, probed where it is not known yet."""
        return await self._sender.json_mode()

    # ------------------------------------------------------------ structured replies

    async def _converse(
        self,
        messages: tuple[Message, ...],
        reply_type: type[T],
        options: CallOptions,
        sample: int,
        *,
        replay: bool,
    ) -> T | None:
        """Ask until a reply validates. None when all replies came from the cache and none does."""
        asked, all_cached, problem, before = len(messages), True, "", ""
        for attempt in range(ASK_AGAIN + 1):
            if attempt:
                options = _livelier(options)
            question = self._question(messages, asked, options, sample, reply_type)
            found = await self._ask(question, replay=replay)
            all_cached = all_cached and found.cached
            try:
                parsed = parse_reply(found.answer.text, reply_type, complete=found.answer.ended)
            except Unusable as error:
                problem = str(error)
            else:
                if attempt or parsed.repaired:
                    count(None, repaired=int(parsed.repaired), asked_again=attempt)
                return parsed.value
            if self._cache is not None and not found.cached:
                self._cache.mark_invalid(question.key)
            shown = found.answer.text[:_SHOWN_REPLY]
            if shown == before:
                problem = f"it is the same as the one before; {problem}"
            before = shown
            correction = ASK_AGAIN_PROMPT.render(problem=problem).messages
            messages = (*messages, Message(role="assistant", content=shown), *correction)
        if replay and all_cached:
            return None
        count(None, asked_again=ASK_AGAIN)
        raise ParseError(
            f"{self.name}: no valid {reply_type.__name__} after {ASK_AGAIN + 1} replies: {problem}; "
            f"the last one began: {clip(shown)}",
            reply=found.answer.text,
        )

    # ------------------------------------------------------------ one question

    def _options(self, options: CallOptions) -> CallOptions:
        """The options of the call over those of the spec."""
        if options is _NO_OPTIONS or options == self._spec.options:
            return self._spec.options
        return self._spec.options.model_copy(update=options.model_dump(exclude_none=True))

    def _question(
        self,
        messages: tuple[Message, ...],
        asked: int,
        options: CallOptions,
        sample: int,
        reply_type: type[BaseModel] | None,
    ) -> Question:
        identity = (
            self._endpoint.base_url,
            self.name,
            [(message.role, message.content) for message in messages],
            (options.temperature, options.top_p, options.max_tokens, options.seed),
            schema_text(reply_type) if reply_type is not None else None,
            sample,
        )
        key = hashlib.sha256(encode(identity)).digest()[:16]
        return Question(messages, asked, options, reply_type, key)

    async def _ask(self, question: Question, *, replay: bool = True) -> _Found:
        """The answer: from a call under way, from the cache, or from the endpoint. Concurrent equals are sent once."""
        while (others := self._under_way.get(question.key)) is not None:
            turn: asyncio.Future[_Found | None] = asyncio.get_running_loop().create_future()
            others.append(turn)
            found = await turn
            if found is not None:
                self._access.note(question.key)
                return _Found(found.answer, _free(found.usage), cached=True)
        waiting = self._under_way[question.key] = []
        came: _Found | Exception | None = None  # stays so where cancelled: whoever waits asks for itself
        try:
            came = await self._recall(question.key) if replay and not asks_afresh() else None
            if came is None:
                came = await self._send_and_store(question)
            else:
                self._access.note(question.key)
            return came
        except Exception as error:
            came = error
            raise
        finally:
            del self._under_way[question.key]
            _tell(waiting, came)

    async def _recall(self, key: bytes) -> _Found | None:
        stored = await self._cache.find(key) if self._cache is not None else None
        if stored is None:
            return None
        answer = read_response(200, {}, stored.body)
        if isinstance(answer, Trouble):
            return None
        prompt, completion, estimated = stored.usage.split(b",")
        # model_construct: the row's hash was checked, and a cached run does this once per call.
        usage = Usage.model_construct(
            cached=1,
            prompt_tokens=int(prompt),
            completion_tokens=int(completion),
            estimated=estimated == b"1",
        )
        return _Found(answer, usage, cached=True)

    async def _send_and_store(self, question: Question) -> _Found:
        sent = self._sender.send(question)
        answered = await self._access.stored(question.key, sent, question.messages)
        return _Found(answered.answer, answered.usage, cached=False)


def _tell(waiting: list[asyncio.Future[_Found | None]], came: _Found | Exception | None) -> None:
    """What came of a question, to all that wait for it."""
    for turn in waiting:
        if turn.done():  # cancelled
            continue
        if isinstance(came, Exception):
            turn.set_exception(came)
        else:
            turn.set_result(came)


def _livelier(options: CallOptions) -> CallOptions:
    """Options for asking again: near temperature 0 a model would send the same reply once more."""
    if options.temperature is None or options.temperature >= _LIVELY:
        return options
    return options.model_copy(update={"temperature": _LIVELY})


def _free(usage: Usage) -> Usage:
    """What a call used, when it is not paid for again."""
    return usage.model_copy(update={"calls": 0, "cached": 1, "cost_usd": 0.0})
