"""The calls of a record: what was asked, as rendered, and what came back, as it came."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from tactful.viewer.views.asked import listed, looking_at
from tactful.viewer.views.queries import query_of
from tactful.viewer.views.record import LAST_PLACE
from tactful.viewer.views.showing import view_page
from tactful.web.pages import is_part

router = APIRouter()


@router.get("/of/{key}/records/{ordinal}/calls")
def calls(request: Request, key: str, ordinal: int) -> Response:
    """A page of its own; for htmx the calls alone, for the fold of the record's page."""
    one, query = listed(request, key), query_of(request)
    with looking_at(request, key) as view:
        found = view.calls(ordinal) if 0 <= ordinal < LAST_PLACE else ()
    template = "view-calls.html.j2" if is_part(request) else "view-calls-page.html.j2"
    return view_page(request, template, one=one, query=query, ordinal=ordinal, calls=found)
