"""What is known of each user, as it is shown; beginning with what a log taught."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

from pydantic import Field

from tactful.data.io import read_jsonl
from tactful.data.logs.users import Names
from tactful.errors import UserError
from tactful.live.keeping.memory import Memory
from tactful.live.learning.choosing import Guards
from tactful.live.learning.patience import Belief, Population, known_from, offer_belief, question_belief
from tactful.live.learning.pooling import population_of
from tactful.live.types import Taste
from tactful.mend.learning.learn import POLICY, USERS
from tactful.mend.learning.results import KnownUser
from tactful.policy.cost import load_cost_policy
from tactful.types import Record

_STEPS = 20


class Shown(Record):
    """What one user has shown, and what is believed of them now."""

    user: str
    """A hash."""
    rejects: float = Field(ge=0, le=1)
    """P(they reject a needed question), with the 95% interval of what is believed."""
    low: float
    high: float
    rejected: float
    """Reactions to questions so far; mild rejections and those of needless questions count as less than one."""
    answered: float
    streak: float
    """Rejections in a row."""
    peace_until: datetime | None = None
    """No question before then, by the guards; None: questions are possible."""
    offers: Mapping[str, float] = {}
    """Kind of offer → P(they dismiss it)."""
    seen: int
    at: datetime | None
    """Of the last reaction to a question."""


class LiveUsers(Record):
    """Everybody of whom something is known, the least patient first."""

    population: Population
    """What a new user is believed to be like."""
    users: tuple[Shown, ...]
    done: str = ""
    """What was changed before; empty: nothing."""


def shown_users(memory: Memory, guards: Guards, done: str = "") -> LiveUsers:
    """What is believed now."""
    population, now = memory.shared.population(), datetime.now(UTC)
    users = [_shown(taste, population, guards, now) for taste in memory.tastes()]
    ranked = sorted(users, key=lambda one: (-one.rejects, one.user))
    return LiveUsers(population=population, users=tuple(ranked), done=done)


def _shown(taste: Taste, population: Population, guards: Guards, now: datetime) -> Shown:
    belief, asked = question_belief(taste, population, now), taste.questions
    peace = timedelta(days=guards.rest(taste.streak))
    until = asked.at + peace if asked.at is not None and peace else None
    return Shown(
        user=taste.user,
        rejects=round(belief.mean, 4),
        low=round(quantile(belief, 0.025), 4),
        high=round(quantile(belief, 0.975), 4),
        rejected=round(asked.no, 2),
        answered=round(asked.yes, 2),
        streak=taste.streak,
        peace_until=until if until is not None and until > now else None,
        offers={kind: round(offer_belief(taste, kind, population, now).mean, 4) for kind in taste.offers},
        seen=taste.seen,
        at=asked.at,
    )


def quantile(belief: Belief, share: float) -> float:
    """The p below which the belief has this share."""
    low, high = 0.0, 1.0
    for _ in range(_STEPS):
        middle = (low + high) / 2
        low, high = (middle, high) if belief.below(middle) < share else (low, middle)
    return (low + high) / 2


def hash_of(memory: Memory, user: str, names: Names) -> str:
    """The hash of a user of this database, given by name or hash. Raises: UserError where there is none."""
    hashed = names.hashed(user, always=True)
    if not memory.knows(hashed):
        raise UserError(
            f"{memory.store.name}: no user '{user}' ({hashed}); names are hashed with the salt of the folder in which the "
            "advisor runs: go there, or give the hash, as 'tactful live users' shows it"
        )
    return hashed


def take_over(memory: Memory, folder: Path) -> str:
    """Begin with what `tactful learn` found: the population, and users who are not known yet; in words, how many.

    Raises: DataError where the folder holds no policy, or a line cannot be read.
    """
    policy = load_cost_policy(folder / POLICY)
    known = folder / USERS
    now = datetime.now(UTC)
    tastes = [
        Taste(
            user=one.user,
            questions=known_from(one.history.rejected, one.history.answered, now),
            seen=one.history.tasks,
        )
        for one in (read_jsonl(known, KnownUser) if known.is_file() else ())
        if one.history.rejected or one.history.answered
    ]
    new = memory.shared.take_over(population_of(policy, memory.shared.population()), tastes, now)
    return f"{new} of {len(tastes)} users of the log were not known yet; a new user starts as the log's users are"
