"""One turn decided: what is known and believed, the reader and the policy in, an advice out. It stores nothing."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from uuid import uuid4

from tactful.audit.domains import domain_of
from tactful.audit.types import Passage
from tactful.live.deciding.asking import MISSING, declines, suggested
from tactful.live.following.recognising import Place
from tactful.live.following.tasks import Followed, glance, last_exchange, said, state_of
from tactful.live.keeping.lookup import Known, drawn_by
from tactful.live.learning.choosing import choose, shown_history
from tactful.live.learning.patience import Belief, Population, present, question_belief
from tactful.live.settings import LiveSettings
from tactful.live.types import Advice, Taste
from tactful.mend.turns import Task
from tactful.policy import CostPolicy
from tactful.prompts import load_prompt
from tactful.reading.types import ReaderAtOnce
from tactful.types import Message, NativeAsk, Policy, UserHistory, seeded

ANSWER = load_prompt(__file__, "answer", fields={"shown"})
ASK = load_prompt(__file__, "ask", fields={"missing", "shown"})
_STRANGER = Taste(user="")


@dataclass(frozen=True)
class Turn:
    """A request to decide on."""

    messages: tuple[Message, ...]
    user: str
    """A hash; empty: nobody is named."""
    conversation: str
    """As the caller names it; empty: they do not."""
    ask: NativeAsk | None
    place: Place


@dataclass(frozen=True)
class Made:
    """An advice, with what follows from it."""

    advice: Advice
    task: Task
    """Where the conversation stands now."""
    before: Passage | None
    """The exchange before this request."""


class Decider:
    """Decides by one policy, reader and settings. Safe to use from several threads."""

    def __init__(self, policy: Policy, settings: LiveSettings) -> None:
        self.policy = policy
        self.settings = settings

    def made(
        self, turn: Turn, known: Known, population: Population, reader: ReaderAtOnce, *, killed: bool
    ) -> Made:
        """The advice on this turn. Raises: whatever reader or policy raise."""
        started, at = time.perf_counter(), datetime.now(UTC)
        before = last_exchange(turn.messages, turn.ask)
        seen = glance(before) if before is not None else None
        task = _after(known.task, seen)
        belief, held, annoyed = self._believed(turn.user, known, task, seen, population, at)
        id = uuid4().hex
        # A live task is known by its domain, never by its words: it is stored.
        task.request = task.request or self.settings.domain or domain_of(turn.messages[-1].content)
        weighs = isinstance(self.policy, CostPolicy)
        taste = known.taste or _STRANGER
        state = state_of(
            turn.messages,
            task,
            reader,
            id=id,
            domain=self.settings.domain or task.request,
            # The cost policy is told what is believed, others see counts; it looks at no complexity, whose estimate takes time.
            user=UserHistory() if weighs else shown_history(present(taste.questions)),
            complexity=0.5 if weighs else None,
        )
        guards, rng = self.settings.guards, seeded(self.settings.seed, id)
        chosen = choose(self.policy, state, belief, guards, rng, held=held, annoyed=annoyed)
        treated = not killed and self.treats(turn.user or turn.conversation or drawn_by(known.conversation))
        return Made(
            Advice(
                id=id,
                at=at,
                conversation=known.conversation,
                turn=len(said(turn.messages)) - 1,
                user=turn.user,
                mode=self.settings.mode,
                treated=treated,
                choice="ask" if chosen.asks else "answer",
                action=chosen.decision.action,
                probabilities=chosen.decision.probabilities,
                behaviour=_behaviour(state.missing, belief.mean, asks=chosen.asks) if treated else "",
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
                reader=reader.name,
            ),
            task,
            before,
        )

    def _believed(
        self,
        user: str,
        known: Known,
        task: Task,
        seen: Followed | None,
        population: Population,
        at: datetime,
    ) -> tuple[Belief, str, str]:
        """What is believed of this user, why no question is possible now, and why few are (empty: they are)."""
        taste = known.taste or _STRANGER
        belief = question_belief(taste, population, at)
        if not user:  # what this conversation showed is all there is
            rejected, answered = task.rejected + task.user.rejected, task.answered + task.user.answered
            belief = belief.after(rejected, answered)
        streak, recent = (taste.streak, taste.recent) if user else (0.0, ())
        since = (at - taste.questions.at).total_seconds() / 86_400 if taste.questions.at else 0.0
        if user and known.unobserved and seen is not None and seen.outcome == "rejected":
            belief, streak, since = belief.after(1, 0), streak + 1, 0.0
            recent = (*recent, 1.0)
        put = max(known.asked, task.asked + task.user.questions)
        guards = self.settings.guards
        return belief, guards.held(put, streak, since), guards.annoyed(recent, since)

    def treats(self, who: str) -> bool:
        """Whether this user (a conversation, where nobody is named) is treated at all, when nothing is switched off."""
        if self.settings.mode == "shadow":
            return False
        share = self.settings.share
        return share >= 1 or seeded(self.settings.seed, "share", who).random() < share

    def rehearse(self, reader: ReaderAtOnce, population: Population) -> None:
        """Read and choose once: the first decision of a process loads what the later ones find loaded."""
        words = (Message(role="user", content="Which of them shall it be?"),)
        state = state_of(words, Task(), reader, id="", domain=self.settings.domain, user=UserHistory())
        belief = question_belief(None, population, datetime.now(UTC))
        choose(self.policy, state, belief, self.settings.guards, seeded(0, ""))


def _after(task: Task, seen: Followed | None) -> Task:
    """The task at the request at hand: the turn before has been counted, as far as a glance tells."""
    if seen is None:
        return task
    task.note(seen.asked, seen.outcome)
    if not seen.asked and seen.outcome == "fine":
        return Task(user=task.over)
    return task


def _behaviour(missing: Sequence[str], rejects: float, *, asks: bool) -> str:
    named = " and ".join(MISSING[kind] for kind in missing[:2] if kind in MISSING) if asks else ""
    return _told(declines(rejects), named or "something that only they can know", asks)


@lru_cache(maxsize=1024)
def _told(shown: str, missing: str, asks: bool) -> str:
    told = ASK.render(missing=missing, shown=shown) if asks else ANSWER.render(shown=shown)
    return told.messages[0].content
