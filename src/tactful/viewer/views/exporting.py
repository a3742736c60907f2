"""A selection of records as one HTML file to send: strips and conversations, no script, nothing of the network.

Hidden requirements, references and tests, calls and configuration stay at home.
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from markupsafe import Markup

from tactful.data.io import write_file
from tactful.errors import DataError, UsageError
from tactful.types import Hidden
from tactful.viewer.folders.library import Library
from tactful.viewer.look import View
from tactful.viewer.types import Listed, Query
from tactful.viewer.views.queries import MOST_OUTPUTS
from tactful.viewer.views.record import output_of
from tactful.viewer.views.showing import showing_in
from tactful.web import pages
from tactful.web.language import load_words

HERE = Path(__file__).parents[1]
MOST_RECORDS = 100
"""In a file, unless more are asked for."""
LIMIT = 1000
_PRIVATE = frozenset({"hidden", *Hidden.model_fields})
_STYLES = (pages.HERE / "assets" / "style.css", HERE / "assets" / "view.css")


def render_selection(
    view: View, one: Listed, query: Query, *, limit: int = MOST_RECORDS, language: str = "en"
) -> str:
    """The page: the first `limit` records of the search, and of how many. Raises: UsageError, as `View.page` does."""
    found = view.page(query.model_copy(update={"offset": 0, "limit": min(limit, LIMIT)}))
    shown = [view.record(line.ordinal) for line in found.lines]
    records = [
        (record, [output_of(record, line) for line in range(min(MOST_OUTPUTS, len(record.outputs)))])
        for record in shown
        if record is not None
    ]
    rooms = (HERE, pages.HERE)
    words = load_words(rooms)[language]
    template = pages.open_environment([room / "templates" for room in rooms], words, "Tactful").get_template(
        "view-export.html.j2"
    )
    return template.render(
        language=language,
        style=Markup("\n").join(Markup(path.read_text(encoding="utf-8")) for path in _STYLES),  # noqa: S704 - ours
        one=one,
        query=query,
        records=records,
        total=found.total,
        progress=found.progress,
        at=datetime.now(UTC),
        public=lambda rest: "" if isinstance(rest, str) else _public(rest),  # a damaged line stays at home
        **showing_in(words, query.text),
    )


def export_selection(
    path: Path, out: Path, *, filter_: str = "", text: str = "", limit: int = MOST_RECORDS
) -> int:
    """Write the file; how many records match. `path` is one run or one JSONL file, or a folder with no more than that.

    Raises: UsageError for a filter that cannot be read, a folder of several runs, a file that exists, or a limit out of
    range; DataError for a folder of none.
    """
    if out.exists():
        raise UsageError(f"{out}: exists already; give --export another name")
    if not 1 <= limit <= LIMIT:
        raise UsageError(f"--limit {limit}: a file holds 1 to {LIMIT:,} records")
    library = Library(path)
    try:
        one = _the_one(library)
        query = Query(filter=filter_, text=text)
        with library.view(one.key) as view:
            view.wait(None)
            rendered = render_selection(view, one, query, limit=limit)
            total = view.page(query.model_copy(update={"limit": 1})).total
    finally:
        library.close()
    write_file(out, [rendered.encode("utf-8", "replace")])
    return total


def _the_one(library: Library) -> Listed:
    """The one run or file that there is. Raises: DataError for none, UsageError for several."""
    if library.only is not None and (one := library.find(library.only)) is not None:
        return one
    found = (*library.runs(), *library.files())
    if not found:
        fix = "give a run, or a JSONL file of records"
        raise DataError.at(library.path, None, "holds no run and no JSONL file", fix=fix)
    if len(found) > 1:
        names = ", ".join(one.name for one in found[:5]) + (", …" if len(found) > 5 else "")
        what = "runs" if found[1].run is not None else "runs and files"
        raise UsageError(f"{library.path}: holds several {what} ({names}); give one of them")
    return found[0]


def _public(rest: Any) -> Any:
    """What else stands in a row of a kind that we do not know, without the private fields of a user's own states,
    however deep they lie."""
    if isinstance(rest, list):
        return [_public(one) for one in rest]
    if not isinstance(rest, dict):
        return rest
    return {name: _public(value) for name, value in rest.items() if name not in _PRIVATE}
