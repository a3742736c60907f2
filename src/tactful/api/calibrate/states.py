"""The decision points that rollouts start from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeGuard, Unpack

from tactful.api.inputs import Input
from tactful.api.options import ReaderOptions, reader_setup, takes
from tactful.api.tables import Table
from tactful.errors import DataError, UsageError
from tactful.reading.opening import DEFAULT, ESTIMATE, open_reader

if TYPE_CHECKING:
    from tactful.types import State


class States(list["State"]):
    """Decision points. A list that also knows which lines of a file were left out, and saves itself."""

    bad: int = 0
    """Unusable lines that were left out, with `skip_bad`."""
    problems: Sequence[str] = ()

    def save(self, path: Path | str) -> None:
        """Write them as JSONL; the commands read the file. Raises UsageError when it exists."""
        from tactful.data.io import write_jsonl

        if str(path) != "-" and Path(path).exists():
            raise UsageError(f"{path}: exists already; give --out a new name")
        write_jsonl(path, self)

    def rows(self) -> list[dict[str, Any]]:
        """The states as dictionaries."""
        return [state.model_dump(mode="json") for state in self]

    def table(self) -> Table:
        """What a policy sees first: request, clarity and complexity in [0, 1]."""
        cells = [
            (state.id, state.query, f"{state.query_clarity:.2f}", f"{state.task_complexity:.2f}")
            for state in self
        ]
        return Table(("state", "request", "clarity", "complexity"), cells, self.rows())

    def _repr_html_(self) -> str:
        return self.table()._repr_html_()


@takes(ReaderOptions)
def states(
    source: str | Path | Iterable[str | Mapping[str, Any] | State] = "coding",
    *,
    n: int | None = None,
    domain: str | None = None,
    reader: str = "encoder",
    skip_bad: bool = False,
    **options: Unpack[ReaderOptions],
) -> States:
    """Decision points with clarity and complexity in [0, 1], from which rollouts start.

    `source` is a domain with bundled tasks (`coding`, `planning`), of which `seed` draws `n` (50); or a file (JSONL or CSV
    with a `query` in each row); or requests in memory: texts, rows or states. `domain` holds for rows that name none.
    What a row does not say of clarity is read by `reader`: `encoder` (bundled), `surface`, a folder of yours, a
    model (`options` say where it answers), or `estimate` (counts of words, fitted on the bundled tasks). Complexity is
    estimated from the text. Bundled tasks, and those of MBPP, get the estimator's clarity, cross-fitted.

    Raises DataError for a row that cannot be used (unless `skip_bad`), UserError for an unknown domain, UsageError for bundled
    tasks with a `reader` other than `encoder` or `estimate`, `skip_bad` or a `base_url`, for `n` beside rows of your own, and for a text that is no domain and no file.

    >>> import tactful as tf
    >>> [state.domain for state in tf.states("coding", n=2)]
    ['coding', 'coding']
    >>> [mine] = tf.states(["Sort my invoices somehow"], domain="planning")
    >>> 0 <= mine.query_clarity <= 1
    True
    """
    from tactful.calibration.tasks.states import complete_states, synthetic_states

    if names_a_domain(source):
        if len(source.split()) > 1:
            raise UsageError(
                f"'{source}' is no domain and no file; check the path, or, for one request, give a list: [{source!r}]"
            )
        drawn = synthetic_states(source, 50 if n is None else n, options.get("seed", 0))
        if reader not in (DEFAULT, ESTIMATE):
            raise UsageError(
                f"the reader {reader} reads requests of people; the bundled tasks of {source} bring an estimate of "
                "their own: leave the reader out, or give a file of yours"
            )
        if skip_bad or options.get("base_url"):
            raise UsageError(
                f"bad rows and a base URL are for requests of yours; the bundled tasks of {source} have neither: leave both out"
            )
        return States(drawn)
    if n is not None:
        raise UsageError(
            f"n = {n}: that many are drawn of bundled tasks; every row of your own is taken: leave n out, or cut the rows"
        )
    from tactful.calibration.tasks.state_rows import parse_state, state_rows

    def row(item: Any) -> State:
        try:
            return parse_state({"query": item} if isinstance(item, str) else item, domain or "", "memory")
        except (ValueError, TypeError) as error:  # TypeError: half a character (a lone surrogate)
            raise DataError(f"<the requests given>: {error}") from error

    setup = reader_setup(options)
    opened = None if reader in (DEFAULT, ESTIMATE) else open_reader(reader, setup)
    read = Input.of(source, lambda path: state_rows(path, domain=domain or "", skip_bad=skip_bad), check=row)
    given = list(read)
    if reader == DEFAULT and any(state.query_clarity is None for state in given):
        opened = open_reader(reader, setup)  # half a second, so only where there is something to read
    made = States(complete_states(given, reader=opened))
    made.bad, made.problems = read.bad, read.problems
    if not made:
        fix = "write one JSON object with a 'query' per line"
        raise DataError.at(read.name, None, "holds no usable state", fix=fix)
    return made


def names_a_domain(source: object) -> TypeGuard[str]:
    """Whether this is the name of a domain, and no file or rows."""
    return (
        isinstance(source, str)
        and source != "-"
        and not Path(source).suffix
        and "/" not in source
        and not Path(source).exists()
    )
