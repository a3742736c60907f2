"""How far the work is and how far it can be trusted; pause and go on."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from tactful.annotation.queries.progress import progress
from tactful.annotation.services.project import is_paused, pause
from tactful.annotation.views.admin.measured import figures
from tactful.annotation.views.who import Admin, store_of
from tactful.web.pages import lead_to, page

router = APIRouter()


@router.get("")
def overview(request: Request, me: Admin) -> Response:
    """The first page."""
    store = store_of(request)
    with store.read() as connection:
        paused = is_paused(connection)
    return page(
        request,
        "admin-overview.html.j2",
        me=me,
        progress=progress(store),
        paused=paused,
        measured=figures(request),
    )


@router.get("/figures")
def agreement(request: Request) -> Response:
    """Agreement, as a part of the page that asks again while the first figures are being made."""
    return page(request, "admin-figures.html.j2", measured=figures(request))


@router.post("/pause")
def stop(request: Request) -> Response:
    """Give out no more items."""
    return _paused(request, True)


@router.post("/resume")
def go_on(request: Request) -> Response:
    """Give out items again."""
    return _paused(request, False)


def _paused(request: Request, paused: bool) -> Response:
    pause(store_of(request), paused)
    return lead_to(request, "/admin", "admin.paused" if paused else "admin.resumed")
