"""What a question is worth and costs, estimated from what followed in the log, for the cost policy.

    worth = need · value · (1 − P(rejects)) · timing        cost = λ + δ · P(rejects)

- **value** of a domain: what followed its wrong guesses, minus what followed its questions that were answered;
- **λ**: the exchanges that a question took until an answer came;
- **δ**: what followed a question that was rejected or left, beyond λ;
- **P(rejects)**: a Beta distribution over users, by moments; of questions about open requests, for only those would be put.

What followed is put into reward units by `Prices`, the assumptions that a log cannot tell: an exchange more, a complaint,
a task that nobody brought to its end. A number with too little evidence is assumed, and says so: value, λ and δ from the
prices, P(rejects) and `needless` from the cost policy's defaults.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from tactful.mend.learning.numbers import Learned, LearnedCosts
from tactful.mend.types import LoggedTalk, LoggedTurn
from tactful.policy.cost import CostPolicy, Costs
from tactful.stats import FEWEST_GROUPS, Estimate
from tactful.stats.bootstrap import resampled
from tactful.stats.shares import GroupSums, beta_strength, sure_share_over
from tactful.types import PublicState, Record

Array = NDArray[Any]
ALL = "*"
"""All domains together."""
_COMPLAINTS = ("guess", "faulty", "rejected")
_NEVER = 10.0
_OPEN, _CLEAR = 0.5, 0.75
"""Clarity up to which a request counts as open, and above which as clear."""
_LEAST_VALUE, _MOST_VALUE = 0.05, 1.0


class Prices(Record):
    """What the log cannot tell: how much of a solved task each of these is worth."""

    exchange: float = Field(default=0.1, gt=0, le=1)
    """One more exchange of messages: reading a question takes time, also when it is answered."""
    complaint: float = Field(default=0.3, ge=0, le=1)
    """One complaint of the user, be it about a wrong guess or about being asked."""
    lost: float = Field(default=1.0, gt=0, le=1)
    """A task that no answer ended well."""


@dataclass
class Followed:
    """Sums by group of what followed."""

    prices: Prices
    sums: defaultdict[str, GroupSums] = field(default_factory=lambda: defaultdict(GroupSums))
    """By kind of what followed."""

    def add(self, talk: LoggedTalk) -> None:
        """A conversation."""
        for at, turn in enumerate(talk.turns):
            ahead = talk.turns[at:]
            if turn.outcome == "guess":
                for domain in (turn.state.domain, ALL):
                    self.sums[f"guess {domain}"].add(talk.group, loss(ahead, self.prices))
            elif turn.asked and turn.outcome in ("welcome", "needless"):
                self.sums["exchanges"].add(talk.group, self.prices.exchange * _until_answer(ahead))
                if turn.outcome == "welcome":
                    for domain in (turn.state.domain, ALL):
                        self.sums[f"asked {domain}"].add(talk.group, _after_question(ahead, self.prices))
            elif turn.outcome in ("rejected", "left") and turn.right is not None:
                answered = any(not later.asked for later in ahead)
                upset = self.prices.complaint * (turn.outcome == "rejected")
                lost = min(1.0, upset + self.prices.lost * (not answered))
                self.sums["rejected"].add(talk.group, lost)
            if turn.asked and turn.right is not None and not turn.state.need_unknown:
                kind = _kind_of_question(turn.state.query_clarity)
                self.sums[kind].add(talk.group, turn.outcome in ("rejected", "left"))

    def groups(self, kind: str) -> int:
        """Groups in which it happened."""
        return len(self.sums[kind])

    def share(self, kind: str) -> Estimate:
        """Share of the cases of a kind that is 0 or 1, with its interval over groups."""
        return sure_share_over(self.sums[kind].values())

    def mean(self, kind: str, minus: str = "") -> Estimate:
        """Mean over all cases, minus the mean of another kind, with its interval over groups."""
        first, other = self.sums[kind], self.sums[minus]
        names = sorted({*first, *other})
        pairs = [(*first.get(name, (0, 0)), *other.get(name, (0, 0))) for name in names]
        rows = np.array(pairs, dtype=float).reshape(len(names), 4)

        def difference(drawn: Array) -> dict[str, Array]:
            with np.errstate(invalid="ignore", divide="ignore"):
                mean = drawn[:, 0] / drawn[:, 1]
                return {"mean": mean - (drawn[:, 2] / drawn[:, 3] if minus else 0.0)}

        return resampled(rows, difference, items=int(rows[:, 1].sum() + rows[:, 3].sum()))["mean"]


def _kind_of_question(clarity: float) -> str:
    """Of a request that rather needs a question (only there would a policy ask), of a clear one, of one in between."""
    return "rejects" if clarity <= _OPEN else "rejects clear" if clarity > _CLEAR else "rejects between"


def loss(ahead: Sequence[LoggedTurn], prices: Prices) -> float:
    """What a turn that went wrong cost, until an answer that nobody complained about; at most 1, a whole task.

    An answer after which nothing was said counts as a good end.
    """
    complaints = 0
    for at, turn in enumerate(ahead):
        complaints += turn.outcome in _COMPLAINTS
        if not turn.asked and turn.outcome not in _COMPLAINTS:
            return min(1.0, prices.exchange * at + prices.complaint * complaints)
    return min(1.0, prices.lost + prices.complaint * complaints)


def _after_question(ahead: Sequence[LoggedTurn], prices: Prices) -> float:
    """What was lost all the same after a question that was answered; the question's own exchange is λ's."""
    rest = [turn for turn in ahead if not turn.asked]
    return loss(rest, prices) if rest else prices.lost


def _until_answer(ahead: Sequence[LoggedTurn]) -> int:
    return next((at for at, turn in enumerate(ahead) if not turn.asked), len(ahead))


# ---------------------------------------------------------------- numbers


def costs_of(followed: Followed, domains: Sequence[str], *, users_named: bool) -> LearnedCosts:
    """The costs that the log tells, and what is assumed where it tells too little."""
    default, prices = Costs(), followed.prices
    overall = _value(followed, ALL, min(1.0, prices.exchange + prices.complaint))
    values = [
        _value(followed, domain, overall.value) for domain in domains if followed.groups(f"guess {domain}")
    ]
    lam = _number(
        "lam", followed.mean("exchanges"), prices.exchange,
        "λ: what every question costs: the exchanges until an answer came",
    )  # fmt: skip
    delta = _number(
        "delta", followed.mean("rejected"), prices.complaint,
        "δ: what a rejected or unanswered question costs beyond that",
    )  # fmt: skip
    rejects, prior = _rejects(followed, default, users_named=users_named)
    needless = _needless(followed, default, rejects.value)
    costs = Costs(
        value={number.name.removeprefix("value "): number.value for number in values if number.by == "log"},
        otherwise=overall.value,
        lam=lam.value,
        delta=delta.value,
        rejects=prior,
        needless=needless.value,
    )
    return LearnedCosts(
        costs=costs,
        numbers=(overall, *values, lam, delta, rejects, needless),
        assumptions=assumptions(followed.prices, users_named=users_named),
        asks_from=asks_from(costs),
    )


def _value(followed: Followed, domain: str, default: float) -> Learned:
    guesses, asked = followed.groups(f"guess {domain}"), followed.groups(f"asked {domain}")
    minus = f"asked {domain}" if asked >= FEWEST_GROUPS else ""
    return _number(
        f"value {domain}" if domain != ALL else "otherwise",
        followed.mean(f"guess {domain}", minus),
        default,
        "value of the answer to a needed question: what followed a wrong guess"
        + (", minus what was lost after a question that was answered" if minus else "")
        + ("" if domain != ALL else "; in any domain without a value of its own"),
        groups=guesses,
        bounds=(_LEAST_VALUE, _MOST_VALUE),
    )


def _number(
    name: str,
    found: Estimate,
    default: float,
    meaning: str,
    *,
    groups: int | None = None,
    bounds: tuple[float, float] = (0.0, 1.0),
) -> Learned:
    groups = found.groups if groups is None else groups
    if groups < FEWEST_GROUPS or found.value is None:
        note = f"too little evidence: {groups} groups, {FEWEST_GROUPS} are needed"
        return Learned(name=name, value=default, by="assumed", estimate=found, meaning=meaning, note=note)
    value = round(min(bounds[1], max(bounds[0], found.value)), 4)
    note = "" if bounds[0] <= found.value <= bounds[1] else f"kept within {bounds[0]:g} and {bounds[1]:g}"
    return Learned(name=name, value=value, by="log", estimate=found, meaning=meaning, note=note)


def _rejects(followed: Followed, default: Costs, *, users_named: bool) -> tuple[Learned, tuple[float, float]]:
    """The share of questions rejected, and the prior over users."""
    groups = list(followed.sums["rejects"].values())
    meaning = (
        "share of questions about open requests that were rejected or left, as a distribution over users"
    )
    found = followed.share("rejects")
    usual = default.rejects[0] / sum(default.rejects)
    number = _number("rejects", found, usual, meaning, bounds=(0.01, 0.99))
    if number.by == "assumed":
        return number, default.rejects
    strength = beta_strength(np.array(groups, dtype=float)) if users_named else None
    if strength is None:
        why = "the log names no users" if not users_named else "too few users were asked twice or more"
        why += ": how much they differ is taken from the default, as known from three users"
        number = number.model_copy(update={"note": "; ".join(filter(None, (number.note, why)))})
    weight = sum(default.rejects) if strength is None else strength
    return number, (round(number.value * weight, 4), round((1 - number.value) * weight, 4))


def _needless(followed: Followed, default: Costs, rejects: float) -> Learned:
    """How much sooner a needless question is rejected: k of r' = r + (1 − r)·k, r' that of clear requests."""
    number = _number(
        "needless",
        followed.share("rejects clear"),
        default.needless,
        "how far P(rejects) of a needless question moves towards 1; the log says: share of questions about clear requests "
        "that were rejected or left",
    )
    if number.by == "assumed":
        return number
    value = min(1.0, max(0.0, (number.value - rejects) / (1 - rejects)))
    return number.model_copy(update={"value": round(value, 4)})


def asks_from(costs: Costs) -> float:
    """Need, to a hundredth, from which the cost policy asks a stranger at the start of a task; above 1: it never does."""
    stranger = PublicState(id="stranger", domain=ALL, query="", query_clarity=0.0, task_complexity=0.0)
    found = CostPolicy(("answer", "ask"), costs).tips_at(stranger)
    return _NEVER if found is None else found


def assumptions(prices: Prices, *, users_named: bool) -> tuple[str, ...]:
    """What the numbers rest on, beside the log."""
    group = "user" if users_named else "conversation"
    return (
        f"One more exchange costs {prices.exchange:g} of a solved task, a complaint {prices.complaint:g}, a task that no "
        f"answer ended well {prices.lost:g}: prices that no log tells.",
        "A complaint about being asked weighs as much as one about a wrong guess; what the log tells too little of is "
        "one exchange and one complaint.",
        "What followed a wrong guess would not have followed a question, beyond what did follow questions in this log: "
        "nobody drew lots, so requests that were asked about may differ from those that were not.",
        "A conversation that ends with an answer ended well; one that ends with a question that nobody needed did not.",
        "The audit's verdicts are right on average; its own page says how far to trust them.",
        f"Intervals are over {group}s: what a {group} did is alike.",
    )


def effects(costs: Costs) -> Mapping[str, float]:
    """Domain → need from which a stranger is asked there."""
    return {
        name: asks_from(costs.model_copy(update={"otherwise": value, "value": {}}))
        for name, value in costs.value.items()
    }
