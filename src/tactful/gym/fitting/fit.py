"""From a log to a table of parameters, in part: what it shows is fitted, the rest named."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import reduce
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tactful.gym.card.log import Recorded
from tactful.gym.card.words import kind_of_event
from tactful.gym.fitting.gaps import FEWEST_GAPS, FEWEST_OF_ONE, fit_gaps, usable_gaps
from tactful.gym.fitting.taking import (
    FEWEST,
    Known,
    Offered,
    fit_need,
    fit_openness,
    fit_taking,
    known,
    offered,
)
from tactful.gym.fitting.types import Fitted, FittedUsers, Number
from tactful.gym.rules.parameters import ByTiming, Parameters
from tactful.gym.types import SETTINGS, Setting
from tactful.stats.bootstrap import estimate
from tactful.text.counting import counted
from tactful.types import seeded

Array = NDArray[Any]
Values = dict[str, tuple[float, ...]]
"""Key of the table → value; two of a range, and mean and spread of a trait."""
_RESAMPLES = 100
_FEWEST_EVENTS = 100
_FEWEST_SESSIONS = 8
_FEWEST_FAILURES = 3
_CUT = 1
"""Events by which the long sessions may differ when all were cut at one length, which then says nothing."""
ALWAYS_LEFT: Mapping[str, str] = {
    "work.*.acts, work.*.stuck, work.*.stretch": "where a piece of work begins and ends, a log does not say",
    "gaps.away_median_s, gaps.away_spread": "which gap is a person's being away, a log does not say",
    "need.late, acceptance.late": "whether help comes late, a log does not say",
    "acceptance.enough_overlap, acceptance.openness": "they set the scale of what is fitted",
    "acceptance.wear, acceptance.refused, acceptance.refused_most, acceptance.crowding, acceptance.crowding_s": (
        "they need a user's offers in their order"
    ),
    "refusal": "whether an offer was rejected or ignored, labels of moments do not say",
    "patience, course": "what offers do to the work afterwards, labels of moments do not say",
    "offline": "it is about the assistant, not about people",
    "traits.patience, traits.skill, traits.focus": "they need a person's reactions and mistakes over time",
}


@dataclass(frozen=True)
class _Stretch:
    """A session as far as fitting looks at it."""

    group: str
    gaps: list[float]
    kinds: list[str]


@dataclass(frozen=True)
class _Material:
    sessions: list[_Stretch]
    offers: list[Offered]
    points: list[Known]

    @property
    def groups(self) -> list[str]:
        return sorted({one.group for part in self.parts for one in part})

    @property
    def parts(self) -> tuple[list[Any], ...]:
        return self.sessions, self.offers, self.points


@dataclass(frozen=True)
class _Told:
    """What a log tells."""

    values: Values = field(default_factory=dict)
    by: dict[str, str] = field(default_factory=dict)
    """What each was counted on."""
    left: dict[str, str] = field(default_factory=dict)
    """Why others are not there."""

    def put(self, key: str, *value: float, by: str) -> None:
        """One value more."""
        self.values[key], self.by[key] = value, by


def fit_users(
    recorded: Recorded,
    start: Parameters,
    *,
    source: str,
    settings: Sequence[Setting] = SETTINGS,
    seed: int = 0,
) -> FittedUsers:
    """The values that the log shows, with intervals over its sessions. `settings`: whose work it is."""
    material = _Material(
        [
            _Stretch(one.group, one.gaps, [kind_of_event(event.text) for event in one.events])
            for one in recorded.sessions
        ],
        [
            offered(one, start.acceptance.enough_overlap)
            for one in recorded.reactions
            if one.proposal and one.recent
        ],
        [known(one) for one in recorded.points],
    )
    told = _told(material, start, settings)
    groups = material.groups
    drawn = _drawn(material, start, settings, seed) if len(groups) >= _FEWEST_SESSIONS else []
    fitted = []
    for key, parts in told.values.items():
        draws = np.array([_drawn_value(one, key) for one in drawn] or [np.nan])
        found = estimate(parts[-1], draws, items=_items(key, material), groups=len(groups))
        value: Any = tuple(map(_plain, parts)) if len(parts) > 1 else _plain(parts[0])
        fitted.append(Fitted(key=key, value=value, was=_default(start, key), estimate=found, by=told.by[key]))
    return FittedUsers(
        source=source,
        sessions=len(recorded.sessions),
        events=sum(len(one.events) for one in recorded.sessions),
        reactions=len(recorded.reactions),
        fitted=tuple(fitted),
        left={**ALWAYS_LEFT, **told.left},
    )


def _told(material: _Material, start: Parameters, settings: Sequence[Setting]) -> _Told:
    told = _Told()
    _of_gaps(material.sessions, start, told)
    _of_work(material.sessions, start, settings, told)
    _of_offers(material, start, told)
    return told


# ---------------------------------------------------------------- the parts of the table


def _of_gaps(sessions: Sequence[_Stretch], start: Parameters, told: _Told) -> None:
    found = fit_gaps([one.gaps for one in sessions], start.gaps)
    if found is None:
        usable = [count for one in sessions if (count := len(usable_gaps(one.gaps))) >= FEWEST_OF_ONE]
        told.left["gaps, traits.pace"] = (
            f"takes {FEWEST_GAPS} gaps between events whose times are known, {FEWEST_OF_ONE} in each of 2 sessions or more; "
            f"found {sum(usable)} in {counted(len(usable), 'such session')}"
        )
        return
    by = "seconds between events, each session's own pace taken out"
    for name in found._fields[:-1]:
        told.put(f"gaps.{name}", getattr(found, name), by=by)
    by = "how far the sessions' mean log gaps lie apart beyond chance"
    told.put("traits.pace", start.traits.pace[0], found.pace, by=by)


def _of_work(
    sessions: Sequence[_Stretch], start: Parameters, settings: Sequence[Setting], told: _Told
) -> None:
    kinds = [one.kinds for one in sessions]
    events = sum(map(len, kinds))
    begun = sum(
        kind == "fails" and "fails" not in row[max(0, at - 2) : at]
        for row in kinds
        for at, kind in enumerate(row)
    )
    if events < _FEWEST_EVENTS or begun < _FEWEST_FAILURES:
        told.left["work.*.trouble"] = (
            f"{begun} events tell of a failure: too few, or whoever recorded does not see them"
        )
    else:
        by = "events that tell of a failure, with none in the two before"
        for setting in settings:
            told.put(f"work.{setting}.trouble", min(0.9, begun / events), by=by)
    lengths = np.array(list(map(len, kinds)))
    if len(lengths) < _FEWEST_SESSIONS or np.ptp(np.quantile(lengths, [0.5, 0.9])) <= _CUT:
        told.left["work.*.subtasks"] = "sessions are too few, or were cut at one length"
        return
    by = "quartiles of the sessions' lengths, in pieces of as many acts as by default"
    for setting in settings:
        each = float(np.mean(start.work[setting].acts))
        low, high = (max(1, round(float(at) / each)) for at in np.quantile(lengths, [0.25, 0.75]))
        told.put(f"work.{setting}.subtasks", low, max(low, high), by=by)


def _of_offers(material: _Material, start: Parameters, told: _Told) -> None:
    need = fit_need(material.points, start.need)
    if need is None:
        told.left["need"] = f"fewer than {FEWEST} moments at which people said whether help was needed"
    else:
        by = "moments by what the last events tell of the work; each default is worth 20"
        for name, value in need.items():
            told.put(f"need.{name}", value, by=by)
    at = start.need.model_copy(update=need or {})
    taking = fit_taking(material.offers, start.acceptance, ByTiming.model_validate(at.model_dump()))
    if taking is None:
        offers = len(material.offers)
        told.left["acceptance"] = (
            f"fewer than {FEWEST} offers that people took or refused"
            if offers < FEWEST
            else f"all {offers} offers were {'taken' if material.offers[0].accepted else 'refused'}, which tells nothing of what moves it"
        )
    else:
        by = "reactions by timing, need and words in common; each default is a prior one logit wide"
        for name, value in taking._asdict().items():
            told.put(f"acceptance.{name}", value, by=by)
    openness = fit_openness(material.offers, start.acceptance.openness) if taking else None
    if openness is None:
        told.left["traits.openness"] = (
            "sessions with reactions are too few, or no further apart than by chance"
        )
    else:
        by = "how far the sessions' acceptance lies apart beyond chance"
        told.put("traits.openness", start.traits.openness[0], openness, by=by)


# ---------------------------------------------------------------- intervals


def _drawn(material: _Material, start: Parameters, settings: Sequence[Setting], seed: int) -> list[Values]:
    """The values of resampled sessions; one that is drawn twice is two."""
    held: dict[str, _Material] = defaultdict(lambda: _Material([], [], []))
    for at, items in enumerate(material.parts):
        for one in items:
            held[one.group].parts[at].append(one)
    rng, groups = seeded("fit users", seed), material.groups
    found = []
    for _ in range(_RESAMPLES):
        chosen = [held[group] for group in rng.choices(groups, k=len(groups))]
        sessions = [one for part in chosen for one in part.sessions]
        offers = [one._replace(group=str(at)) for at, part in enumerate(chosen) for one in part.offers]
        points = [one for part in chosen for one in part.points]
        found.append(_told(_Material(sessions, offers, points), start, settings).values)
    return found


def _drawn_value(drawn: Values, key: str) -> float:
    """NaN where the draw shows nothing of it; sessions that lie no further apart than by chance have a spread of 0."""
    if key in drawn:
        return drawn[key][-1]
    known = key == "traits.openness" and any(name.startswith("acceptance.") for name in drawn)
    return 0.0 if known else np.nan


def _plain(value: float) -> Any:
    return value if isinstance(value, int) else round(float(value), 4)


def _default(start: Parameters, key: str) -> Number:
    def below(held: Any, name: str) -> Any:
        return held[name] if isinstance(held, Mapping) else getattr(held, name)

    found: Any = reduce(below, key.split("."), start)
    return tuple(found) if isinstance(found, list | tuple) else float(found)


def _items(key: str, material: _Material) -> int:
    """What was counted."""
    part = key.split(".")[0]
    if part == "need":
        return len(material.points)
    if part == "acceptance" or key == "traits.openness":
        return len(material.offers)
    if part == "gaps":
        return sum(len(usable_gaps(one.gaps)) for one in material.sessions)
    return sum(len(one.kinds) for one in material.sessions) if part == "work" else len(material.sessions)
