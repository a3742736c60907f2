"""Which records, in the address of a page: everything that was asked stands in it, so that any view is a link."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from pydantic import ValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request

from tactful.viewer.folders.library import address_of
from tactful.viewer.types import Query

PER_PAGE = 50
MOST_OUTPUTS = 40
"""Of a record, on one page."""
_MOST_PAGES = 10_000_000
_TEXTS = {"q": "text"} | {name: name for name in ("filter", "state", "stage", "error", "sort")}
"""Name in the address → field of the query."""
_YES = {"unscored": "unscored", "down": "descending"}


def query_of(request: Request) -> Query:
    """The query that an address holds, with one page of records. Raises: HTTPException 422 for an impossible one."""
    given = request.query_params
    asked: dict[str, Any] = {
        field: given[name].strip() for name, field in _TEXTS.items() if given.get(name, "").strip()
    }
    asked |= {field: True for name, field in _YES.items() if given.get(name)}
    page = number_in(request, "page", 1)
    try:
        return Query(**asked, offset=(page - 1) * PER_PAGE, limit=PER_PAGE)
    except ValidationError:
        raise HTTPException(422) from None


def number_in(request: Request, name: str, otherwise: int) -> int:
    """A whole number in an address. Raises: HTTPException 422 for anything else."""
    text = request.query_params.get(name) or str(otherwise)
    if not (text.isascii() and text.isdecimal() and int(text[:9]) <= _MOST_PAGES and len(text) < 9):
        raise HTTPException(422)
    return int(text)


def params_of(query: Query) -> dict[str, str]:
    """The query as parameters of an address, without the page; only what differs from the default."""
    found = {name: str(getattr(query, field)) for name, field in _TEXTS.items() if getattr(query, field)}
    if query.sort == "order":
        del found["sort"]
    return found | {name: "1" for name, field in _YES.items() if getattr(query, field)}


def link(key: str, *place: str | int, query: Query | None = None, **more: str | int) -> str:
    """The address of a page about a run or file: `link("gym", "records", 3, query=query)`."""
    params = {**({} if query is None else params_of(query)), **more}
    path = "/".join(("/of", address_of(key), *map(str, place)))
    return f"{path}?{urlencode(params)}" if params else path


def record_link(key: str, ordinal: int, line: int, *, query: Query | None = None) -> str:
    """The address of the page of a record that shows this output of it."""
    return link(key, "records", ordinal, query=query, **({"line": line} if line >= MOST_OUTPUTS else {}))
