"""What annotators wrote: why items were skipped, and comments."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from tactful.annotation.queries.remarks import What, remarks
from tactful.annotation.services.accounts import Person
from tactful.annotation.views.admin.paging import Paging, page_number
from tactful.annotation.views.who import Admin, store_of
from tactful.web.pages import page

router = APIRouter()
_MOST = 50


@router.get("/skipped")
def skipped(request: Request, me: Admin) -> Response:
    """The items that annotators left to others."""
    return _remarks(request, me, "skipped")


@router.get("/comments")
def comments(request: Request, me: Admin) -> Response:
    """What they said beside their answers."""
    return _remarks(request, me, "comments")


def _remarks(request: Request, me: Person, what: What) -> Response:
    number = page_number(request)
    found = remarks(store_of(request), what, start=(number - 1) * _MOST, most=_MOST)
    paging = Paging(request, number, _MOST, found.total)
    return page(request, "admin-remarks.html.j2", me=me, what=what, remarks=found, paging=paging)
