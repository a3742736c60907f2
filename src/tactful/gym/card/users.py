"""How simulated users take offers, and how their work ends.

The sides of the User-Sim Index (arXiv 2603.11245) that a log of work can show: too cooperative, and never frustrated.
Its measures of wording and of asking back need users who talk; ours only act.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tactful.gym.card.limits import checked
from tactful.gym.card.log import Reaction, Recorded, by_person, users_of
from tactful.gym.card.types import ByTiming, Check
from tactful.gym.card.words import completes
from tactful.gym.types import GymEpisode
from tactful.stats import Estimate
from tactful.stats.bootstrap import grouped_gap, grouped_mean, resampled
from tactful.stats.shares import GroupSums, sure_share_over
from tactful.types import seeded

Array = NDArray[Any]
FEW_OFFERS = 3
"""Offers from which on "accepts every one" says something."""
DISTURBED = 3
"""Unwelcome offers after which somebody is less open; one of them is none yet."""
MUCH_DISTURBED = 5
_LAST_STEPS = 3
_SHUFFLES = 20
TIMINGS = ("boundary", "stuck", "flow", "late")


def user_checks(episodes: Sequence[GymEpisode], simulated: Recorded, people: Recorded | None) -> list[Check]:
    """How offers are taken, and how work ends."""
    real = people.reactions if people is not None else ()
    return [
        *_reaction_checks(simulated.reactions, real),
        _left(episodes, simulated.reactions),
        *_end_checks(episodes),
    ]


def by_timing(reactions: Sequence[Reaction]) -> tuple[ByTiming, ...]:
    """Acceptance at each place of the work where offers were shown."""
    found = []
    for timing in TIMINGS:
        here = [one for one in reactions if one.timing == timing]
        if here:
            ignored = _mean(here, lambda one: float(one.verdict == "ignored"))
            found.append(
                ByTiming(timing=timing, offers=len(here), accepted=_mean(here, _accepted), ignored=ignored)
            )
    return tuple(found)


def share(items: Iterable[tuple[str, bool]]) -> Estimate:
    """The share of (group, yes) that are yes, with its interval over groups."""
    sums = GroupSums()
    for group, yes in items:
        sums.add(group, yes)
    return sure_share_over(sums.values())


# ---------------------------------------------------------------- offers


def _accepted(one: Reaction) -> float:
    return float(one.accepted)


def _mean(reactions: Sequence[Reaction], value: Callable[[Reaction], float]) -> Estimate:
    return grouped_mean([value(one) for one in reactions], [one.group for one in reactions])


def _reaction_checks(mine: Sequence[Reaction], real: Sequence[Reaction]) -> list[Check]:
    needless = [one for one in mine if one.help_wanted is False]
    of_people = [one for one in real if one.help_wanted is False]
    checks = [
        checked(
            "accepts everything",
            f"users with {FEW_OFFERS} offers or more who accept every one",
            share(_all_taken(mine)),
            side="users",
            people=share(_all_taken(real)) if real else None,
        ),
        checked(
            "too cooperative",
            "offers accepted of those shown while no help was wanted",
            _mean(needless, _accepted),
            side="users",
            people=_mean(of_people, _accepted) if of_people else None,
        ),
        checked(
            "timing without price",
            "acceptance at a boundary less acceptance mid-flow",
            _price(mine),
            side="users",
        ),
        checked(
            "never frustrated",
            f"acceptance after {DISTURBED} refused offers or more, less that after none or one, at equal timing; less what "
            "it is with each user's verdicts in any order",
            _cooling(mine),
            side="users",
            people=_cooling(real) if any(one.refused_before for one in real) else None,
        ),
    ]
    if real:
        checks.append(
            checked(
                "acceptance",
                "acceptance of all offers, less that of people",
                _beside(mine, real),
                side="users",
                people=_mean(real, _accepted),
                note="the offers were other ones too: simulated users and people did not judge the same assistant",
            )
        )
    return checks


def _all_taken(reactions: Iterable[Reaction]) -> list[tuple[str, bool]]:
    return [
        (group, all(one.accepted for one in told))
        for (group, _), told in by_person(reactions).items()
        if len(told) >= FEW_OFFERS
    ]


def _price(reactions: Sequence[Reaction]) -> Estimate:
    known = [one for one in reactions if one.timing in ("boundary", "flow")]
    at = np.array([one.timing == "boundary" for one in known], dtype=bool)
    values = [_accepted(one) for one in known]
    return grouped_gap(values, at, ~at, [one.group for one in known]) or _nothing(known)


def _cooling(reactions: Sequence[Reaction]) -> Estimate:
    """Late minus early acceptance at equal timing, less what it is when each user's verdicts are shuffled.

    Whoever refused often is somebody who refuses often, late and early: shuffled within user and timing, the verdicts
    keep that, and lose what earlier offers did to later ones.
    """
    groups = sorted({one.group for one in reactions})
    kinds = sorted({str(one.timing) for one in reactions})
    if not groups:
        return _nothing(reactions)
    sums = np.zeros((len(groups), 2, len(kinds), 4))
    for (group, user), told in by_person(reactions).items():
        found = sums[groups.index(group)]
        timings = np.array([kinds.index(str(one.timing)) for one in told])
        verdicts = np.array([one.accepted for one in told], dtype=float)
        before = np.array([one.refused_before for one in told])
        found[0] += _early_and_late(timings, verdicts, before, len(kinds))
        rng = np.random.default_rng(seeded("cooling", user).randrange(2**32))
        for _ in range(_SHUFFLES):
            mixed = verdicts.copy()
            for kind in range(len(kinds)):
                mixed[timings == kind] = rng.permutation(verdicts[timings == kind])
            count = before[0] + np.concatenate([[0], np.cumsum(1 - mixed)[:-1]])
            found[1] += _early_and_late(timings, mixed, count, len(kinds)) / _SHUFFLES

    def gap(rows: Array) -> dict[str, Array]:
        cells = rows.reshape(len(rows), 2, len(kinds), 4)
        early, late = cells[..., 0], cells[..., 2]
        weight = np.minimum(early[:, 0], late[:, 0])[:, None]
        with np.errstate(invalid="ignore", divide="ignore"):
            gaps = cells[..., 3] / late - cells[..., 1] / early
            each = np.where(weight > 0, gaps * weight, 0.0).sum(axis=2) / weight.sum(axis=2)
        return {"gap": each[:, 0] - each[:, 1]}

    return resampled(sums.reshape(len(groups), -1), gap, items=len(reactions))["gap"]


def _early_and_late(timings: Array, verdicts: Array, before: Array, kinds: int) -> Array:
    """(kinds, 4): early offers and how many were accepted, late ones and how many."""
    found = np.zeros((kinds, 4))
    for at, chosen in ((0, before <= 1), (2, before >= DISTURBED)):
        found[:, at] = np.bincount(timings[chosen], minlength=kinds)
        found[:, at + 1] = np.bincount(timings[chosen], weights=verdicts[chosen], minlength=kinds)
    return found


def _beside(mine: Sequence[Reaction], real: Sequence[Reaction]) -> Estimate:
    both = [*mine, *real]
    simulated = np.arange(len(both)) < len(mine)
    names = [f"s:{one.group}" for one in mine] + [f"p:{one.group}" for one in real]
    return grouped_gap([_accepted(one) for one in both], simulated, ~simulated, names) or _nothing(mine)


def _nothing(items: Sequence[Reaction]) -> Estimate:
    return Estimate(value=None, items=0, groups=len({one.group for one in items}))


# ---------------------------------------------------------------- ends


def _left(episodes: Sequence[GymEpisode], reactions: Iterable[Reaction]) -> Check:
    refused: dict[str, int] = defaultdict(int)
    for one in reactions:
        refused[one.user] += not one.accepted
    played = zip(episodes, users_of(episodes), strict=True)
    disturbed = [one for one, user in played if refused[user] >= MUCH_DISTURBED]
    return checked(
        "never leaves",
        f"users who give up the work, of those who had refused {MUCH_DISTURBED} offers or more",
        share((one.group, one.end == "left") for one in disturbed),
        side="users",
    )


def _end_checks(episodes: Sequence[GymEpisode]) -> list[Check]:
    done = [one for one in episodes if one.end == "goal"]
    dated = [one for one in done if _ends_early(one) is not None]
    return [
        checked(
            "never ends",
            "episodes that a limit of rounds or events ended, not the user",
            share((one.group, one.end in ("rounds", "events")) for one in episodes),
            side="users",
        ),
        checked(
            "ends too early",
            "of the goals said to be reached: right after work that stood in the middle or went wrong, or with an "
            "accepted offer not carried out",
            share((one.group, bool(_ends_early(one))) for one in dated),
            side="users",
        ),
        checked(
            "claims done",
            f"of the goals said to be reached: no event of the last {_LAST_STEPS} steps shows anything completed",
            share((one.group, not _shows_completion(one)) for one in done),
            side="users",
        ),
    ]


def _ends_early(episode: GymEpisode) -> bool | None:
    """None where nothing tells: no timing is known and no offer was accepted at the end."""
    closing = [step for step in episode.steps if step.events][-1:]
    before = [step for step in episode.steps[-2:] if step.shown and step.outcome.verdict == "accepted"]
    if any(not step.carried_out for step in before):
        return True
    timing = closing[0].outcome.timing if closing else None
    if timing is None:
        return False if before else None
    return timing in ("flow", "stuck")


def _shows_completion(episode: GymEpisode) -> bool:
    return any(completes(step.seen) for step in episode.steps[-_LAST_STEPS:])
