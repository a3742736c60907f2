"""Simulated users: what the user does after an assistant message. Here the interface and the user made of rules.

The rule user (all probabilities in [0, 1], traits of the persona in [0, 1]):

- patience left after k questions of this task:  patience · max(0, 1 − (0.15 + 0.15·time_pressure)·k)
- rejects a message that asks:  clip(0.03 + 0.9·(1 − patience left)²·(0.4 + 0.6·time_pressure), 0.03, 0.7),
  k counting the questions before plus all but one of the message's own, so that the first question of a task is
  judged by `reject_probability(persona)`; the part of the questions that is about nothing open (already told,
  or never of interest) raises it by `REDUNDANT` of the way to 1
- leaves for good when rejecting with no patience left
- else says nothing, wanders off, does not know, or answers; an answer reveals what was asked for with a
  probability of its own per requirement
- which open requirement a question is about: see `matching.py`

Every turn draws the same seven numbers whatever the message says, so two actions at one decision point meet
the same user in the same mood.
"""

from __future__ import annotations

import random
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal, Protocol

from tactful.calibration.play.matching import match_questions
from tactful.calibration.types import Persona
from tactful.prompts import Prompt
from tactful.types import Message, Reaction, Requirement

REDUNDANT = 0.25
"""How far a message of only needless questions moves the probability of rejection towards 1."""


@dataclass(frozen=True)
class UserView:
    """What a simulated user knows when a message reaches it."""

    persona: Persona
    lang: str
    query: str
    history: tuple[Message, ...]
    """The messages between the query and the present one."""
    requirements: tuple[Requirement, ...]
    revealed: tuple[str, ...]
    """Ids of open requirements told earlier in this task."""
    questions: tuple[str, ...]
    """The questions of the present message."""
    gave_solution: bool
    questions_before: int
    rejections_before: int
    pass_index: int

    @property
    def unknown(self) -> tuple[Requirement, ...]:
        """Open requirements that were not told yet."""
        return tuple(item for item in self.requirements if item.open and item.id not in self.revealed)


@dataclass(frozen=True)
class UserTurn:
    """A reaction, what it revealed, and whether the user is gone."""

    reaction: Reaction
    revealed: tuple[str, ...] = ()
    leaves: bool = False


class UserSimulator(Protocol):
    """Someone who reacts. Holds no state between calls; picklable."""

    name: str
    """`rules` or the model that plays the user."""
    generator: Literal["rules", "endpoint", "offline"]
    prompts: tuple[Prompt, ...]

    async def react(self, view: UserView, message: str, rng: random.Random) -> UserTurn:
        """What this user does. `rng` is seeded by (seed, task, persona, pass, turn), never by the action."""
        ...


class RuleUser:
    """The user made of rules: fast, free and the same for ever."""

    name = "rules"
    generator: Literal["rules", "endpoint", "offline"] = "rules"
    prompts: tuple[Prompt, ...] = ()

    async def react(self, view: UserView, message: str, rng: random.Random) -> UserTurn:
        """See `react_by_rules`; the text of the message counts only through its questions."""
        return react_by_rules(view, rng)


# ---------------------------------------------------------------- probabilities


def patience_left(persona: Persona, questions: int) -> float:
    """Patience in [0, 1] after `questions` questions of this task; 0 = exhausted."""
    return persona.patience * max(0.0, 1.0 - (0.15 + 0.15 * persona.time_pressure) * questions)


def reject_probability(persona: Persona, questions: int = 0) -> float:
    """Probability in [0.03, 0.7] of rejecting a question after `questions` earlier ones; 0: the first (p0)."""
    impatience = 1.0 - patience_left(persona, questions)
    return min(0.7, max(0.03, 0.03 + 0.9 * impatience**2 * (0.4 + 0.6 * persona.time_pressure)))


def answer_probability(persona: Persona) -> float:
    """Probability of knowing an answer to give: experts nearly always, novices three times in four."""
    return 0.75 + 0.24 * persona.expertise


def reveal_probability(persona: Persona) -> float:
    """Probability that an answer tells the requirement that was asked for, rather than something vague."""
    return 0.65 + 0.2 * persona.clarity + 0.14 * persona.expertise


def silence_probability(persona: Persona, *, solved: bool) -> float:
    """Probability of saying nothing: to a question when impatient; to a solution more often, as people do."""
    pressed = (1.0 - persona.patience) * persona.time_pressure
    return 0.1 + 0.3 * persona.time_pressure if solved else 0.01 + 0.12 * pressed


def off_topic_probability(persona: Persona) -> float:
    """Probability of answering something else; grows as clarity falls."""
    return 0.01 + 0.19 * (1.0 - persona.clarity) ** 2


