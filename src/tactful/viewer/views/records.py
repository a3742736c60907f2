"""The records of a run or file: searched, filtered, sorted, page by page, while it goes on."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from tactful.errors import UsageError
from tactful.runs.read.folder import RunFolder
from tactful.runs.read.reasons import Reason
from tactful.viewer.filters.grammar import UnknownFact, parse
from tactful.viewer.types import DIDS, Fact, Listed, Page, Progress, Query, RunRow
from tactful.viewer.views.asked import library_of, listed, looking_at
from tactful.viewer.views.queries import MOST_OUTPUTS, PER_PAGE, params_of, query_of
from tactful.viewer.views.showing import view_page

router = APIRouter()
_SOON_S, _AT_ONCE_S = 3, 1
_MOST_REASONS = 8
_GLANCE = (
    *DIDS,
    "asked and needed", "asked and not needed", "answered and needed",
    "offered and needed", "offered and not needed", "silent and needed",
    "branched is None and other_reward > reward",
)  # fmt: skip
_LIKE = (
    "asked and not needed",
    "offered and not needed",
    "asked and other_reward > reward",
    'text ~ "words"',
)
"""Filters to show what one looks like; the last asks for no fact."""
_AVERAGES = ("reward", "task_score", "interruption_cost")
_COLUMNS = ("order", "id", "state", "cost", "tokens", "elapsed")


@router.get("/of/{key}")
def records(request: Request, key: str) -> Response:
    """One page of them. A filter that cannot be read leaves them out and stands under its field, with status 422."""
    one, query = listed(request, key), query_of(request)
    if one.run is not None and one.run.standing == "damaged":
        return view_page(request, "view-damaged.html.j2", one=one)
    wrong, code = "", ""
    with looking_at(request, key) as view:
        progress = view.progress()  # first: a page that is said to be whole is made of a whole index
        try:
            found = view.page(query)
            if query.filter:
                with suppress(UnknownFact):  # it may still come
                    code = view.as_python(query.filter)
        except UsageError as error:
            wrong, found = str(error), Page(lines=(), total=0)
        facts = view.facts()
    return view_page(
        request,
        "view-records.html.j2",
        422 if wrong else 200,
        one=one,
        query=query,
        params=params_of(query),
        found=found,
        most_outputs=MOST_OUTPUTS,
        wrong=wrong,
        python=code,
        facts=facts,
        filter_like=_like(facts),
        columns=_COLUMNS,
        progress=progress,
        again_s=_again(one, progress),
        number_of_page=query.offset // PER_PAGE + 1,
        pages=max(1, -(-found.total // PER_PAGE)),
        reasons=_reasons(one),
        files=library_of(request).files(one) if one.run is not None else (),
        commands=commands(one.run),
        config=_config(one),
        of_state=of_state,
    )


@router.get("/of/{key}/glance")
def glance(request: Request, key: str) -> Response:
    """What the policy did over all turns, and what came of it."""
    one = listed(request, key)
    with looking_at(request, key) as view:
        again_s = _again(one, view.progress())
        tallies = {tally.filter: tally for tally in view.tally(_GLANCE, _AVERAGES)}
    return view_page(request, "view-glance.html.j2", key=key, did=DIDS, tallies=tallies, again_s=again_s)


@router.get("/of/{key}/facts")
def facts(request: Request, key: str) -> Response:
    """What filters may name, with types and examples."""
    with looking_at(request, key) as view:
        known, examples = view.facts(), view.examples()
    return view_page(request, "view-facts.html.j2", key=key, facts=known, examples=examples)


def _like(facts: Sequence[Fact]) -> str:
    """A filter that asks for nothing that these records have not."""
    for filter in _LIKE[:-1]:
        with suppress(UnknownFact):
            parse(filter, facts)
            return filter
    return _LIKE[-1]


def _again(one: Listed, progress: Progress) -> int:
    """In how many seconds there will be news; 0: there will be none."""
    if not (progress.complete or progress.problem):
        return _AT_ONCE_S
    return _SOON_S if one.run is not None and one.run.standing == "going" else 0


def commands(run: RunRow | None) -> tuple[tuple[str, str], ...]:
    """(key of the word that says when, command) of what one may do next with a run as it stands."""
    if run is None or run.standing == "going":
        return ()
    path = shlex.quote(run.path)
    found = []
    if run.failed:
        found.append(("retry", f"tactful runs retry {path}"))
    if run.unscored:
        found.append(("unscored", f"tactful runs retry {path} --unscored"))
    return tuple(found)


def of_state(query: Query, **changed: Any) -> Query:
    """The same search with other filters by state."""
    return query.model_copy(
        update={"state": "", "stage": "", "error": "", "unscored": False, "offset": 0, **changed}
    )


def _reasons(one: Listed) -> tuple[Reason, ...]:
    """Why records failed, most frequent first."""
    if one.run is None or not one.run.failed:
        return ()
    return tuple(RunFolder(Path(one.path)).reasons("failed")[:_MOST_REASONS])


def _config(one: Listed) -> str:
    path = RunFolder(Path(one.path)).config_path
    return (
        path.read_text(encoding="utf-8", errors="replace") if one.run is not None and path.is_file() else ""
    )
