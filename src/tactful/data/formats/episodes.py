"""Moments out of the gym's episodes: a file or run of episodes is read wherever labelled moments are.

An episode gives a labelled moment for each shown offer, and for each silence of which it is known whether help was wanted.
The session is the scene's group, so that no split parts what belongs together; an ignored offer counts as not accepted; a
silence is right where no help was wanted. That a simulated user said so, and no person, stands in each label.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import orjson
from pydantic import ConfigDict, Field, ValidationError

from tactful.data.io import Rows
from tactful.data.recognise import kind_of
from tactful.runs import resolve_input
from tactful.types import Event, LabelledMoment, Moment, MomentLabel, ProposalHistory, Record

R = TypeVar("R")

KIND = "episodes"
SIMULATED = "user"
"""The simulated user, as `MomentLabel.judge` and `--judge` name it where it gave labels or selects."""
_NAMED = f'"{KIND}"'.encode()


class _Part(Record):
    model_config = ConfigDict(extra="ignore")


class _Outcome(_Part):
    help_wanted: bool | None = None
    verdict: str | None = None


class _Step(_Part):
    index: int
    events: tuple[Event, ...]
    history: ProposalHistory = ProposalHistory()
    proposal: str | None = None
    shown: bool = False
    carried_out: tuple[Event, ...] = ()
    outcome: _Outcome = _Outcome()


class _Episode(_Part):
    """What of an episode makes its moments."""

    id: str
    group: str
    steps: tuple[_Step, ...]


def moments_of(episode: object) -> Iterator[LabelledMoment]:
    """The labelled moments of an episode, the gym's own record, as the head of this file says."""
    return _moments(_Episode.model_validate(episode, from_attributes=True))


def _moments(episode: _Episode) -> Iterator[LabelledMoment]:
    seen: list[Event] = []
    for step in episode.steps:
        seen += step.events
        label = _label(step)
        if label is not None and seen:
            yield LabelledMoment(
                moment=Moment(
                    id=f"{episode.id}#{step.index}",
                    session=episode.group,
                    user=episode.id,
                    events=tuple(seen),
                    proposal=step.proposal if step.shown else None,
                    history=step.history,
                ),
                label=label,
            )
        seen += step.carried_out


def _label(step: _Step) -> MomentLabel | None:
    found = step.outcome
    if step.shown:
        right = found.verdict == "accepted"
    elif found.help_wanted is None:
        return None
    else:
        right = not found.help_wanted
    return MomentLabel(accepted=right, help_needed=found.help_wanted, judge=SIMULATED)


# ---------------------------------------------------------------- files


class _EpisodeRow(_Episode):
    """An episode in a file, which has to name itself and its group."""

    id: str = Field(min_length=1)
    group: str = Field(min_length=1)


class MomentRows(Rows[R]):
    """Rows of moments, of which each episode of the gym gives several; also those of a run folder."""

    def __init__(self, path: Path | str | Sequence[Any], parse: Callable[[Any], R], **options: Any) -> None:
        if isinstance(path, str | Path) and Path(path).is_dir():
            path = resolve_input(path)
        super().__init__(path, parse, **options)

    def _item(self, row: Any) -> R:
        if isinstance(row, Exception):
            raise row
        return super()._item(row)

    def _rows(self) -> Iterator[tuple[int, Any]]:
        """As in any file; of an episode its moments, or what is wrong with it, at its own line."""
        for number, row in super()._rows():
            whole = _episode(row)
            if whole is None:
                yield number, row
                continue
            try:
                found = _EpisodeRow.model_validate(whole)
            except ValidationError as error:
                yield number, error
            else:
                for moment in _moments(found):
                    yield number, moment


def _episode(row: Any) -> Mapping[str, Any] | None:
    """The object of a row, or of a line, that is an episode."""
    if isinstance(row, bytes):
        if _NAMED not in row:
            return None
        try:
            row = orjson.loads(row)
        except orjson.JSONDecodeError:  # the reader tells of it
            return None
    return row if isinstance(row, Mapping) and kind_of(row) == KIND else None
