"""The one table of what the rules suppose about people: `parameters.toml`, with the source of each value."""

from __future__ import annotations

import math
import tomllib
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from pydantic import Field, ValidationError, model_validator

from tactful.errors import ConfigError
from tactful.gym.types import Setting, Timing, Traits
from tactful.types import Record, seeded

TABLE = Path(__file__).with_name("parameters.toml")
_LEAST_TRAIT, _MOST_TRAIT = 0.02, 0.98

Range = tuple[int, int]
"""Fewest and most; every number in between is as likely."""


class WorkParameters(Record):
    """What work of one setting is made of."""

    subtasks: Range
    acts: Range
    trouble: float = Field(ge=0, le=1)
    stuck: Range
    stretch: Range

    @model_validator(mode="after")
    def _ordered(self) -> WorkParameters:
        for name in ("subtasks", "acts", "stuck", "stretch"):
            fewest, most = getattr(self, name)
            if not 1 <= fewest <= most:
                raise ValueError(f"{name} is [{fewest}, {most}]; it is [fewest, most], from 1 up")
        return self


class GapParameters(Record):
    """Seconds before events."""

    quick_share: float = Field(ge=0, le=1)
    quick_median_s: float = Field(gt=0)
    quick_spread: float = Field(ge=0)
    slow_median_s: float = Field(gt=0)
    slow_spread: float = Field(ge=0)
    away_median_s: float = Field(gt=0)
    away_spread: float = Field(ge=0)


class ByTiming(Record):
    """A probability for each place in the work."""

    boundary: float = Field(ge=0, le=1)
    flow: float = Field(ge=0, le=1)
    stuck: float = Field(ge=0, le=1)
    late: float = Field(ge=0, le=1)

    def at(self, timing: Timing) -> float:
        """The one of this place."""
        return float(getattr(self, timing))


class AcceptanceParameters(ByTiming):
    """P(accepted) by place, and what moves it, in logits."""

    need: float = Field(ge=0)
    irrelevance: float = Field(ge=0)
    enough_overlap: float = Field(gt=0, le=1)
    openness: float = Field(ge=0)
    wear: float = Field(ge=0)
    refused: float = Field(ge=0)
    refused_most: int = Field(ge=0)
    crowding: float = Field(ge=0)
    crowding_s: float = Field(gt=0)


class RefusalParameters(Record):
    """Of the offers not accepted, the share that is rejected; the others are ignored."""

    rejected_boundary: float = Field(ge=0, le=1)
    rejected_flow: float = Field(ge=0, le=1)
    rejected_stuck: float = Field(ge=0, le=1)
    rejected_late: float = Field(ge=0, le=1)

    def at(self, timing: Timing) -> float:
        """The one of this place."""
        return float(getattr(self, f"rejected_{timing}"))


class PatienceParameters(Record):
    """How much is borne, and what happens then."""

    least: float = Field(gt=0)
    most: float = Field(gt=0)
    rejected: float = Field(ge=0)
    ignored: float = Field(ge=0)
    flow_factor: float = Field(ge=0)
    regained: float = Field(ge=0)
    rest: float = Field(ge=0)
    leaves: float = Field(ge=0, le=1)
    leaves_unasked: float = Field(ge=0, le=1)


class CourseParameters(Record):
    """What offers do to the work."""

    saved: float = Field(ge=0, le=1)
    detour: float = Field(ge=0, le=1)
    detour_acts: int = Field(ge=0)
    late_acts: int = Field(ge=0)
    step_median_s: float = Field(gt=0)


class OfflineParameters(Record):
    """What the offline proposer says."""

    relevant: float = Field(ge=0)
    off_topic: float = Field(ge=0)
    redundant: float = Field(ge=0)
    untimely: float = Field(ge=0)
    silent_unwanted: float = Field(ge=0, le=1)
    silent_wanted: float = Field(ge=0, le=1)

    @model_validator(mode="after")
    def _says_something(self) -> OfflineParameters:
        if not self.relevant + self.off_topic + self.redundant + self.untimely:
            raise ValueError("of relevant, off_topic, redundant and untimely one is above 0")
        return self


class TraitParameters(Record):
    """Mean and standard deviation of each trait over people."""

    openness: tuple[float, float]
    patience: tuple[float, float]
    skill: tuple[float, float]
    focus: tuple[float, float]
    pace: tuple[float, float]


class Parameters(Record):
    """The whole table."""

    work: Mapping[Setting, WorkParameters]
    gaps: GapParameters
    need: ByTiming
    acceptance: AcceptanceParameters
    refusal: RefusalParameters
    patience: PatienceParameters
    course: CourseParameters
    offline: OfflineParameters
    traits: TraitParameters


@lru_cache(maxsize=1)
def _bundled() -> Mapping[str, Any]:
    return tomllib.loads(TABLE.read_text("utf-8"))


def load_parameters(path: Path | None = None) -> Parameters:
    """The bundled table, or that table with what `path` says put in its place.

    Raises: ConfigError, naming file, key and value, where the file cannot be used.
    """
    if path is None:
        return Parameters.model_validate(_bundled())
    try:
        given = tomllib.loads(path.read_text("utf-8-sig"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(
            f"{path}: parameters cannot be read: {error}; the form is that of {TABLE}"
        ) from error
    try:
        return Parameters.model_validate(_laid_over(_bundled(), given))
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(map(str, first["loc"]))
        raise ConfigError(
            f"{path}: {key} is {first['input']!r}: {first['msg']}; the form is that of {TABLE}"
        ) from error


def _laid_over(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    both = dict(below)
    for key, value in above.items():
        held = both.get(key)
        both[key] = (
            _laid_over(held, value) if isinstance(held, Mapping) and isinstance(value, Mapping) else value
        )
    return both


def drawn_traits(parameters: TraitParameters, *seed: object) -> Traits:
    """Somebody, by the seed alone."""
    rng = seeded("traits", *seed)

    def one(of: tuple[float, float]) -> float:
        return min(_MOST_TRAIT, max(_LEAST_TRAIT, rng.gauss(*of)))

    return Traits(
        openness=one(parameters.openness),
        patience=one(parameters.patience),
        skill=one(parameters.skill),
        focus=one(parameters.focus),
        pace=math.exp(rng.gauss(*parameters.pace)),
    )
