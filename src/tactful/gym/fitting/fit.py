"""From a log to a table of parameters, in part: what it shows is fitted, the rest named."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
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
Values = dict[str, float]
"""Key of the table → value; a spread of a trait, a range by its ends (`work.coding.subtasks.0`)."""
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


def fit_users(
    recorded: Recorded,
    start: Parameters,
    *,
    source: str,
    settings: Sequence[Setting] = SETTINGS,
    seed: int = 0,
) -> FittedUsers:
    """The values that the log shows, with intervals over its sessions. `settings`: whose work it is."""
    by: dict[str, str] = {}
    left = dict(ALWAYS_LEFT)
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
    whole = _values(material, start, settings, by, left)
    groups = material.groups
    drawn = _drawn(material, start, settings, seed) if len(groups) >= _FEWEST_SESSIONS else []
    fitted = []
    for key, value in _joined(whole).items():
        last = f"{key}.1" if isinstance(value, tuple) else key
        draws = np.array([_drawn_value(one, last) for one in drawn] or [np.nan])
        found = estimate(whole[last], draws, items=_items(key, material), groups=len(groups))
        fitted.append(Fitted(key=key, value=value, was=_default(start, key), estimate=found, by=by[key]))
    return FittedUsers(
        source=source,
        sessions=len(recorded.sessions),
        events=sum(len(one.events) for one in recorded.sessions),
        reactions=len(recorded.reactions),
        fitted=tuple(fitted),
        left=left,
    )


def _values(
    material: _Material,
    start: Parameters,
    settings: Sequence[Setting],
    by: dict[str, str],
    left: dict[str, str],
) -> Values:
    """All values; `by` gets what each was counted on, `left` why others are not there."""
    found: Values = {}
    _of_gaps(material.sessions, start, found, by, left)
    _of_work(material.sessions, start, settings, found, by, left)
    _of_offers(material, start, found, by, left)
    return found


# ---------------------------------------------------------------- the parts of the table


def _of_gaps(
    sessions: Sequence[_Stretch], start: Parameters, found: Values, by: dict[str, str], left: dict[str, str]
) -> None:
    told = fit_gaps([one.gaps for one in sessions], start.gaps)
    if told is None:
        usable = [count for one in sessions if (count := len(usable_gaps(one.gaps))) >= FEWEST_OF_ONE]
        left["gaps, traits.pace"] = (
            f"takes {FEWEST_GAPS} gaps between events whose times are known, {FEWEST_OF_ONE} in each of 2 sessions or more; "
            f"found {sum(usable)} in {counted(len(usable), 'such session')}"
        )
        return
    for name in told._fields[:-1]:
        found[f"gaps.{name}"] = getattr(told, name)
        by[f"gaps.{name}"] = "seconds between events, each session's own pace taken out"
    found |= {"traits.pace.0": start.traits.pace[0], "traits.pace.1": told.pace}
    by["traits.pace"] = "how far the sessions' mean log gaps lie apart beyond chance"


def _of_work(
    sessions: Sequence[_Stretch],
    start: Parameters,
    settings: Sequence[Setting],
    found: Values,
    by: dict[str, str],
    left: dict[str, str],
) -> None:
    kinds = [one.kinds for one in sessions]
    events = sum(map(len, kinds))
    begun = sum(
        kind == "fails" and "fails" not in row[max(0, at - 2) : at]
        for row in kinds
        for at, kind in enumerate(row)
    )
    if events < _FEWEST_EVENTS or begun < _FEWEST_FAILURES:
        left["work.*.trouble"] = (
            f"{begun} events tell of a failure: too few, or whoever recorded does not see them"
        )
    else:
        for setting in settings:
            found[f"work.{setting}.trouble"] = min(0.9, begun / events)
            by[f"work.{setting}.trouble"] = "events that tell of a failure, with none in the two before"
    lengths = np.array(list(map(len, kinds)))
    if len(lengths) < _FEWEST_SESSIONS or np.ptp(np.quantile(lengths, [0.5, 0.9])) <= _CUT:
        left["work.*.subtasks"] = "sessions are too few, or were cut at one length"
        return
    for setting in settings:
        each = float(np.mean(start.work[setting].acts))
        low, high = (max(1, round(float(at) / each)) for at in np.quantile(lengths, [0.25, 0.75]))
        found |= {f"work.{setting}.subtasks.0": low, f"work.{setting}.subtasks.1": max(low, high)}
        by[f"work.{setting}.subtasks"] = (
            "quartiles of the sessions' lengths, in pieces of as many acts as by default"
        )


def _of_offers(
    material: _Material, start: Parameters, found: Values, by: dict[str, str], left: dict[str, str]
) -> None:
    need = fit_need(material.points, start.need)
    if need is None:
        left["need"] = f"fewer than {FEWEST} moments at which people said whether help was needed"
    else:
        found |= {f"need.{name}": value for name, value in need.items()}
        by |= {
            f"need.{name}": "moments by what the last events tell of the work; each default is worth 20"
            for name in need
        }
    at = start.need.model_copy(update=need or {})
    taking = fit_taking(material.offers, start.acceptance, ByTiming.model_validate(at.model_dump()))
    if taking is None:
        offers = len(material.offers)
        left["acceptance"] = (
            f"fewer than {FEWEST} offers that people took or refused"
            if offers < FEWEST
            else f"all {offers} offers were {'taken' if material.offers[0].accepted else 'refused'}, which tells nothing of what moves it"
        )
    else:
        found |= {f"acceptance.{name}": value for name, value in taking._asdict().items()}
        told = "reactions by timing, need and words in common; each default is a prior one logit wide"
        by |= {f"acceptance.{name}": told for name in taking._fields}
    openness = fit_openness(material.offers, start.acceptance.openness) if taking else None
    if openness is None:
        left["traits.openness"] = "sessions with reactions are too few, or no further apart than by chance"
    else:
        found |= {"traits.openness.0": start.traits.openness[0], "traits.openness.1": openness}
        by["traits.openness"] = "how far the sessions' acceptance lies apart beyond chance"


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
        found.append(_values(_Material(sessions, offers, points), start, settings, {}, {}))
    return found


def _drawn_value(drawn: Values, key: str) -> float:
    """NaN where the draw shows nothing of it; sessions that lie no further apart than by chance have a spread of 0."""
    if key == "traits.openness.1" and any(name.startswith("acceptance.") for name in drawn):
        return drawn.get(key, 0.0)
    return drawn.get(key, np.nan)


def _joined(values: Values) -> dict[str, Number]:
    """Ranges and pairs put together again."""
    found: dict[str, Number] = {}
    for key, value in values.items():
        name, _, end = key.rpartition(".")
        if end == "0":
            found[name] = (_plain(value), _plain(values[f"{name}.1"]))
        elif end != "1":
            found[key] = _plain(value)
    return found


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
