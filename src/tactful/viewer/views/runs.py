"""The list of runs: how each stands, what it cost, what came of it."""

from __future__ import annotations

import os

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from tactful.viewer.views.asked import library_of
from tactful.viewer.views.queries import link
from tactful.viewer.views.showing import view_page

router = APIRouter()
_SOON_S, _LATER_S = 3, 20
"""How often the list is asked for again while a run is going, and while none is."""


@router.get("/")
def home(request: Request) -> Response:
    """The list; of a single run or file, its records."""
    library = library_of(request)
    if library.only is not None:
        return RedirectResponse(link(library.only), 303)
    runs, files = library.runs(), library.files()
    going = any(one.run and one.run.standing == "going" for one in runs)
    return view_page(
        request,
        "view-runs.html.j2",
        runs=runs,
        files=files,
        folder=os.path.abspath(library.path),
        again_s=_SOON_S if going else _LATER_S,
    )
