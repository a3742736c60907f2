"""What the questions mean, with worked examples."""

from __future__ import annotations

from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import Response

from tactful.annotation.views.who import Me, signed_in
from tactful.web.pages import page

router = APIRouter(dependencies=[Depends(signed_in)])


@router.get("/guide")
def guide(request: Request, me: Me) -> Response:
    """The whole of it; on the page of work it is one key away."""
    return page(request, "guide.html.j2", me=me)
