"""Is the stream of events like people's: its timing, its repetitions, its sentences, its mix of kinds?"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from itertools import chain
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tactful.gym.card.limits import checked
from tactful.gym.card.log import Recorded, Session
from tactful.gym.card.types import Check
from tactful.gym.card.words import KINDS, OTHER, kind_of_event, language, sentence
from tactful.stats import Estimate
from tactful.stats.bootstrap import estimate, group_draws, grouped_gap, grouped_mean
from tactful.stats.burstiness import burstiness
from tactful.types import seeded

Array = NDArray[Any]
WINDOW = 20
"""Events that are looked at together: as long as ProactiveBench's recordings, for figures that grow with length."""
_MATES = 12
"""Other scenes that each is held against for its sentences."""
_RESAMPLES = 500


def stream_checks(simulated: Recorded, people: Recorded | None, *, seed: int = 0) -> list[Check]:
    """The checks that need nothing but events and their times."""
    mine, real = simulated.sessions, () if people is None else people.sessions
    checks = [
        *_timing(mine, real),
        _compared(
            "repeats itself",
            f"events whose text stood in the session before, in stretches of {WINDOW}",
            mine,
            real,
            _repeated,
        ),
        checked(
            "uniform in style",
            "sentences, their content masked, that stand in a session of one other scene as well; the mean of pairs",
            _shared_sentences(mine, seed),
            side="events",
            people=_shared_sentences(real, seed) if real else None,
        ),
    ]
    if mine and real:
        ours, theirs = _shares(mine), _shares(real)
        checks.append(
            checked(
                "mix of events",
                "Dice's coefficient of the shares of kinds of events (opens, searches, writes, …) and people's",
                _mix(ours, theirs, len(mine) + len(real), seed),
                side="events",
                note=_mix_note(ours[1], theirs[1]),
            )
        )
    return checks


def windows(session: Session, size: int = WINDOW) -> list[Session]:
    """The session in stretches of equal length; a shorter one whole, a rest that is less than half left out."""
    count = len(session.events)
    if count <= size:
        return [session]
    parts = [session.events[at : at + size] for at in range(0, count, size)]
    kept = [part for part in parts if 2 * len(part) >= size]
    return [Session(f"{session.id}@{at}", session.group, part) for at, part in enumerate(kept)]


# ---------------------------------------------------------------- one figure of a stretch


def _burst(session: Session) -> float:
    found = burstiness(session.gaps, finite_size=True)
    return np.nan if found is None else found


def _repeated(session: Session) -> float:
    texts = [event.text.strip().lower() for event in session.events]
    return 1 - len(set(texts)) / len(texts)


def _means(sessions: Sequence[Session], value: Callable[[Session], float]) -> tuple[list[float], list[str]]:
    """(mean over its stretches, group) of each session that has one."""
    values, groups = [], []
    for session in sessions:
        found = np.array([value(part) for part in windows(session)], dtype=float)
        if np.isfinite(found).any():
            values.append(float(np.nanmean(found)))
            groups.append(session.group)
    return values, groups


def _compared(
    name: str, asks: str, mine: Sequence[Session], real: Sequence[Session], value: Callable[[Session], float]
) -> Check:
    people = grouped_mean(*_means(real, value)) if real else None
    figure = grouped_mean(*_means(mine, value))
    return checked(name, asks, figure, side="events", people=people)


def _timing(mine: Sequence[Session], real: Sequence[Session]) -> list[Check]:
    asks = (
        f"burstiness of the gaps in stretches of {WINDOW} events (-1 a clock's tick, 0 chance, towards 1 bursts), "
        "corrected for length"
    )
    checks = [_compared("uniform timing", asks, mine, real, _burst)]
    if real:
        ours, groups = _by_group(*_means(mine, _burst), "s")
        theirs, others = _by_group(*_means(real, _burst), "p")
        side = np.arange(len(ours) + len(theirs)) < len(ours)
        gap = grouped_gap([*ours, *theirs], side, ~side, [*groups, *others])
        checks.append(
            checked(
                "uniform timing, beside people",
                "the same, less people's",
                _fewer(gap, min(len(groups), len(others))),
                side="events",
                people=checks[0].people,
            )
        )
    return checks


def _by_group(values: Sequence[float], groups: Sequence[str], mark: str) -> tuple[list[float], list[str]]:
    sums: dict[str, list[float]] = defaultdict(list)
    for value, group in zip(values, groups, strict=True):
        sums[f"{mark}:{group}"].append(value)
    return [float(np.mean(one)) for one in sums.values()], list(sums)


def _fewer(found: Estimate | None, groups: int) -> Estimate:
    """The estimate with the groups of the smaller side, which is what it hangs on."""
    if found is None:
        return Estimate(value=None, items=0, groups=groups)
    return found.model_copy(update={"groups": groups})


# ---------------------------------------------------------------- sentences and kinds


def _shared_sentences(sessions: Sequence[Session], seed: int) -> Estimate:
    """Mean over ordered pairs of scenes in one language, so that more scenes do not raise it."""
    held: dict[str, list[Session]] = defaultdict(list)
    for session in sessions:
        held[session.group].append(session)
    firsts = {group: windows(several[0])[0].events for group, several in held.items()}
    spoken = {group: language(events) for group, events in firsts.items()}
    said = {group: [sentence(event.text) for event in events] for group, events in firsts.items()}
    values, of = [], []
    for group in sorted(said):
        rng = seeded("sentences", seed, group)
        others = [one for one in sorted(said) if one != group and spoken[one] == spoken[group]]
        for mate in rng.sample(others, min(_MATES, len(others))):
            there = set(said[mate])
            values.append(float(np.mean([text in there for text in said[group]])))
            of.append(group)
    return grouped_mean(values, of)


def _shares(sessions: Sequence[Session]) -> tuple[list[str], Array]:
    """(groups, their mean shares of kinds): (groups, kinds)."""
    kinds = [*KINDS, OTHER]
    rows: dict[str, list[Array]] = defaultdict(list)
    for session in sessions:
        counts = Counter(kind_of_event(event.text) for event in session.events)
        rows[session.group].append(np.array([counts[kind] for kind in kinds]) / len(session.events))
    return list(rows), np.array([np.mean(one, axis=0) for one in rows.values()])


def _mix(mine: tuple[list[str], Array], real: tuple[list[str], Array], sessions: int, seed: int) -> Estimate:
    (groups, ours), (others, theirs) = mine, real
    drawn = [
        group_draws(len(table), _RESAMPLES, seed + side) @ table / len(table)
        for side, table in enumerate((ours, theirs))
    ]
    whole = float(np.minimum(ours.mean(axis=0), theirs.mean(axis=0)).sum())
    fewer = min(len(groups), len(others))
    return estimate(whole, np.minimum(drawn[0], drawn[1]).sum(axis=1), items=sessions, groups=fewer)


def _mix_note(ours: Array, theirs: Array) -> str:
    gaps = ours.mean(axis=0) - theirs.mean(axis=0)
    kinds = [*KINDS, OTHER]
    order = [int(at) for at in np.argsort(gaps)]
    told = chain(((at, "more") for at in reversed(order[-2:])), ((at, "less") for at in order[:2]))
    return "beside people " + ", ".join(
        f"{word} '{kinds[at]}' ({100 * gaps[at]:+.0f} points)" for at, word in told
    )
