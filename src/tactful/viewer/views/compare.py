"""Two runs on the same inputs, side by side: figures with their difference, and the strips, those first that differ."""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from urllib.parse import urlencode

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from tactful.errors import UsageError
from tactful.viewer.comparing.compare import Comparison
from tactful.viewer.comparing.types import Pair
from tactful.viewer.look import View
from tactful.viewer.types import Strip
from tactful.viewer.views.asked import library_of, listed, looking_at
from tactful.viewer.views.kept import kept_of
from tactful.viewer.views.queries import number_in
from tactful.viewer.views.showing import view_page

router = APIRouter()
PER_PAGE = 20
_ALONE = 10
_LONGEST = 500


@router.get("/compare")
def compare(request: Request) -> Response:
    """The comparison, or, while one of the two is not named, what can be compared."""
    given = request.query_params
    keys = [given.get(side, "") for side in ("a", "b")]
    if not all(keys):
        return _choose(request, keys)
    sides = [listed(request, key) for key in keys]
    filter_, by = given.get("filter", "").strip(), tuple(given.get("by", "").replace(",", " ").split())
    number = number_in(request, "page", 1)
    wrong, total, comparison = "", 0, None
    rows: list[tuple[Pair, Strip | None, Strip | None]] = []
    alone: list[list[tuple[int, str, str]]] = [[], []]
    with looking_at(request, keys[0]) as a, looking_at(request, keys[1]) as b:
        progress = [view.progress() for view in (a, b)]
        try:
            state = [
                (view.identity(), view.edition(), one.total)
                for view, one in zip((a, b), progress, strict=True)
            ]
            comparison = _compared(request, a, b, (*keys, by, *state), by)
            if comparison is not None:
                pairs, total = comparison.page(filter_, offset=(number - 1) * PER_PAGE, limit=PER_PAGE)
                rows = list(_rows(a, b, pairs))
                alone = [
                    _named(a, comparison.only_in("a", _ALONE)),
                    _named(b, comparison.only_in("b", _ALONE)),
                ]
        except UsageError as error:
            wrong = str(error)

    def address(**changed: str | int) -> str:
        asked = {"a": keys[0], "b": keys[1], "filter": filter_, "by": ",".join(by), **changed}
        return "/compare?" + urlencode({name: value for name, value in asked.items() if value})

    return view_page(
        request,
        "view-compare.html.j2",
        422 if wrong else 200,
        sides=sides,
        comparison=comparison,
        indexing=[one for one in progress if not one.complete],
        rows=rows,
        total=total,
        alone=alone,
        filter=filter_,
        by=" ".join(by),
        wrong=wrong,
        address=address,
        number_of_page=number,
        pages=max(1, -(-total // PER_PAGE)),
    )


def _compared(request: Request, a: View, b: View, state: Hashable, by: tuple[str, ...]) -> Comparison | None:
    """Of what is indexed of both now; None while of one nothing is."""
    one, other = a.index_path, b.index_path
    if one is None or other is None:
        return None
    return kept_of(request).get(("compare", state), lambda: Comparison(one, other, by=by))


def _choose(request: Request, keys: list[str]) -> Response:
    library = library_of(request)
    runs = [one for one in library.runs() if one.run is not None and one.run.standing != "damaged"]
    return view_page(
        request,
        "view-compare-choose.html.j2",
        choices=[*runs, *library.files()],
        chosen=keys,
        own=[file for run in runs for file in library.files(run)],
    )


def _rows(a: View, b: View, pairs: tuple[Pair, ...]) -> Iterator[tuple[Pair, Strip | None, Strip | None]]:
    for pair in pairs:
        line_a, line_b, turn = pair.first
        yield pair, _strip(a, pair.a, line_a, turn), _strip(b, pair.b, line_b, turn)


def _strip(view: View, ordinal: int, line: int, turn: int) -> Strip | None:
    """The strip, its texts as far as they fit beside another."""
    shown = view.record(ordinal)
    strips = () if shown is None else shown.strips
    found = next((one for one in strips if (one.line, one.turn) == (line, turn)), None)
    if found is None:
        return None
    cut = {name: text for name in ("said", "reply", "reason") if len(text := getattr(found, name)) > _LONGEST}
    return found.model_copy(update={name: f"{text[:_LONGEST]}…" for name, text in cut.items()})


def _named(view: View, ordinals: tuple[int, ...]) -> list[tuple[int, str, str]]:
    """(place, id, state) of each."""
    shown = [view.record(ordinal) for ordinal in ordinals]
    return [(one.line.ordinal, one.line.id, one.line.state) for one in shown if one is not None]
