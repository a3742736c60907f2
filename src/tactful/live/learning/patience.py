"""How likely does this user reject a question? What is believed of it, and how each reaction changes that.

A user has a chance p of rejecting, drawn from the population's Beta(a, b). Before each reaction they may have changed, and then
p is drawn anew: with probability

    h = 1 − (1 − changes) · 0.5^(days / half_life_days)

So the belief is a mixture over when they last changed. Each spell holds what was seen since then, (no, yes), with the weight w of
its being the present one:

    gap or reaction    w ← w · (1 − h), and a spell (0, 0) with Σ w · h
    a reaction x       w ← w · B(a + no + x, b + yes + 1 − x) / B(a + no, b + yes); then no + x, yes + 1 − x
    belief             Σ w · Beta(a + no, b + yes)

x is 1 where the question was rejected or left and 0 where it was answered; see `refusal` for what lies between.

A patient user who rejects twice is thus soon believed to have changed, while a hundred answers from before would outweigh the two
in one count; and whoever was away for long is met anew. The heaviest `SPELLS` are kept.
Source: Adams and MacKay, arXiv:0710.3742, for Bernoulli data; the time between reactions is ours.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from math import exp, lgamma
from typing import Literal

from pydantic import Field

from tactful.live.learning.beta import beta_below, beta_log
from tactful.live.types import Counted, Spell, Taste
from tactful.mend.types import Outcome
from tactful.types import Record

NO: frozenset[Outcome] = frozenset({"rejected", "left"})
YES: frozenset[Outcome] = frozenset({"welcome", "needless"})
MILD = {"answered with annoyance": (0.1, 0.0), "already said": (0.1, 0.5)}
"""Subject of a rejection → how far it counts as one for the belief, and among those in a row."""
LEFT = 0.5
"""The same, both, of a question that nobody answered: its answer is lost, but nobody complained."""
_LENT = 0.5
SPELLS = 8
RECENT = 8
"""Questions whose reactions are kept one by one."""
Prior = tuple[float, float]
"""Beta distribution over users, as (rejected, answered)."""


class Population(Record):
    """What is believed of a user of whom nothing is known."""

    no: float = Field(default=0.65, gt=0)
    yes: float = Field(default=2.3, gt=0)
    """A Beta distribution over users, as (rejected, answered): at first the cost policy's own."""
    offers: Mapping[str, Prior] = {}
    """The same of offers, as (dismissed, accepted), by kind."""
    any_offer: Prior = (1.0, 1.0)
    """Of a kind that nobody was offered yet."""
    changes: float = Field(default=0.02, ge=0, lt=1)
    """Probability that a user is another one at the next reaction."""
    needless: float = Field(default=0.25, ge=0, le=1)
    """How far P(rejects) of a needless question is moved towards 1, as the cost policy has it."""
    half_life_days: float = Field(default=60.0, gt=0)
    """After so long without a reaction the odds are even that they changed."""
    source: Literal["assumed", "log", "users"] = "assumed"
    """`log`: learned by `tactful learn`; `users`: estimated from those that the database knows."""
    users: int = 0
    """From how many it was estimated."""
    reactions: int = 0
    """From how many of their reactions to questions and offers."""

    @property
    def questions(self) -> Prior:
        """Of questions."""
        return self.no, self.yes


@dataclass(frozen=True)
class Belief:
    """A mixture of Beta distributions of p, the chance that this user rejects."""

    parts: tuple[tuple[float, float, float], ...]
    """(weight, rejected, answered) of each, the weights summing to 1."""

    @property
    def mean(self) -> float:
        """The expected p, in [0, 1]."""
        return sum(weight * no / (no + yes) for weight, no, yes in self.parts)

    def draw(self, rng: random.Random) -> float:
        """One p."""
        (_, no, yes), *_ = rng.choices(self.parts, [weight for weight, _, _ in self.parts])
        return rng.betavariate(no, yes)

    def below(self, p: float) -> float:
        """P(this user's chance ≤ p)."""
        return sum(weight * beta_below(no, yes, p) for weight, no, yes in self.parts)

    def after(self, no: int, yes: int) -> Belief:
        """The belief after so many more rejections and answers."""
        if not no and not yes:
            return self
        parts = [
            (weight * exp(beta_log(a + no, b + yes) - beta_log(a, b)), a + no, b + yes)
            for weight, a, b in self.parts
        ]
        total = sum(weight for weight, _, _ in parts)
        return Belief(tuple((weight / total, a, b) for weight, a, b in parts))


