"""How the project is run from now on."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from contextlib import suppress

from fastapi import APIRouter
from pydantic import ValidationError
from starlette.requests import Request
from starlette.responses import Response

from tactful.annotation.services.accounts import Person
from tactful.annotation.services.project import Project, keep_project, project_of
from tactful.annotation.views.who import Admin, Sent, store_of
from tactful.web.pages import lead_to, page, pages_of

router = APIRouter(prefix="/settings")
LONGEST_TITLE = 80
_SHARES = ("gold_share", "repeat_share")
_FIELDS = ("title", "overlap", "lease_minutes", *_SHARES, "repeat_after")


@router.get("")
def settings(request: Request, me: Admin) -> Response:
    """As they are."""
    project = _project(request)
    given = {name: getattr(project, name) for name in _FIELDS}
    shown = {
        name: f"{100 * value:g}"
        if name in _SHARES
        else f"{value:g}"
        if name == "lease_minutes"
        else str(value)
        for name, value in given.items()
    }
    return _settings(request, me, project, shown)


@router.post("")
def changed(request: Request, me: Admin, sent: Sent) -> Response:
    """As they are to be."""
    before = _project(request)
    given = {name: sent.get(name, "").strip() for name in _FIELDS}
    try:
        project = Project.model_validate(before.model_dump() | _values(given))
        wrong = set() if 0 < len(project.title) <= LONGEST_TITLE else {"title"}
    except ValidationError as error:
        wrong = {str(one["loc"][0]) for one in error.errors()}
    if wrong:
        return _settings(request, me, before, given, wrong)
    keep_project(store_of(request), project)
    pages_of(request).rename(project.title)
    return lead_to(request, "/admin/settings", "admin.settings.saved")


def _values(given: Mapping[str, str]) -> dict[str, object]:
    """Shares are typed in percent; what is no number is left for the record to refuse."""
    found: dict[str, object] = dict(given)
    for name in _SHARES:
        with suppress(ValueError):
            found[name] = float(given[name].replace(",", ".")) / 100
    return found


def _project(request: Request) -> Project:
    with store_of(request).read() as connection:
        return project_of(connection)


def _settings(
    request: Request,
    me: Person,
    project: Project,
    given: Mapping[str, str],
    wrong: Collection[str] = (),
) -> Response:
    return page(
        request,
        "admin-settings.html.j2",
        422 if wrong else 200,
        me=me,
        project=project,
        given=given,
        wrong=wrong,
        longest=LONGEST_TITLE,
    )
