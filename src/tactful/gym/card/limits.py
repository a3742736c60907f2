"""From where on a figure is unlike people: one limit a check, and why there. All are ours but where a source is named."""

from __future__ import annotations

from collections.abc import Mapping

from tactful.gym.card.types import Check, Limit
from tactful.stats import Estimate


def _at_most(value: float, why: str) -> Limit:
    return Limit(wants="at most", value=value, why=why)


def _at_least(value: float, why: str) -> Limit:
    return Limit(wants="at least", value=value, why=why)


def _within(value: float, why: str) -> Limit:
    return Limit(wants="within", value=value, why=why)


LIMITS: Mapping[str, Limit] = {
    "accepts everything": _at_most(
        0.25, "of ProactiveBench's 16 judged sessions none accepts more than 58% of the offers"
    ),
    "too cooperative": _at_most(
        0.45, "people accept 22% of the offers that they had no need of (ProactiveBench)"
    ),
    "timing without price": _at_least(
        0.1,
        "people engage with 52% at a boundary and dismiss 62% mid-task (arXiv 2601.10253), which leaves 0.14",
    ),
    "never frustrated": _at_most(-0.02, "whoever was disturbed three times is less open than before"),
    "never leaves": _at_least(0.01, "of those whom five offers disturbed, somebody gives up"),
    "never ends": _at_most(0.5, "work ends by itself more often than by a limit"),
    "ends too early": _at_most(
        0.1, "who says that the goal is reached is not in the middle of a piece of work"
    ),
    "claims done": _at_most(0.1, "what is done leaves a trace: saved, sent, passed, closed"),
    "persons alike": _at_least(0.6, "0.5 is chance: a trait that nobody can see does nothing"),
    "persons exaggerated": _at_most(
        2.0, "twice as far apart as people are is a caricature (see arXiv 2605.20204)"
    ),
    "uniform timing": _at_least(0.0, "below 0 gaps are more even than chance makes them"),
    "uniform timing, beside people": _within(0.1, "a tenth of the range from chance to 1"),
    "repeats itself": _at_most(0.3, "every third event word for word an earlier one"),
    "uniform in style": _at_most(0.2, "every fifth sentence stands in any other person's session as well"),
    "mix of events": _at_least(0.6, "Dice's coefficient of the shares of kinds; 1 means equal shares"),
    "told from people": _at_most(0.75, "halfway between not being told apart and being told apart always"),
    "acceptance": _within(0.15, "as far as two halves of people's sessions may differ"),
    "ranking": _at_least(1.0, "what is found out in the gym is mostly which assistant is better"),
}


def checked(
    name: str, asks: str, figure: Estimate, *, side: str, people: Estimate | None = None, note: str = ""
) -> Check:
    """The check of this name, by its limit; what a name says behind a colon has no limit of its own."""
    limit = LIMITS[name.partition(":")[0]]
    return Check(name=name, asks=asks, side=side, figure=figure, limit=limit, people=people, note=note)
