"""Is this a path of this machine or a URL, and by what name is it called?"""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import urlsplit

from tactful.errors import UserError

_URL = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+):/{1,2}(?=[^/])")


def url_of(path: Path | str) -> str | None:
    """The URL that a path stands for; None for a path of this machine, also where one is called like a URL.

    Raises: UserError for a URL that holds credentials: what a run reads is stored with it and named in messages.
    """
    found = _URL.match(str(path))
    if found is None or Path(path).exists():
        return None
    url = f"{found[1].lower()}://{str(path)[found.end() :]}"
    parts = urlsplit(url)
    if "@" in parts.netloc or (parts.scheme in ("http", "https") and parts.query):
        shown = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"
        raise UserError(
            f"{shown}: the URL holds a user's name, a password or a query, which would be stored with the run; leave it "
            "out and give credentials in the environment, or pipe the file in and name it '-'"
        )
    return url


def named(path: Path | str) -> str:
    """The path as messages call it."""
    return url_of(path) or str(path)


def whole(path: Path | str) -> str:
    """The path under which another process finds it, wherever it stands."""
    return url_of(path) or str(Path(path).resolve())