def believed(counted: Counted, prior: Prior, population: Population, at: datetime) -> Belief:
    """What is believed at `at` of a user who showed this."""
    if not counted.spells:
        return Belief(((1.0, *prior),))
    spells = _aged(counted, population.half_life_days, 0.0, at)
    return Belief(tuple((one.weight, prior[0] + one.no, prior[1] + one.yes) for one in spells))


def counted_on(counted: Counted, no: float, prior: Prior, population: Population, at: datetime) -> Counted:
    """The counts after one more reaction at `at`; `no` in [0, 1]: how far it was a rejection."""
    a, b = prior
    held = [
        (one.weight * _likelihood(a + one.no, b + one.yes, no), one)
        for one in _aged(counted, population.half_life_days, population.changes, at)
    ]
    kept = sorted(held, key=lambda pair: pair[0], reverse=True)[:SPELLS]
    total = sum(weight for weight, _ in kept)
    spells = (
        Spell(weight=min(1.0, weight / total), no=one.no + no, yes=one.yes + 1 - no) for weight, one in kept
    )
    later = at if counted.at is None else max(at, counted.at)
    return Counted(no=counted.no + no, yes=counted.yes + 1 - no, spells=tuple(spells), at=later)


def _likelihood(a: float, b: float, no: float) -> float:
    """B(a + no, b + 1 − no) / B(a, b)."""
    if no in (0.0, 1.0):
        return (a if no else b) / (a + b)
    return exp(lgamma(a + no) - lgamma(a) + lgamma(b + 1 - no) - lgamma(b)) / (a + b)


def _aged(counted: Counted, half_life_days: float, changes: float, at: datetime) -> list[Spell]:
    """The spells at `at`, with the one that begins now; `changes` is what is added to the time's share."""
    if not counted.spells or counted.at is None:
        return [Spell(weight=1.0, no=0.0, yes=0.0)]
    days = max(0.0, (at - counted.at).total_seconds() / 86_400)
    stays = (1 - changes) * 0.5 ** (days / half_life_days)
    aged = [one.model_copy(update={"weight": one.weight * stays}) for one in counted.spells]
    return [*aged, Spell(weight=1 - stays, no=0.0, yes=0.0)] if stays < 1 else aged


def present(counted: Counted) -> tuple[float, float]:
    """(no, yes) that the user as they are now is expected to have shown."""
    return (
        sum(one.weight * one.no for one in counted.spells),
        sum(one.weight * one.yes for one in counted.spells),
    )


def known_from(no: float, yes: float, at: datetime) -> Counted:
    """Counts that somebody else kept, as one spell."""
    return Counted(no=no, yes=yes, spells=(Spell(weight=1.0, no=no, yes=yes),), at=at)


# ---------------------------------------------------------------- questions


def question_belief(taste: Taste | None, population: Population, at: datetime) -> Belief:
    """Of P(this user rejects a needed question); the population's where nothing is known of them."""
    return believed(taste.questions if taste else Counted(), population.questions, population, at)


def refusal(
    outcome: Outcome, subject: str, need: float | None, rejects: float, needless: float
) -> float | None:
    """How far a reaction says that this user rejects needed questions, in [0, 1]; None: it says nothing.

    An answer with annoyance told what was asked, and "I said so already" says more of the question than of the person.
    A needless question is rejected more often, p + (1 − need)·(1 − p)·needless: of a rejection, the share p of that counts.
    """
    if outcome in YES:
        return 0.0
    if outcome not in NO:
        return None
    because = 0.0 if need is None else (1 - need) * (1 - rejects) * needless
    return _weight(outcome, subject)[0] * rejects / (rejects + because)


