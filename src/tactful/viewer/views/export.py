"""The records of a search as one file to send: downloaded by the browser, written nowhere else."""

from __future__ import annotations

from urllib.parse import quote

from fastapi import APIRouter
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from tactful.errors import UsageError
from tactful.viewer.views.asked import listed, looking_at
from tactful.viewer.views.exporting import render_selection
from tactful.viewer.views.queries import query_of
from tactful.web.visit import visit_of

router = APIRouter()


@router.get("/of/{key}/export")
def export(request: Request, key: str) -> Response:
    """The page of the selection, as a download."""
    one, query = listed(request, key), query_of(request)
    try:
        with looking_at(request, key) as view:
            text = render_selection(view, one, query, language=visit_of(request).language)
    except UsageError as error:
        raise HTTPException(422, str(error)) from None
    name = quote(f"{key.removesuffix('.jsonl').replace(':', '-')}.html", safe="")
    return Response(
        text.encode("utf-8", "replace"),
        media_type="text/html; charset=utf-8",
        headers={"Content-Disposition": f"attachment; filename*=UTF-8''{name}"},
    )
