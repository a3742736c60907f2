"""What every page asks first: which run or file an address means, and to look at it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from starlette.exceptions import HTTPException
from starlette.requests import Request

from tactful.viewer.folders.library import Library
from tactful.viewer.look import View
from tactful.viewer.types import Listed


def library_of(request: Request) -> Library:
    """What can be looked at."""
    library: Library = request.app.state.library
    return library


def listed(request: Request, key: str) -> Listed:
    """The run or file of this key, as it is now. Raises: HTTPException 404."""
    found = library_of(request).find(key)
    if found is None:
        raise HTTPException(404)
    return found


@contextmanager
def looking_at(request: Request, key: str) -> Iterator[View]:
    """It, open, for the length of a block. Raises: HTTPException 404; DataError for a damaged one."""
    listed(request, key)
    with library_of(request).view(key) as view:
        yield view
