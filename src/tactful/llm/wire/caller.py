"""One request until it has an outcome: throttle, retries, deadline, budget and usage.

The deadline runs from the moment a call has its slot: queueing for a slot or for the rate limit does not count,
retries and their backoff do. One attempt may take half of it, so that a hung one leaves time for another. Where the
spec sets none, it follows what the model has shown it can do (`shown`), and pauses after a 429 do not count either, up
to an hour: an endpoint with a small limit makes many wait far longer than its answers take.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from tactful.errors import EndpointRefused, ProviderError
from tactful.llm.replies.words import clip
from tactful.llm.spending.budget import Budget, Hold
from tactful.llm.spending.meter import count
from tactful.llm.throttle import Deferred, Throttle
from tactful.llm.types import Outcome
from tactful.llm.wire.access import Access
from tactful.llm.wire.limits import room_left, tokens_written
from tactful.llm.wire.meaning import Answer, Answered, Next, Trouble
from tactful.llm.wire.outcomes import DataReader, read_response
from tactful.llm.wire.shown import Shown
from tactful.llm.wire.transport import MAX_BODY_BYTES, Lost, TooLarge, Transport
from tactful.llm.wire.usage import most_prompt_tokens, reported_tokens, usage_of
from tactful.types import Message

_log = logging.getLogger(__name__)
BUDGETED_TOKENS = 4096
"""Token limit that is sent when a budget must be kept and the caller set none."""
_MOST_RETRIES = 8
_MOST_FIRST_CONTACTS = 4
_MOST_AGAIN = {Outcome.UNREADABLE: 3, Outcome.REFUSED: 1, Outcome.FILTERED: 1}
_MOST_LONGER_EMPTY, _MOST_LONGER_CUT = 3, 1
_FIRST_BACKOFF_S, _LONGEST_BACKOFF_S = 0.25, 8.0
_MOST_PAUSED_S = 3600.0
_TOO_SLOW = (
    "a slow model needs a longer --timeout, a smaller --max-tokens or fewer requests at once (--concurrency)"
)
_TOO_MANY = "the endpoint asked to wait beyond the deadline; with a known limit, --requests-per-minute keeps within it"
_TOO_SHORT = "raise --max-tokens (also for the failed records alone: tactful runs retry RUN --max-tokens N)"

BodyMaker = Callable[[int | None], bytes]
"""Token limit → the bytes of the request."""


class BadRequest(Exception):
    """The endpoint turned down the request itself (400 and its kin): perhaps a mode or a parameter."""

    def __init__(self, trouble: Trouble) -> None:
        super().__init__(trouble.message)
        self.trouble = trouble


class _Took(NamedTuple):
    """One exchange on the wire."""

    elapsed_s: float
    body_bytes: int
    most_prompt: int
    ticket: int


@dataclass(slots=True)
class _Progress:
    """How often this call has been tried, and for which reason."""

    limit: int | None
    full_limit: int | None
    """What the caller allows; under a budget less is tried first."""
    timeout_s: float
    deadline: float
    may_pause_s: float
    """Pauses of the endpoint that do not count."""
    shrunk: bool = False
    retries: int = 0
    again: int = 0
    longer: int = 0
    last: Trouble | None = None


class Caller:
    """Sends the requests of one model."""

    def __init__(
        self, access: Access, transport: Transport, throttle: Throttle, read_data: DataReader | None
    ) -> None:
        self._transport = transport
        self._throttle = throttle
        self._endpoint = access.where
        self._key_env = access.endpoint.key_env
        self._timeout_s = access.spec.timeout_s
        self._budget = access.budget if access.budget and access.budget.capped else None
        self._price = access.price
        self._hide = access.endpoint.hide
        self._read_data = read_data
        self._shown = Shown()
        self._unknown_endings: Counter[str] = Counter()

    async def call(self, make_body: BodyMaker, limit: int | None, messages: Sequence[Message]) -> Answered:
        """Send until answered.

        Raises: ProviderError, EndpointRefused, BudgetSpent; BadRequest for the caller of this to look into.
        """
        await self._throttle.enter()
        try:
            first = limit
            if self._budget is not None:
                limit = limit or BUDGETED_TOKENS
                first = self._shown.first_limit(limit)
            timeout_s = self._timeout_s or self._shown.deadline_s(limit)
            deadline = asyncio.get_running_loop().time() + timeout_s
            may_pause_s = 0.0 if self._timeout_s else _MOST_PAUSED_S
            progress = _Progress(first, limit, timeout_s, deadline, may_pause_s)
            while True:
                result = await self._attempt(make_body(progress.limit), progress, messages)
                if isinstance(result, Answered):
                    return result
                progress.last = result
                await self._after(result, progress)
        finally:
            self._throttle.leave()

    # ------------------------------------------------------------ one attempt

    async def _attempt(
        self, body: bytes, progress: _Progress, messages: Sequence[Message]
    ) -> Answered | Trouble:
        throttle, now = self._throttle, asyncio.get_running_loop().time
        if progress.last is not None:  # the first attempt asked as the call came in
            asked_at = now()
            await throttle.limited()
            progress.deadline += now() - asked_at
        most_prompt = most_prompt_tokens(body, len(messages))
        hold = None
        if self._budget is not None:
            prompt_tokens = self._shown.most_prompt(len(body), most_prompt)
            hold = await self._reserve(self._budget, prompt_tokens, progress.limit)
        came_at = now()
        try:
            ticket = await throttle.pass_through(progress.deadline + progress.may_pause_s)
        except BaseException as error:
            if hold:
                hold.release()
            if isinstance(error, Deferred):
                raise self._failed(progress.last, _TOO_MANY) from None
            raise
        sent_at = now()
        paused_s = min(progress.may_pause_s, sent_at - came_at)
        progress.may_pause_s -= paused_s
        progress.deadline += paused_s
        until = min(progress.deadline, sent_at + progress.timeout_s / 2)
        try:
            status, headers, raw = await self._transport.post(body, until=until)
        except Lost as error:
            _end(hold, paid=error.sent)
            throttle.strained(ticket)
            hopeless = not error.sent and not throttle.reached and progress.retries >= _MOST_FIRST_CONTACTS
            then = Next.STOP if hopeless or error.for_good else Next.RETRY
            fix = error.fix or (_TOO_SLOW if error.slow else "")
            return Trouble(Outcome.OUT_OF_REACH, then, str(error), status=0, fix=fix)
        except TooLarge:
            _end(hold, paid=True)
            message = f"the answer is larger than {MAX_BODY_BYTES >> 20} MiB"
            return Trouble(Outcome.TOO_LONG, Next.FAIL, message)
        except BaseException:  # cancelled: it may have been charged
            _end(hold, paid=True)
            raise
        raw = self._hide(raw)
        result = read_response(status, headers, raw, sent=messages, read_data=self._read_data)
        took = _Took(now() - sent_at, len(body), most_prompt, ticket)
        return self._account(result, raw, hold, took, progress.limit, messages)

    async def _reserve(self, budget: Budget, prompt_tokens: int, limit: int | None) -> Hold:
        most_completion = limit or BUDGETED_TOKENS
        cost = self._price.cost_usd(prompt_tokens, most_completion) if self._price else 0.0
        return await budget.reserve(cost, prompt_tokens + most_completion)

    def _account(
        self,
        result: Answer | Trouble,
        raw: bytes,
        hold: Hold | None,
        took: _Took,
        limit: int | None,
        messages: Sequence[Message],
    ) -> Answered | Trouble:
        """Tell throttle, budget and meter what became of the request."""
        if isinstance(result, Trouble):
            if result.then is Next.RETRY:
                self._throttle.strained(took.ticket)
            elif result.then is Next.PAUSE:
                self._throttle.paused(took.ticket, result.wait_s)
            elif result.paid and not result.at_first_contact:
                self._throttle.succeeded()
            if not result.paid:
                _end(hold, paid=False)
                return result
        else:
            self._throttle.succeeded()
        tokens = reported_tokens(
            result.usage, messages, most_prompt=took.most_prompt, most_completion=limit, text=result.text
        )
        usage = usage_of(tokens, messages, result.text, self._price, result.usage)
        count(usage)
        if hold is not None and tokens is not None:
            hold.settle(usage.cost_usd or 0.0, sum(tokens))
        elif hold is not None:
            hold.keep(usage)
        if isinstance(result, Trouble):
            return result
        self._learn(result, took, (usage.prompt_tokens, usage.completion_tokens), credible=tokens is not None)
        return Answered(result, raw, usage)

    def _learn(self, answer: Answer, took: _Took, tokens: tuple[int, int], *, credible: bool) -> None:
        if self._shown.queues(took.elapsed_s, tokens, self._throttle.at_once):
            self._throttle.queued(took.ticket)
        if credible:
            self._shown.learn(took.elapsed_s, tokens, took.body_bytes)
        if not answer.ended:
            count(None, unknown_endings=1)
            self._unknown_endings[answer.finish_reason] += 1
            so_far = self._unknown_endings[answer.finish_reason]
            if so_far in (1, 10, 100, 1000, 10_000):
                _log.warning(
                    "%s: finish_reason '%s' is not known; the answer is taken for whole (%d so far)",
                    self._endpoint,
                    clip(answer.finish_reason, 60),
                    so_far,
                )

    # ------------------------------------------------------------ what next

    async def _after(self, trouble: Trouble, progress: _Progress) -> None:
        """Wait, or change what is asked; raises when there is nothing left to try."""
        wrong_place = trouble.at_first_contact and not self._throttle.reached and progress.again
        if trouble.then is Next.STOP or wrong_place:
            raise self._refuse(trouble)
        if trouble.then is Next.FAIL:
            self._give_up(trouble, progress)
        elif trouble.then is Next.PAUSE:
            if trouble.wait_s is not None and trouble.wait_s > progress.timeout_s:
                raise self._refuse(trouble)
        elif trouble.then is Next.LONGER:
            self._lengthen(trouble, progress)
        elif trouble.then is Next.AGAIN:
            progress.again += 1
            if progress.again > _MOST_AGAIN[trouble.outcome]:
                raise self._failed(trouble, f"asked {progress.again} times")
        else:
            await self._back_off(trouble, progress)

    def _give_up(self, trouble: Trouble, progress: _Progress) -> None:
        """A request that is turned down for good; where its token limit alone leaves no room, once more with less."""
        if not 400 <= trouble.status < 500:
            raise self._failed(trouble)
        if trouble.outcome is Outcome.TOO_LONG:
            if progress.longer:
                raise self._failed(trouble, f"the answer was cut before; {_TOO_SHORT}")
            if trouble.fix:
                raise self._refuse(trouble)
            room = room_left(trouble.message) if progress.limit and not progress.shrunk else None
            if room is not None and progress.limit and room < progress.limit:
                progress.limit, progress.shrunk = room, True
                return
        raise BadRequest(trouble)

    def _lengthen(self, trouble: Trouble, progress: _Progress) -> None:
        """A larger limit than the one that was too small, whoever set it."""
        if (
            progress.limit
            and progress.full_limit
            and progress.limit < progress.full_limit
            and not progress.shrunk
        ):
            progress.limit = progress.full_limit
            return
        progress.longer += 1
        most = _MOST_LONGER_CUT if trouble.text.strip() else _MOST_LONGER_EMPTY
        if progress.longer > most or progress.shrunk:
            raise self._failed(trouble, f"also with a limit of {progress.limit}; {_TOO_SHORT}")
        progress.limit = (
            2 * progress.limit if progress.limit else max(BUDGETED_TOKENS, 2 * tokens_written(trouble))
        )

    async def _back_off(self, trouble: Trouble, progress: _Progress) -> None:
        """Exponential backoff with full jitter, or longer where the endpoint asks for it."""
        progress.retries += 1
        longest = min(_LONGEST_BACKOFF_S, _FIRST_BACKOFF_S * 2 ** (progress.retries - 1))
        wait_s = max(random.random() * longest, trouble.wait_s or 0.0)
        left_s = progress.deadline - asyncio.get_running_loop().time()
        if progress.retries > _MOST_RETRIES:
            raise self._failed(trouble, f"tried {progress.retries} times")
        if wait_s >= left_s:
            raise self._failed(trouble, f"gave up after {progress.timeout_s:g} s")
        await asyncio.sleep(wait_s)

    def _failed(self, trouble: Trouble | None, why: str = "") -> ProviderError:
        outcome = trouble.outcome if trouble else Outcome.DEFERRED
        said = (trouble.message, why, trouble.fix) if trouble else (why,)
        return ProviderError(f"{self._endpoint}: {'; '.join(filter(None, said))}", outcome=outcome.value)

    def _refuse(self, trouble: Trouble) -> EndpointRefused:
        """Shut the throttle and say what to fix."""
        refused = EndpointRefused(f"{self._endpoint}: {trouble.message}; {self._fix(trouble)}")
        self._throttle.refused = self._throttle.refused or refused
        return refused

    def _fix(self, trouble: Trouble) -> str:
        if trouble.fix:
            return trouble.fix
        if trouble.status == 429 and trouble.wait_s is not None:
            again = datetime.now(UTC) + timedelta(seconds=min(trouble.wait_s, 10**8))
            return f"it asks to wait {trouble.wait_s:.0f} s; resume after {again:%Y-%m-%d %H:%M} UTC"
        if trouble.status in (401, 403):
            return f"check the key in {self._key_env} and what it is allowed to do, then resume"
        if trouble.status == 402:
            return "add credit or raise the limit at the vendor, then resume"
        if trouble.status in (404, 405):
            return "check --model and --base-url (most end in /v1), then resume"
        if 300 <= trouble.status < 400:
            return "the endpoint redirects, which is not followed; set --base-url to where it really is"
        return "start the server or check --base-url, then resume"


def _end(hold: Hold | None, *, paid: bool) -> None:
    if hold is not None:
        hold.keep() if paid else hold.release()