def _weight(outcome: Outcome, subject: str) -> tuple[float, float]:
    return (LEFT, LEFT) if outcome == "left" else MILD.get(subject, (1.0, 1.0))


def learned(
    taste: Taste,
    outcome: Outcome,
    at: datetime,
    population: Population,
    *,
    subject: str = "",
    need: float | None = None,
) -> Taste:
    """The taste after one more turn with this outcome. Turns that say nothing about questions change no count.

    `subject`: of a question, why it was taken so; `need`: of the request that it was about, where it is known.
    """
    belief = question_belief(taste, population, at)
    no = refusal(outcome, subject, need, belief.mean, population.needless)
    if no is None:
        return taste.model_copy(update={"seen": taste.seen + 1})
    streak = 0.0 if outcome in YES else taste.streak + _weight(outcome, subject)[1]
    return taste.model_copy(
        update={
            "questions": counted_on(taste.questions, no, population.questions, population, at),
            "seen": taste.seen + 1,
            "streak": streak,
            "recent": (*taste.recent, no)[-RECENT:],
        }
    )


# ---------------------------------------------------------------- offers


def offer_prior(taste: Taste | None, kind: str, population: Population, at: datetime) -> Prior:
    """What is believed before this kind's own reactions: the population's, moved by what this user did with other kinds.

    Its strength stays the population's. Its mean moves, in log-odds, half as far as this user is believed to differ from the
    population with other kinds, for users like some kinds and not others.
    """
    no, yes = population.offers.get(kind, population.any_offer)
    others = {name: one for name, one in taste.offers.items() if name != kind} if taste else {}
    seen = expected = rejected = 0.0
    for name, one in others.items():
        theirs = population.offers.get(name, population.any_offer)
        for part in _aged(one, population.half_life_days, 0.0, at):
            seen += part.weight * (part.no + part.yes)
            expected += part.weight * (part.no + part.yes) * theirs[0] / sum(theirs)
            rejected += part.weight * part.no
    if not seen:
        return no, yes
    strength = no + yes
    usual = expected / seen
    theirs_now = (rejected + strength * usual) / (seen + strength)
    mean = shifted(no / strength, theirs_now, usual, _LENT)
    return strength * mean, strength * (1 - mean)


def offer_belief(taste: Taste | None, kind: str, population: Population, at: datetime) -> Belief:
    """Of P(this user dismisses an offer of this kind)."""
    counted = taste.offers.get(kind, Counted()) if taste else Counted()
    return believed(counted, offer_prior(taste, kind, population, at), population, at)


def learned_offer(taste: Taste, kind: str, accepted: bool, at: datetime, population: Population) -> Taste:
    """The taste after one more offer of this kind."""
    prior = offer_prior(taste, kind, population, at)
    counted = counted_on(taste.offers.get(kind, Counted()), float(not accepted), prior, population, at)
    return taste.model_copy(update={"offers": {**taste.offers, kind: counted}, "seen": taste.seen + 1})


def personal(accepts: float, belief: Belief, population: Prior) -> float:
    """A model's p(accept) for anybody, moved to this user: by as much, in log-odds, as they differ from the population."""
    no, yes = population
    return 1 - shifted(1 - accepts, belief.mean, no / (no + yes))


def shifted(p: float, theirs: float, usual: float, far: float = 1.0) -> float:
    """`p` moved in log-odds by `far` times the way from `usual` to `theirs`; in (0, 1)."""
    p, theirs, usual = (min(1 - 1e-6, max(1e-6, value)) for value in (p, theirs, usual))
    odds = p / (1 - p) * (theirs / (1 - theirs) * (1 - usual) / usual) ** far
    return float(odds / (1 + odds))


def everybody(
    tastes: Iterable[Taste],
) -> tuple[list[tuple[float, float]], dict[str, list[tuple[float, float]]]]:
    """What each user shows at present: to questions, and to offers by kind."""
    questions: list[tuple[float, float]] = []
    offers: dict[str, list[tuple[float, float]]] = {}
    for taste in tastes:
        if taste.questions.spells:
            questions.append(present(taste.questions))
        for kind, one in taste.offers.items():
            offers.setdefault(kind, []).append(present(one))
    return questions, offers
