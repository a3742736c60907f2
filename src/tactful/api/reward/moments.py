"""Moments at which help was offered or not, with what people said about them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tactful.api.inputs import Input, refuse_copies
from tactful.api.options import at_least_one
from tactful.errors import DataError, UsageError

if TYPE_CHECKING:
    from tactful.data.formats.labelled import Labelled
    from tactful.types import LabelledMoment


class Moments(list["LabelledMoment"]):
    """Labelled moments. A list that also knows where it comes from and what was left out, and saves itself."""

    name: str = "<the moments given>"
    """As messages and model cards call them."""
    bad: int = 0
    """Unusable lines that were left out, with `skip_bad`."""
    problems: Sequence[str] = ()

    def save(self, path: Path | str) -> None:
        """Write them as JSONL; the commands read the file. Raises UsageError when it exists."""
        from tactful.data.formats.moments import moment_row
        from tactful.data.io import write_jsonl

        if str(path) != "-" and Path(path).exists():
            raise UsageError(f"{path}: exists already; give another name")
        write_jsonl(path, self.rows() if str(path) == "-" else map(moment_row, self))

    def rows(self) -> list[dict[str, Any]]:
        """The moments as dictionaries, in ProactiveBench's keys."""
        from tactful.data.formats.moments import moment_row

        return [moment_row(item) for item in self]


def moments(
    source: Path | str | Iterable[Mapping[str, Any] | LabelledMoment] | None = None,
    *,
    limit: int | None = None,
    skip_bad: bool = False,
) -> Moments:
    """Labelled moments: what was seen, what was proposed (or None for silence), and whether people accepted it.

    `source` is a JSONL file in ProactiveBench's form (`obs`, `pred_task`, `valid`), a run of the gym (`tf.play`), or such
    rows in memory; None: the bundled ones, 415 moments of thirty work sessions, judged by their author. `limit` takes the first N.

    Raises DataError for a row that cannot be used (unless `skip_bad`), and when there is none.

    >>> import tactful as tf
    >>> found = tf.moments()
    >>> len(found), found[0].moment.proposal is None, found[0].category
    (415, False, 'false-alarm')
    >>> [mine] = tf.moments([{"obs": [{"event": "The tests fail"}], "pred_task": "Show the log", "valid": True}])
    >>> mine.label.accepted
    True
    """
    from tactful.data.formats.moments import labelled_rows, parse_labelled
    from tactful.data.seeds.moments import SEED_MOMENTS
    from tactful.types import LabelledMoment

    def row(item: Any) -> LabelledMoment:
        try:
            return item if isinstance(item, LabelledMoment) else parse_labelled(item)
        except ValueError as error:
            raise DataError(f"{Moments.name}: {error}") from error

    at_least_one("limit", limit)
    given = SEED_MOMENTS if source is None else source
    read = Input.of(given, lambda path: labelled_rows(path, skip_bad=skip_bad), check=row)
    found = Moments(islice(read, limit))
    if not found:
        fix = "give rows with 'obs', 'pred_task' and 'valid'"
        raise DataError.at(read.name, None, "holds no labelled moment", fix=fix)
    refuse_copies(found, read.name, "moment")
    found.name = Moments.name if read.path is None else read.name
    found.bad, found.problems = read.bad, tuple(read.problems)
    return found


MomentsGiven = Path | str | Iterable["LabelledMoment"]
"""What functions of this room take: those of `moments(…)`, others in memory, or a file."""


def labelled(given: MomentsGiven, *, limit: int | None = None, skip_bad: bool = False) -> Labelled:
    """The same with its name, as the rooms below take it. Raises DataError, as `moments`."""
    from tactful.data.formats.labelled import Labelled

    at_least_one("limit", limit)
    found = given if isinstance(given, Moments) else moments(given, limit=limit, skip_bad=skip_bad)
    kept = tuple(islice(found, limit))
    return Labelled(found.name, moments=kept, bad=found.bad, problems=tuple(found.problems))
