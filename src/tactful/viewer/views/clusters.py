"""Needless and missed questions of a run, by what they are about."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from tactful.viewer.clusters.find import clusters_of
from tactful.viewer.views.asked import listed, looking_at
from tactful.viewer.views.kept import kept_of
from tactful.viewer.views.showing import view_page

router = APIRouter()


@router.get("/of/{key}/clusters")
def clusters(request: Request, key: str) -> Response:
    """Both, with the words that tell each group, its size and typical turns."""
    one = listed(request, key)
    with looking_at(request, key) as view:
        progress = view.progress()
        state = ("clusters", key, view.identity(), view.edition(), progress.total)
        found = kept_of(request).get(state, lambda: clusters_of(view))
    return view_page(
        request,
        "view-clusters.html.j2",
        one=one,
        found=found,
        progress=progress,
    )
