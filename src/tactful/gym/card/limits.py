"""From where on a figure is unlike people: one limit a check, and why there. All are ours but where a source is named."""

from __future__ import annotations

from collections.abc import Mapping

from tactful.gym.card.types import Limit

LIMITS: Mapping[str, Limit] = {
    "accepts everything": Limit(
        wants="at most",
        value=0.25,
        why="of ProactiveBench's 16 judged sessions none accepts more than 58% of the offers",
    ),
    "too cooperative": Limit(
        wants="at most",
        value=0.45,
        why="people accept 22% of the offers that they had no need of (ProactiveBench)",
    ),
    "timing without price": Limit(
        wants="at least",
        value=0.1,
        why="people engage with 52% at a boundary and dismiss 62% mid-task (arXiv 2601.10253), which leaves 0.14",
    ),
    "never frustrated": Limit(
        wants="at most", value=-0.02, why="whoever was disturbed three times is less open than before"
    ),
    "never leaves": Limit(
        wants="at least", value=0.01, why="of those whom five offers disturbed, somebody gives up"
    ),
    "never ends": Limit(wants="at most", value=0.5, why="work ends by itself more often than by a limit"),
    "ends too early": Limit(
        wants="at most",
        value=0.1,
        why="who says that the goal is reached is not in the middle of a piece of work",
    ),
    "claims done": Limit(
        wants="at most", value=0.1, why="what is done leaves a trace: saved, sent, passed, closed"
    ),
    "persons alike": Limit(
        wants="at least", value=0.6, why="0.5 is chance: a trait that nobody can see does nothing"
    ),
    "persons exaggerated": Limit(
        wants="at most",
        value=2.0,
        why="twice as far apart as people are is a caricature (see arXiv 2605.20204)",
    ),
    "uniform timing": Limit(
        wants="at least", value=0.0, why="below 0 gaps are more even than chance makes them"
    ),
    "uniform timing, beside people": Limit(
        wants="within", value=0.1, why="a tenth of the range from chance to 1"
    ),
    "repeats itself": Limit(wants="at most", value=0.3, why="every third event word for word an earlier one"),
    "uniform in style": Limit(
        wants="at most", value=0.2, why="every fifth sentence stands in any other person's session as well"
    ),
    "mix of events": Limit(
        wants="at least", value=0.6, why="Dice's coefficient of the shares of kinds; 1 means equal shares"
    ),
    "told from people": Limit(
        wants="at most", value=0.75, why="halfway between not being told apart and being told apart always"
    ),
    "acceptance": Limit(
        wants="within", value=0.15, why="as far as two halves of people's sessions may differ"
    ),
    "ranking": Limit(
        wants="at least", value=1.0, why="what is found out in the gym is mostly which assistant is better"
    ),
}
