"""`Advisor`: a decision on each turn, and what came of it. Whatever fails, the assistant goes on as before.

    decide:   messages → conversation (by its prefix) → what came of the turn before, at a glance → state → belief → choice
    observe:  the turn before, judged in full, away from the request's path → taste of its user

A decision that takes microseconds is made where it is asked for. Where a reader reads or the database has to be waited for, it is
made in a thread, so that an event loop is never held up. What is stored is committed by one writer (`storing/writer.py`);
`Decided.stored` is done when it is safe.
"""

from __future__ import annotations

import asyncio
import logging
import os
import time
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Self
from uuid import uuid4

from tactful.data.logs.users import Names
from tactful.live.deciding.judging import Judging
from tactful.live.deciding.turn import Decider, Turn
from tactful.live.following.recognising import place_of
from tactful.live.following.tasks import Followed, followed, is_due, last_exchange, said, whole
from tactful.live.keeping.lookup import Known
from tactful.live.keeping.memory import Memory
from tactful.live.settings import LiveSettings
from tactful.live.storing import open_live_store
from tactful.live.types import Advice, Observation
from tactful.policy import CostPolicy
from tactful.reading.opening import open_embedded_reader
from tactful.reading.types import ReaderAtOnce
from tactful.types import Message, NativeAsk, Policy

_PRUNE_S = 3600.0
_MOST_THREADS = 8
_log = logging.getLogger(__name__)
ACTIONS = ("Execute", "Clarify")


@dataclass(frozen=True)
class Decided:
    """An advice, and when it is safe in the database."""

    advice: Advice
    stored: Future[None]


