"""`Advisor`: a decision on each turn, and what came of it. Whatever fails, the assistant goes on as before.

    decide:   messages → conversation (by its prefix) → what came of the turn before, at a glance → state → belief → choice
    observe:  the turn before, judged in full, away from the request's path → taste of its user

Reading and choosing take milliseconds and happen in a thread of their own, so that an event loop is never held up. What is
stored is committed by one writer (`storing/writer.py`); `Decided.stored` is done when it is safe.
"""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections import deque
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Self
from uuid import uuid4

from tactful.audit.domains import domain_of
from tactful.audit.types import Passage
from tactful.data.logs.users import Names
from tactful.live.asking import MISSING, suggested
from tactful.live.learning import Belief, Population, choose, question_belief
from tactful.live.learning.choosing import shown_history
from tactful.live.learning.patience import present
from tactful.live.learning.pooling import population_of
from tactful.live.lookup import Known
from tactful.live.memory import Memory, Observing
from tactful.live.recognising import place_of
from tactful.live.settings import LiveSettings
from tactful.live.storing import open_live_store
from tactful.live.tasks import Followed, empty_caches, followed, glance, last_exchange, said, state_of
from tactful.live.types import Advice, Observation, Taste
from tactful.mend.turns import Task
from tactful.policy import CostPolicy
from tactful.prompts import load_prompt
from tactful.reading.opening import open_embedded_reader
from tactful.reading.types import ReaderAtOnce
from tactful.types import Message, NativeAsk, Policy, UserHistory, seeded

