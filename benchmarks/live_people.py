"""Simulated users of a live advisor: who they are, what they bring, and what asking them comes to. See live_learning.py."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

from tactful.calibration.play.offline import NEEDLESS
from tactful.calibration.play.users import (
    REDUNDANT,
    UserView,
    answer_probability,
    off_topic_probability,
    react_by_rules,
    reject_probability,
    reveal_probability,
    silence_probability,
)
from tactful.calibration.reward.rewards import RewardConfig
from tactful.calibration.tasks.states import seed_states
from tactful.calibration.types import Persona
from tactful.live.following.tasks import followed, last_exchange
from tactful.mend.types import Outcome
from tactful.reading.opening import open_embedded_reader
from tactful.types import Message, PublicState, State, seeded

REWARD = RewardConfig()
BEGUN = datetime(2026, 1, 1, tzinfo=UTC)
GAP_DAYS = 0.2
DOMAINS = ("coding", "planning")
IMPATIENT = {"patience": 0.02, "time_pressure": 0.98}
"""As impatient as a rule user can be: 7 in 10 questions are rejected."""


@dataclass(frozen=True)
class Task:
    """One request: what is seen of it, and what asking and answering are worth."""

    state: State
    seen: PublicState
    question: str
    wanted: float
    """Weight of the requirement that the question is about; 0: of nothing open."""
    told: float
    """Task score once it is told."""
    untold: float

    @property
    def open(self) -> bool:
        return self.wanted > 0


@cache
def tasks(domain: str) -> tuple[Task, ...]:
    """Every bundled task of a domain, in both wordings."""
    found = []
    for state in seed_states(domain):
        unknown = sorted((one for one in state.hidden.requirements if one.open), key=lambda one: -one.weight)
        left = sum(one.weight for one in unknown)
        after = left - (unknown[0].weight if unknown else 0.0)
        whole = domain == "coding" and REWARD.task_score == "all-or-nothing"
        untold, told = (float(not gap) if whole else 1 - gap for gap in (round(left, 6), round(after, 6)))
        question = unknown[0].question if unknown else NEEDLESS["zh" if state.lang == "zh" else "en"][0]
        found.append(
            Task(state, state.public(), question, unknown[0].weight if unknown else 0.0, told, untold)
        )
    return tuple(found)


@dataclass
class User:
    """One simulated person and the tasks that they bring, one after the other."""

    name: str
    family: str
    persona: Persona
    turns: list[Task]
    at: list[datetime]
    annoyed_from: int | None = None
    """From this interaction on they reject every question, or are as impatient as a rule user can be (`wholly` False)."""
    wholly: bool = True

    def annoyed(self, turn: int) -> bool:
        return self.annoyed_from is not None and turn >= self.annoyed_from

    def now(self, turn: int) -> Persona:
        """Their traits at this interaction."""
        return self.persona.model_copy(update=IMPATIENT) if self.annoyed(turn) else self.persona

    def expected(self, turn: int) -> tuple[float, float]:
        """Expected reward of answering at once, and of asking."""
        task, who = self.turns[turn], self.now(turn)
        rejects = reject_probability(who)
        rejects += 0.0 if task.open else (1 - rejects) * REDUNDANT
        if self.annoyed(turn) and self.wholly:
            rejects = 1.0
        tells = 0.0
        if task.open:
            tells = (
                (1 - rejects)
                * (1 - silence_probability(who, solved=False))
                * (1 - off_topic_probability(who))
            )
            tells *= answer_probability(who) * reveal_probability(who)
        gain = tells * (task.told - task.untold + REWARD.gamma)
        return task.untold, task.untold + gain - REWARD.lam - REWARD.delta * rejects

    def asked(self, turn: int, seed: int) -> tuple[float, str]:
        """Reward of asking as it came out, and the reply."""
        task, rng = self.turns[turn], seeded(seed, self.name, turn)
        if self.annoyed(turn) and self.wholly:
            return task.untold - REWARD.lam - REWARD.delta, "Stop asking me questions and just do it."
        state = task.state
        view = UserView(
            persona=self.now(turn), lang=state.lang, query=state.query, history=(), requirements=state.hidden.requirements,
            revealed=(), questions=(task.question,), gave_solution=False, questions_before=0, rejections_before=0,
            pass_index=0,
        )  # fmt: skip
        came = react_by_rules(view, rng)
        good = bool(came.revealed)
        reward = (task.told if good else task.untold) + REWARD.gamma * good - REWARD.lam
        return reward - REWARD.delta * came.reaction.reject_signal, came.reaction.reply


def people(
    personas: Sequence[Persona],
    each: int,
    turns: int,
    seed: int,
    *,
    annoyed_from: int | None = None,
    wholly: bool = True,
) -> list[User]:
    """Users of these families."""
    found = []
    for persona in personas:
        for number in range(each):
            name = f"{persona.name} {number}"
            rng = seeded(seed, "user", name)
            traits = {
                trait: min(0.98, max(0.02, getattr(persona, trait) + rng.gauss(0, 0.07)))
                for trait in ("expertise", "patience", "clarity", "time_pressure")
            }
            domain = rng.choice(DOMAINS) if persona.domain == "any" else persona.domain
            brought: list[Task] = []
            while len(brought) < turns:
                brought += rng.sample(tasks(domain), len(tasks(domain)))
            at, times = BEGUN, []
            for _ in range(turns):
                at += timedelta(days=rng.expovariate(1 / GAP_DAYS))
                times.append(at)
            mine = persona.model_copy(update=traits)
            found.append(User(name, persona.name, mine, brought[:turns], times, annoyed_from, wholly))
    return found


@cache
def reading() -> Any:
    return open_embedded_reader()


@cache
def read(query: str, question: str, reply: str) -> tuple[Outcome, str]:
    """What an advisor makes of a reply to a question."""
    if not reply:
        return "left", ""
    said = [("user", query), ("assistant", question), ("user", reply)]
    passage = last_exchange([Message(role=role, content=text) for role, text in said])  # type: ignore[arg-type]
    assert passage is not None
    found = followed(passage, reading())
    return found.outcome, found.subject
