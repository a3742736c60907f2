"""What is in episodes, traces, moments and logs of work."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tactful.api.gym.logs import TAKEN, work_in
from tactful.api.inputs import NAMELESS, refuse_copies
from tactful.api.runs import outside_loop
from tactful.errors import DataError, UsageError

if TYPE_CHECKING:
    from tactful.gym.stats.recordings import Recording
    from tactful.gym.stats.results import GymStats


def gym_stats(*sources: Any, out: Path | str | None = None, pictures: int = 12, seed: int = 0) -> GymStats:
    """Instances, events and offers by setting; acceptance by where the work stood; gaps, burstiness, endings.

    Each of `sources` is a run of the gym or its folder, a file of episodes, `GymEpisode`s, a folder of traces, a file of
    moments, or imported activity. Intervals go by seed task of the scenes, trace or session. `out` is a new folder for the page
    (`stats.html`) and the same as JSON; `pictures` is how many instances it draws.

    Raises DataError for anything that holds no recorded work, UsageError when a page lies in `out` already.

    >>> import tactful as tf
    >>> found = tf.gym_stats(tf.moments())
    >>> found.whole.instances, found.whole.offers
    (30, 317)
    """
    from tactful.data.page import refuse_existing
    from tactful.gym.stats.page import DATA, PAGE, write_stats
    from tactful.gym.stats.tally import count

    if not sources:
        raise UsageError(f"nothing to count; {TAKEN}")
    if out is not None:
        refuse_existing(Path(out), (PAGE, DATA))
    names = [_name(one) for one in sources]
    refuse_copies(map(_place, sources), ", ".join(names), "source")
    found = outside_loop(
        lambda: count(
            (each for one in sources for each in recordings(one)), sources=names, pictures=pictures, seed=seed
        )
    )
    if not found.whole.instances:
        raise DataError.at(", ".join(names), None, "holds no recorded work", fix=TAKEN)
    if out is not None:
        write_stats(found, Path(out))
    return found


def _name(given: Any) -> str:
    source = getattr(given, "folder", given)
    return str(source) if isinstance(source, str | os.PathLike) else NAMELESS


def _place(given: Any) -> Path | int:
    source = getattr(given, "folder", given)
    return Path(source).resolve() if isinstance(source, str | os.PathLike) else id(source)


def recordings(given: Any) -> Iterator[Recording]:
    """The recordings of one source, as they are asked for. Raises: DataError for anything else."""
    source = getattr(given, "folder", given)
    if isinstance(source, str | os.PathLike):
        yield from _in_place(Path(source))
    else:
        yield from _in_memory(list(source))


def _in_memory(records: Sequence[Any]) -> Iterator[Recording]:
    from tactful.gym.stats.recordings import of_episodes, of_moments
    from tactful.gym.types import GymEpisode
    from tactful.types import LabelledMoment, Moment

    if all(isinstance(record, GymEpisode) for record in records):
        yield from of_episodes(records)
        return
    if kinds := {
        type(record).__name__ for record in records if not isinstance(record, Moment | LabelledMoment)
    }:
        given = f"holds {' and '.join(sorted(kinds))}, expected moments, or episodes alone"
        raise DataError.at(NAMELESS, None, given, fix="give GymEpisodes, or Moments")
    yield from of_moments(records)


def _in_place(path: Path) -> Iterator[Recording]:
    from tactful.data.formats.traces import read_splits
    from tactful.gym.stats.recordings import of_episodes, of_moments, of_sessions, of_traces

    work, rows = work_in(path)
    if work == "traces":
        traces = list(rows)
        yield from of_traces(traces, read_splits(path, traces))
    elif work == "episodes":
        yield from of_episodes(rows)
    elif work == "sessions":
        yield from of_sessions((one.id, one.events) for one in rows)
    else:
        yield from of_moments(rows)