_UNJUDGED = 2000
"""Turns that may wait to be judged."""
_UNFINISHED = 64
_STORED_S = 60.0
_EMPTIED_AFTER = 1000
_PRUNE_S = 3600.0
_log = logging.getLogger(__name__)
_RECENT = 1000  # conversations whose latest advice is at hand
ACTIONS = ("Execute", "Clarify")
ANSWER = load_prompt(__file__, "answer", fields={"shown"})
ASK = load_prompt(__file__, "ask", fields={"missing", "shown"})


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
        self.settings = _from_policy(settings or LiveSettings(), self.policy)
        self.reader = reader or open_embedded_reader()
        self.failed = 0
        """Decisions that failed and let the assistant go on."""
        self._names = Names()
        self._memory = Memory(open_live_store(database), self.settings)
        self._recent: dict[str, tuple[str, Advice]] = {}
        """Conversation → key and advice of its latest request: the database may be a moment behind."""
        self._deciding = ThreadPoolExecutor(1, thread_name_prefix="tactful-live")
        self._observing = ThreadPoolExecutor(1, thread_name_prefix="tactful-live-observe")
        self._room = threading.BoundedSemaphore(_UNJUDGED)
        self._unfinished: deque[Observing] = deque()
        self._judged = 0
        self._prune_at = 0.0
        self.unjudged = 0
        """Turns of which nothing is learned, since too many waited to be judged."""

    def ready(self) -> None:
        """Read and choose once, unstored: the first decision of a process loads what the later ones find loaded."""
        self._deciding.submit(self._rehearse).result()

    def _rehearse(self) -> None:
        said = (Message(role="user", content="Which of them shall it be?"),)
        state = state_of(said, Task(), self.reader, id="", domain=self.settings.domain, user=UserHistory())
        belief = question_belief(None, self._memory.population(), datetime.now(UTC))
        choose(self.policy, state, belief, self.settings.guards, seeded(0, ""))

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
        _check(messages)
        until = time.monotonic() + self.settings.timeout_ms / 1000
        work = self._deciding.submit(self._decide, tuple(messages), user, conversation, ask, until)
        try:
            return work.result(self.settings.timeout_ms / 1000).advice
        except Exception as error:
            return self._failed(error, messages, user, conversation)

    async def adecide(
        self,
        messages: Sequence[Message],
        *,
        user: str = "",
        conversation: str = "",
        ask: NativeAsk | None = None,
    ) -> Decided:
        """As `decide`, without holding up the event loop, and with the future of its being stored."""
        _check(messages)
        until = time.monotonic() + self.settings.timeout_ms / 1000
        work = self._deciding.submit(self._decide, tuple(messages), user, conversation, ask, until)
        try:
            return await asyncio.wait_for(asyncio.wrap_future(work), self.settings.timeout_ms / 1000)
        except Exception as error:
            never: Future[None] = Future()
            never.set_exception(RuntimeError("the decision failed"))
            return Decided(self._failed(error, messages, user, conversation), never)

    def _decide(
        self,
        messages: tuple[Message, ...],
        user: str,
        conversation: str,
        ask: NativeAsk | None,
        until: float,
    ) -> Decided:
        _in_time(until)  # with more requests than can be decided, the oldest are not worked on for nothing
        started, at = time.perf_counter(), datetime.now(UTC)
        hashed = self._names.hashed(user, always=True)
        place = place_of(messages, hashed)
        known = self._memory.known(place, conversation, hashed)
        before = last_exchange(messages, ask)
        seen = glance(before) if before is not None else None
        task = _after(known.task, seen)
        taste = known.taste or Taste(user=hashed)
        belief = _believed(hashed, taste, task, self._memory.population(), at)
        streak = taste.streak if hashed else 0
        since = (at - taste.questions.at).total_seconds() / 86_400 if taste.questions.at else 0.0
        if hashed and known.unobserved and seen is not None and seen.outcome == "rejected":
            belief, streak, since = belief.after(1, 0), streak + 1, 0.0
        advice_id = uuid4().hex
        # A live task is known by its domain, never by its words: it is stored.
        task.request = task.request or self.settings.domain or domain_of(messages[-1].content)
        history, complexity = (
            UserHistory(),
            None,
        )  # the cost policy is told what is believed; others see counts
        if isinstance(self.policy, CostPolicy):
            complexity = 0.5  # it looks at none, and an estimate takes a fifth of the time
        else:
            history = shown_history(present(taste.questions))
        state = state_of(
            messages,
            task,
            self.reader,
            id=advice_id,
            domain=self.settings.domain or task.request,
            user=history,
            complexity=complexity,
        )
        guards, put = self.settings.guards, max(known.asked, task.asked + task.user.questions)
        rng, held = seeded(self.settings.seed, advice_id), guards.held(put, streak, since)
        chosen = choose(self.policy, state, belief, guards, rng, held=held)
        treated = self._treats(hashed or known.conversation)
        choice = "ask" if chosen.asks else "answer"
        advice = Advice(
            id=advice_id,
            at=at,
            conversation=known.conversation,
            turn=len(said(messages)) - 1,
            user=hashed,
            mode=self.settings.mode,
            treated=treated,
            choice=choice,
            action=chosen.decision.action,
            probabilities=chosen.decision.probabilities,
            behaviour=_behaviour(choice, state.missing, belief.mean) if treated else "",
            need=None if state.need_unknown else round(1 - state.query_clarity, 4),
            need_unknown=state.need_unknown,
            missing=state.missing,
            question=suggested(state.missing, state.lang) if chosen.asks else None,
            reason=chosen.reason,
            propensity=chosen.propensity,
            explored=chosen.explored,
            rejects=round(belief.mean, 4),
            took_ms=round(1000 * (time.perf_counter() - started), 3),
            policy=self.policy.name,
            reader=self.reader.name,
        )
        _in_time(until)  # nobody waits for it: it must not be counted as told
        stored = self._memory.keep(advice, place, task, messages)
        self._recent.pop(known.conversation, None)
        self._recent[known.conversation] = (place.key, advice)
        if len(self._recent) > _RECENT:
            del self._recent[next(iter(self._recent))]
        if before is not None and known.earlier:
            self._observe_soon(known.earlier, before)
        if time.monotonic() > self._prune_at:
            self._prune_at = time.monotonic() + _PRUNE_S
            self.prune()
        return Decided(advice, stored)

    def _treats(self, who: str) -> bool:
        if self.settings.mode == "shadow" or self._memory.killed():
            return False
        return seeded(self.settings.seed, "share", who).random() < self.settings.share

    def _failed(
        self, error: BaseException, messages: Sequence[Message], user: str, conversation: str
    ) -> Advice:
        self.failed += 1
        late = isinstance(error, TimeoutError)
        why = f"no decision within {self.settings.timeout_ms:g} ms" if late else type(error).__name__
        _log.warning("a decision failed, the assistant goes on as before: %s", why)
        return Advice(
            id=uuid4().hex,
            at=datetime.now(UTC),
            conversation=conversation or "unknown",
            turn=max(0, len(said(messages)) - 1),
            user=self._names.hashed(user, always=True),
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
        _check(messages)
        key = place_of(messages, self._names.hashed(user, always=True)).key
        latest_key, latest = self._recent.get(conversation, ("", None))
        try:
            given = latest if latest_key == key else self._memory.given(conversation, key)
        except Exception as error:
            return self._failed(error, messages, user, conversation)
        return given or self.decide(messages, user=user, conversation=conversation)

    def latest(self, conversation: str) -> Advice | None:
        """The latest advice in a conversation; None: there is none."""
        _, latest = self._recent.get(conversation, ("", None))
        return latest or self._memory.given(conversation)

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
        passage = last_exchange(messages or (), ask)
        if passage is None:
            return None
        return self._learn(advice, followed(passage, self.reader), "read")

    def _observe_soon(self, advice: str, passage: Passage) -> None:
        if self._room.acquire(blocking=False):
            self._observing.submit(self._observe, advice, passage)
        else:
            self.unjudged += 1

    def _observe(self, advice: str, passage: Passage) -> None:
        try:
            found = followed(passage, self.reader)
            self._unfinished.append(self._memory.observing(advice, found, "read", datetime.now(UTC)))
        except Exception as error:
            _log.warning("what came of a turn was not learned: %s", type(error).__name__)
        finally:
            self._room.release()
        self._finish(_UNFINISHED)
        self._judged += 1
        if self._judged % _EMPTIED_AFTER == 0:
            empty_caches()

    def _finish(self, leave: int) -> None:
        """See to what is stored by now, and wait for the oldest until at most `leave` are on their way."""
        while self._unfinished and (len(self._unfinished) > leave or self._unfinished[0].stored.done()):
            try:
                self._unfinished.popleft().finish(_STORED_S)
            except Exception as error:
                _log.warning("what came of a turn was not learned: %s", type(error).__name__)

    def _learn(self, advice: str, found: Followed, how: str) -> Observation | None:
        return self._memory.observed(advice, found, how, datetime.now(UTC))

    def untold(self, advice: Advice) -> None:
        """Correct an advice whose assistant could not be told: it counts as untreated."""
        self._memory.untold(advice)

    def prune(self) -> None:
        """Remove what is older than the retention, soon; what was learned of users stays. Decisions see to it every hour."""
        self._memory.prune()

    @property
    def lost(self) -> int:
        """Writes that could not be kept."""
        return self._memory.writer.lost

    def settle(self) -> None:
        """Wait until everything that was handed in is judged and stored."""
        self._observing.submit(self._finish, 0).result()
        self._memory.settle()

    def close(self) -> None:
        """Finish what waits, and let go of the database."""
        self._deciding.shutdown(wait=True)
        self._observing.shutdown(wait=True)
        self._finish(0)
        self._memory.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _check(messages: Sequence[Message]) -> None:
    turns = said(messages)
    if not turns or turns[-1].role != "user":
        raise ValueError("the last message is not the user's; decide when it is the assistant's turn")


def _in_time(until: float) -> None:
    if time.monotonic() > until:
        raise TimeoutError


def _after(task: Task, seen: Followed | None) -> Task:
    """The task at the request at hand: the turn before has been counted, as far as a glance tells."""
    if seen is None:
        return task
    task.note(seen.asked, seen.outcome)
    if not seen.asked and seen.outcome == "fine":
        return Task(user=task.over)
    return task


def _from_policy(settings: LiveSettings, policy: Policy) -> LiveSettings:
    """Costs that were learned from a log tell what users are like, where the settings do not."""
    if not isinstance(policy, CostPolicy) or settings.population != Population():
        return settings
    return settings.model_copy(update={"population": population_of(policy, settings.population)})


def _believed(user: str, taste: Taste, task: Task, population: Population, at: datetime) -> Belief:
    """Of this user; where nobody is named, what this conversation showed is all there is."""
    belief = question_belief(taste, population, at)
    if user:
        return belief
    rejected, answered = task.rejected + task.user.rejected, task.answered + task.user.answered
    return belief.after(rejected, answered)


def _behaviour(choice: str, missing: Sequence[str], rejects: float) -> str:
    shown = f"Of questions like it, this person would probably decline {rejects:.0%}."
    if choice == "answer":
        return ANSWER.render(shown=shown).messages[0].content
    named = " and ".join(MISSING[kind] for kind in missing[:2] if kind in MISSING)
    told = ASK.render(missing=named or "something that only they can know", shown=shown)
    return told.messages[0].content


__all__ = ["Advisor", "Decided", "Known"]