# ---------------------------------------------------------------- one turn


@dataclass(frozen=True)
class Draws:
    """The uniform numbers in [0, 1) of one turn, drawn in this order before anything is looked at."""

    reject: float
    answer: float
    reveal: tuple[float, float]
    off_topic: float
    silence: float
    phrase: float

    @classmethod
    def from_rng(cls, rng: random.Random) -> Draws:
        """Seven draws, always."""
        u = rng.random
        return cls(u(), u(), (u(), u()), u(), u(), u())


def react_by_rules(view: UserView, rng: random.Random) -> UserTurn:
    """The turn of the rule user; see the head of this module for the rules."""
    draws = Draws.from_rng(rng)
    if view.questions:
        return _to_questions(view, draws)
    if view.gave_solution:
        return _to_solution(view, draws)
    if draws.silence < silence_probability(view.persona, solved=False):
        return _turn("", silence=True, satisfaction=-0.3)
    return _turn(_say(view, "go_on", draws), satisfaction=-0.2)


def _to_questions(view: UserView, draws: Draws) -> UserTurn:
    persona = view.persona
    asked_for = match_questions(view.questions, view.unknown)
    counted = view.questions_before + len(view.questions) - 1
    p_reject = reject_probability(persona, counted)
    p_reject += (1.0 - p_reject) * REDUNDANT * (1.0 - len(asked_for) / len(view.questions))
    bonus = 0.2 if view.gave_solution else 0.0
    if draws.reject < p_reject:
        gone = patience_left(persona, counted) <= 0.0 and not view.gave_solution
        text = _say(view, "leave" if gone else "reject", draws)
        worse = 0.2 * view.rejections_before + (0.3 if gone else 0.0)
        return _turn(text, leaves=gone, reject_signal=True, satisfaction=max(-1.0, -0.5 - worse + bonus))
    if draws.silence < silence_probability(persona, solved=False):
        return _turn("", silence=True, satisfaction=-0.2 + bonus)
    if draws.off_topic < off_topic_probability(persona):
        return _turn(_say(view, "off_topic", draws), off_topic_flag=True, satisfaction=-0.1 + bonus)
    if draws.answer >= answer_probability(persona):
        return _turn(_say(view, "unsure", draws), satisfaction=-0.1 + bonus)
    if not asked_for:
        text = _say(view, "redundant", draws)
        return _turn(text, answered_clarification=True, satisfaction=-0.3 + bonus)
    p_reveal = reveal_probability(persona)
    told = [item for item, draw in zip(asked_for, draws.reveal, strict=False) if draw < p_reveal]
    if not told:
        text = _say(view, "vague", draws)
        return _turn(text, answered_clarification=True, satisfaction=0.0 + bonus)
    answer = ("" if view.lang == "zh" else " ").join(item.answer or item.text for item in told)
    return _turn(
        _say(view, "answer", draws).replace("{answer}", answer),
        revealed=tuple(item.id for item in told),
        answered_clarification=True,
        satisfaction=0.3 + bonus,
    )


def _to_solution(view: UserView, draws: Draws) -> UserTurn:
    fits = not view.unknown
    mood = (0.8 if fits else 0.1) - 0.2 * view.rejections_before
    if draws.silence < silence_probability(view.persona, solved=True):
        return _turn("", silence=True, satisfaction=mood / 2)
    return _turn(_say(view, "pleased" if fits else "lukewarm", draws), satisfaction=max(-1.0, mood))


def _turn(
    reply: str,
    *,
    satisfaction: float,
    revealed: tuple[str, ...] = (),
    leaves: bool = False,
    answered_clarification: bool = False,
    reject_signal: bool = False,
    silence: bool = False,
    off_topic_flag: bool = False,
) -> UserTurn:
    # model_construct: every value is ours and in range, and this runs once per simulated step.
    reaction = Reaction.model_construct(
        reply=reply,
        answered_clarification=answered_clarification,
        reject_signal=reject_signal,
        silence=silence,
        off_topic_flag=off_topic_flag,
        satisfaction=round(satisfaction, 3),
    )
    return UserTurn(reaction, revealed, leaves)


# ---------------------------------------------------------------- wording


@cache
def phrases() -> Mapping[str, Mapping[str, Mapping[str, Sequence[str]]]]:
    """Language → manner → occasion → what may be said, from phrases.toml."""
    return tomllib.loads(Path(__file__).with_name("phrases.toml").read_text(encoding="utf-8"))


def _say(view: UserView, occasion: str, draws: Draws) -> str:
    by_manner = phrases()["zh" if view.lang == "zh" else "en"]
    choices = by_manner["warm" if view.persona.patience >= 0.5 else "curt"][occasion]
    return choices[int(draws.phrase * len(choices))]
