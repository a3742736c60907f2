"""What work is read from: runs of the gym, recordings of people, moments that people judged."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from tactful.errors import DataError, UsageError

if TYPE_CHECKING:
    from tactful.api.inputs import Input
    from tactful.gym.card.log import Recorded
    from tactful.gym.types import GymEpisode

EpisodesGiven = Any
"""What functions of this room take for episodes: a run or its folder, a file, or `GymEpisode`s."""
PeopleGiven = Any
"""What they take for people at work: one or several files, folders or runs, or records, as `read_people` reads them."""
TAKEN = (
    "give a folder of ProactiveBench's traces, moments (`obs` in each row), what `data import activitywatch` wrote, or a "
    "run of `gym run`"
)
"""What to do about anything else, for messages."""
_RUN = "give a run of `gym run`"
Work = Literal["traces", "episodes", "sessions", "moments"]


def read_episodes(given: EpisodesGiven, *, limit: int | None = None) -> tuple[list[GymEpisode], str]:
    """The episodes and what messages call their source. Raises: DataError for a file of another kind, or a bad line."""
    from itertools import islice

    found = episodes_input(given)
    source = str(getattr(given, "folder", given)) if found.path is not None else found.name
    return list(islice(found, limit)), source


def episodes_input(given: EpisodesGiven, *, skip_bad: bool = False) -> Input[GymEpisode]:
    """The episodes, read as they are asked for. Raises: DataError for a file of another kind, or a bad line."""
    from tactful.api.inputs import NAMELESS, Input
    from tactful.data.io import read_jsonl
    from tactful.gym.types import GymEpisode
    from tactful.runs import resolve_input

    source = getattr(given, "folder", given)
    if isinstance(source, str | os.PathLike):
        path = resolve_input(Path(source))
        kind = "episodes" if path.is_file() and not path.stat().st_size else _kind_of(path, source, _RUN)
        if kind != "episodes":
            raise DataError.at(str(source), None, f"holds '{kind}', expected episodes", fix=_RUN)

    def check(record: Any) -> GymEpisode:
        if not isinstance(record, GymEpisode):
            given = f"holds {type(record).__name__}, expected GymEpisode"
            raise DataError.at(NAMELESS, None, given, fix=_RUN)
        return record

    return Input.of(source, lambda path: read_jsonl(path, GymEpisode, skip_bad=skip_bad), check=check)


def read_people(given: PeopleGiven) -> tuple[Recorded, str]:
    """Recorded work of one or several places, a recording held twice once, and what messages call it.

    A folder of traces; a file of moments, labelled or not; work sessions of an activity log; a run of the gym, which is
    then taken for people; or records of any of these. Raises: DataError for anything else, UserError where it cannot be read.
    """
    from tactful.api.inputs import NAMELESS
    from tactful.gym.card.log import Recorded, joined

    if isinstance(given, Recorded):
        return given, "<the recordings given>"
    several: Sequence[Any] = [given] if isinstance(given, str | os.PathLike) else list(given)
    places = [one for one in several if isinstance(one, str | os.PathLike)]
    records = [one for one in several if not isinstance(one, str | os.PathLike)]
    found = joined([*(_read(Path(one)) for one in places), *_in_memory(records)])
    name = " + ".join([*map(str, places), *([NAMELESS] if records else [])])
    if not found.sessions and not found.reactions:
        raise DataError.at(name or NAMELESS, None, "holds no recorded work", fix=TAKEN)
    return found, name


def _read(path: Path) -> Recorded:
    return _recorded(*work_in(path))


def _recorded(work: Work, rows: Iterable[Any]) -> Recorded:
    """What this work shows, read as it streams past."""
    from tactful.gym.card.log import of_episodes, of_moments, of_sessions

    if work == "episodes":
        return of_episodes(rows)
    if work == "moments":
        return of_moments(rows)
    return of_sessions((one.id, one.events) for one in rows)


def _in_memory(records: Sequence[Any]) -> list[Recorded]:
    """What records of one kind show; nothing where there are none. Raises: DataError for records of no work."""
    from tactful.api.inputs import NAMELESS
    from tactful.data.activity.types import WorkSession
    from tactful.gym.types import GymEpisode
    from tactful.types import LabelledMoment, Moment

    if not records:
        return []
    works: dict[Work, Any] = {
        "episodes": GymEpisode,
        "moments": Moment | LabelledMoment,
        "sessions": WorkSession,
    }
    for work, kind in works.items():
        if all(isinstance(one, kind) for one in records):
            return [_recorded(work, records)]
    kinds = " and ".join(sorted({type(one).__name__ for one in records}))
    raise DataError.at(NAMELESS, None, f"holds {kinds}, expected work of one kind", fix=TAKEN)


def work_in(path: Path) -> tuple[Work, Iterable[Any]]:
    """What kind of work a folder of traces, a run or a file holds, and its records as they are asked for.

    Raises: DataError for anything else, UserError where it cannot be read.
    """
    from tactful.data.io import read_jsonl
    from tactful.runs import resolve_input

    if path.is_dir() and not (path / "run.json").exists():
        from tactful.data.formats.traces import read_traces

        return "traces", read_traces(path)
    place = resolve_input(path)
    kind = _kind_of(place, path, TAKEN)
    if kind == "episodes":
        from tactful.gym.types import GymEpisode

        return "episodes", read_jsonl(place, GymEpisode)
    if kind == "work-sessions":
        from tactful.data.activity.types import WorkSession

        return "sessions", read_jsonl(place, WorkSession)
    if kind in ("labelled-moments", "moments"):
        from tactful.data.formats.moments import labelled_rows, moment_rows

        return "moments", labelled_rows(place) if kind == "labelled-moments" else moment_rows(place)
    raise DataError.at(path, None, f"holds '{kind}', expected people at work", fix=TAKEN)


def _kind_of(path: Path, given: Path | str | os.PathLike[str], fix: str) -> str:
    """The kind of record in a file. Raises: DataError where it is not told, UserError where it cannot be read."""
    from tactful.data.check import detect_kind

    if str(path) == "-":
        return detect_kind(path)  # which says that it is read once
    try:
        return detect_kind(path)
    except UsageError:
        empty = path.is_file() and not path.stat().st_size
        holds = "is empty" if empty else "holds nothing that is recognised"
        raise DataError.at(str(given), None, holds, fix=fix) from None
