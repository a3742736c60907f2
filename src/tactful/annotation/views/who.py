"""Who asks? Every route but those of signing in stands behind one of these."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from fastapi import Depends
from starlette.exceptions import HTTPException
from starlette.requests import Request

from tactful.annotation.services.accounts import Person, single_person
from tactful.annotation.services.logins import person_of
from tactful.annotation.store import Store
from tactful.text.addresses import is_loopback
from tactful.types import content_hash
from tactful.web.pages import is_part, words_of


def session_cookie(secret: bytes, behind_tls: bool) -> str:
    """Its name, another for each secret of an app: cookies know no ports, and two projects may be served on one host.

    Behind TLS it is one that no other host or path can set.
    """
    return f"{'__Host-' if behind_tls else ''}tactful_annotator_{content_hash(secret)[:8]}"


def store_of(request: Request) -> Store:
    """The database of the app that was asked."""
    store: Store = request.app.state.store
    return store


def asking(request: Request) -> Person | None:
    """Whoever is signed in in this browser."""
    options = request.app.state.options
    if options.single_user:
        if request.client is None or not is_loopback(request.client.host):
            raise HTTPException(403)
        return single_person(store_of(request))
    token = request.cookies.get(request.app.state.session_cookie)
    return person_of(store_of(request), token) if token else None


def signed_in(request: Request) -> Person:
    """Whoever is signed in. Raises: HTTPException, which leads to signing in."""
    person = asking(request)
    if person is not None:
        return person
    if request.method == "GET" and not is_part(request):
        raise HTTPException(303, headers={"Location": "/login"})
    raise HTTPException(401, words_of(request)("accounts.ended"))


Me = Annotated[Person, Depends(signed_in)]


def administrator(person: Me) -> Person:
    """Whoever is signed in and administers. Raises: HTTPException."""
    if person.role != "admin":
        raise HTTPException(403)
    return person


Admin = Annotated[Person, Depends(administrator)]


async def sent(request: Request) -> Mapping[str, str]:
    """The fields of the form. Raises: HTTPException for characters that no database takes."""
    async with request.form() as form:
        fields = {name: value for name, value in form.items() if isinstance(value, str)}
    if any("\0" in value for value in fields.values()):
        raise HTTPException(422)
    return {name: value.encode("utf-8", "replace").decode() for name, value in fields.items()}


Sent = Annotated[Mapping[str, str], Depends(sent)]
