"""The pages of annotation: whoever is invited judges, whoever administers looks on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from fastapi import APIRouter, FastAPI

from tactful.annotation.queries.standing import Overall
from tactful.annotation.services.project import app_secret, project_of
from tactful.annotation.store import Store
from tactful.annotation.views import accounts, guide, work
from tactful.annotation.views.admin.measured import Measuring
from tactful.annotation.views.admin.router import admin_router
from tactful.annotation.views.who import session_cookie
from tactful.errors import UsageError
from tactful.web.app import build_app

HERE = Path(__file__).parent
ROUTERS: Sequence[APIRouter] = (accounts.router, work.router, guide.router, admin_router())
ROOMS: Sequence[Path] = (HERE, HERE / "views" / "admin")
"""With templates, words and assets."""


@dataclass(frozen=True)
class AppOptions:
    """How the pages are served."""

    hosts: Sequence[str] = ()
    """Names by which other machines may ask, beside those of loopback."""
    behind_tls: bool = False
    """Everything is asked over https: cookies are Secure."""
    single_user: bool = False
    """One person on this machine, without an account. No other machine is answered."""


def build_annotation_app(store: Store, options: AppOptions | None = None) -> FastAPI:
    """The app over a database with items.

    Raises: UsageError where a single user would be reached from elsewhere.
    """
    options = options or AppOptions()
    if options.single_user and options.hosts:
        raise UsageError("a single user works on this machine alone; leave --host out, or --single-user")
    with store.read() as connection:
        title = project_of(connection).title
    secret = app_secret(store)
    cookie = session_cookie(secret, options.behind_tls)
    app = build_app(
        title=title,
        rooms=ROOMS,
        hosts=options.hosts,
        behind_tls=options.behind_tls,
        secret=secret,
        session_cookie=cookie,
    )
    app.state.store = store
    app.state.options = options
    app.state.session_cookie = cookie
    app.state.overall = Overall(store)
    app.state.measuring = Measuring(store)
    for router in ROUTERS:
        app.include_router(router)
    return app
