"""All routes of the administrator, behind one check: nobody else passes, whatever a route forgets."""

from __future__ import annotations

from fastapi import APIRouter, Depends

from tactful.annotation.views.admin import disagreement, export, overview, people, remarks, settings
from tactful.annotation.views.who import administrator


def admin_router() -> APIRouter:
    """Everything below `/admin`."""
    router = APIRouter(dependencies=[Depends(administrator)])
    for part in (overview, people, disagreement, remarks, export, settings):
        router.include_router(part.router, prefix="/admin")
    return router