class Advisor:
    """Decides turn by turn and learns from what follows. Safe to use from several threads.

    `policy`: by default the cost policy over answering and asking. `reader`: by default the bundled encoder.
    `database`: a path or `postgresql://…`. `settings`: mode, share of traffic, bounds.
    """

    def __init__(
        self,
        database: Path | str = "live.sqlite",
        *,
        policy: Policy | None = None,
        reader: ReaderAtOnce | None = None,
        settings: LiveSettings | None = None,
    ) -> None:
        self.policy = policy or CostPolicy(ACTIONS)
        self.settings = (settings or LiveSettings()).by_policy(self.policy)
        self.reader = reader or open_embedded_reader()
        self.failed = 0
        """Decisions that failed and let the assistant go on."""
        self._names = Names()
        self._memory = Memory(open_live_store(database), self.settings, advises=True)
        self._decider = Decider(self.policy, self.settings)
        self._deciding = ThreadPoolExecutor(_threads(), thread_name_prefix="tactful-live")
        self._judging = Judging(self._memory)
        self._closed = False
        self._prune_at = 0.0

    def ready(self) -> None:
        """Read and choose once, unstored: the first decision of a process loads what the later ones find loaded."""
        population = self._memory.shared.population()
        self._deciding.submit(self._decider.rehearse, self.reader, population).result()

    # ------------------------------------------------------------ decide

    def decide(
        self,
        messages: Sequence[Message],
        *,
        user: str = "",
        conversation: str = "",
        ask: NativeAsk | None = None,
    ) -> Advice:
        """What to do about the user's last message. Never raises for what fails inside: such an advice says `failed`.

        `user`: any name for the person, stored as a hash. `conversation`: its id where the caller has one; else it is
        recognised by its prefix. `ask`: how the assistant's last turn asked, where it used a tool. Raises: ValueError where
        the last message is not the user's.
        """
        turn = self._turn(messages, user, conversation, ask)
        try:
            found = self._at_once(turn) or self._in_thread(turn).result(self.settings.timeout_ms / 1000)
            return found.advice
        except Exception as error:
            return self._failed(error, turn)

    async def adecide(
        self,
        messages: Sequence[Message],
        *,
        user: str = "",
        conversation: str = "",
        ask: NativeAsk | None = None,
    ) -> Decided:
        """As `decide`, without holding up the event loop, and with the future of its being stored."""
        turn = self._turn(messages, user, conversation, ask)
        try:
            if (found := self._at_once(turn)) is not None:
                return found
            work = asyncio.wrap_future(self._in_thread(turn))
            return await asyncio.wait_for(work, self.settings.timeout_ms / 1000)
        except Exception as error:
            never: Future[None] = Future()
            never.set_exception(RuntimeError("the decision failed"))
            return Decided(self._failed(error, turn), never)

    def _turn(self, messages: Sequence[Message], user: str, conversation: str, ask: NativeAsk | None) -> Turn:
        if not is_due(messages):
            raise ValueError("the last message is not the user's; decide when it is the assistant's turn")
        if self._closed:
            raise RuntimeError("the advisor is closed")
        hashed, words = self._names.hashed(user, always=True), whole(messages)
        return Turn(words, hashed, conversation, ask, place_of(words, hashed))

    def _at_once(self, turn: Turn) -> Decided | None:
        """The decision, where nothing has to be waited for; None: it is made in a thread."""
        if not self.reader.instant or not isinstance(self.policy, CostPolicy):
            return None
        known = self._memory.known_at_once(turn.place, turn.conversation, turn.user)
        return None if known is None else self._decided(turn, known)

    def _in_thread(self, turn: Turn) -> Future[Decided]:
        until = time.monotonic() + self.settings.timeout_ms / 1000

        def decided() -> Decided:
            _in_time(until)  # with more requests than can be decided, the oldest are not worked on
            known = self._memory.known(turn.place, turn.conversation, turn.user)
            return self._decided(turn, known, until)

        return self._deciding.submit(decided)

    def _decided(self, turn: Turn, known: Known, until: float = float("inf")) -> Decided:
        shared = self._memory.shared
        made = self._decider.made(turn, known, shared.population(), self.reader, killed=shared.killed())
        _in_time(until)  # nobody waits for it: it must not be counted as told
        stored = self._memory.keep(made.advice, turn.place, made.task, turn.messages, known.asked)
        if made.before is not None and known.earlier and known.unobserved:
            self._judging.soon(known.earlier, made.before, self.reader)
        if time.monotonic() > self._prune_at:
            self._prune_at = time.monotonic() + _PRUNE_S
            self.prune()
        return Decided(made.advice, stored)

    def _failed(self, error: BaseException, turn: Turn) -> Advice:
        self.failed += 1
        late = isinstance(error, TimeoutError)
        why = f"no decision within {self.settings.timeout_ms:g} ms" if late else type(error).__name__
        _log.warning("a decision failed, the assistant goes on as before: %s", why)
        return Advice(
            id=uuid4().hex,
            at=datetime.now(UTC),
            conversation=turn.conversation or "unknown",
            turn=max(0, len(said(turn.messages)) - 1),
            user=turn.user,
            mode=self.settings.mode,
            treated=False,
            choice="answer",
            action=self.policy.actions[0],
            probabilities={},
            failed=why,
            policy=self.policy.name,
            reader=self.reader.name,
        )

    def standing(self, messages: Sequence[Message], *, user: str = "", conversation: str) -> Advice:
        """The advice on the user's last message: that which was given, or one that is given now. Raises: as `decide`."""
        turn = self._turn(messages, user, conversation, None)
        try:
            given = self._memory.given(conversation, turn.place.key)
            if given is not None:
                return given.untold() if self.killed() else given
        except Exception as error:
            return self._failed(error, turn)
        return self.decide(messages, user=user, conversation=conversation)

    async def still(self, decided: Decided) -> Decided:
        """What was decided before, as an assistant may be told of it now. Raises: where the database cannot be asked in time."""
        if not decided.advice.behaviour:
            return decided
        killed = self._memory.killed_at_once()
        if killed is None:
            asked = asyncio.wrap_future(self._deciding.submit(self.killed))
            killed = await asyncio.wait_for(asked, self.settings.timeout_ms / 1000)
        return replace(decided, advice=decided.advice.untold()) if killed else decided

    def killed(self) -> bool:
        """Whether the kill switch is on. Raises: UserError where the database cannot be reached."""
        return self._memory.shared.killed()

    def latest(self, conversation: str) -> Advice | None:
        """The latest advice in a conversation; None: there is none."""
        return self._memory.given(conversation)

    # ------------------------------------------------------------ observe

    def observe(
        self,
        advice: str,
        messages: Sequence[Message] | None = None,
        *,
        told: Followed | None = None,
        ask: NativeAsk | None = None,
    ) -> Observation | None:
        """What came of the turn with this advice, and learn from it.

        From `messages`, whose last one is the user's next message; or as an interface `told`. None: the advice is not known,
        was observed already, the messages hold no answer with a reply, or the database takes nothing now: then it is stored
        later. Raises: UserError where the database cannot be
        reached.
        """
        if told is not None:
            return self._learn(advice, told, "told")
        passage = last_exchange(whole(messages or ()), ask)
        if passage is None:
            return None
        return self._learn(advice, followed(passage, self.reader), "read")

    def _learn(self, advice: str, found: Followed, how: str) -> Observation | None:
        return self._memory.observed(advice, found, how, datetime.now(UTC))

    def untold(self, advice: Advice) -> None:
        """Correct an advice whose assistant could not be told: it counts as untreated."""
        self._memory.untold(advice)

    def prune(self) -> None:
        """Remove what is older than the retention, soon; what was learned of users stays. Decisions see to it every hour."""
        self._memory.prune()

    @property
    def unjudged(self) -> int:
        """Turns of which nothing is learned, since too many waited to be judged."""
        return self._judging.unjudged

    @property
    def lost(self) -> int:
        """Writes that could not be kept."""
        return self._memory.writer.lost

    def settle(self) -> None:
        """Wait until everything that was handed in is judged and stored."""
        self._judging.settle()
        self._memory.settle()

    def close(self) -> None:
        """Finish what waits, and let go of the database."""
        self._closed = True
        self._deciding.shutdown(wait=True)
        self._judging.close()
        self._memory.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _in_time(until: float) -> None:
    if time.monotonic() > until:
        raise TimeoutError


def _threads() -> int:
    """As many as can work at a time: a reader is arithmetic."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(_MOST_THREADS, cores)
