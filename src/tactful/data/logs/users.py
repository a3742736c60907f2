"""Names of users as hashes with a salt of the project's own: equal within the project, and of no use outside it."""

from __future__ import annotations

import hashlib
import logging
import re
import secrets
from contextlib import suppress
from pathlib import Path

_FOLDER = ".tactful"
_PROJECTS = (_FOLDER, ".git", "pyproject.toml")
_HASHED = re.compile(r"(?:u|p|id)-[0-9a-f]{10}")
_log = logging.getLogger(__name__)


class Names:
    """Turns names into hashes, or leaves them where they are to be kept. The salt is made when the first name comes."""

    def __init__(self, *, keep: bool = False, place: Path | None = None) -> None:
        self._keep = keep
        self._place = place
        """In which project; None: in the one that this process is in."""
        self._salt: bytes | None = None

    def hashed(self, name: str, mark: str = "u", *, always: bool = False) -> str:
        """`u-` and ten hex digits; empty stays empty. `always`: also where names are kept."""
        if not name or (self._keep and not always) or _HASHED.fullmatch(name):
            return name
        if self._salt is None:
            self._salt = project_salt(self._place)
        return f"{mark}-{hashlib.blake2b(name.encode('utf-8', 'replace'), key=self._salt, digest_size=5).hexdigest()}"


def project_salt(start: Path | None = None) -> bytes:
    """The salt in `.tactful/salt` of the project that `start` (default: here) is in; made where there is none.

    The folder tells git to leave it alone. Where nothing can be written, the salt is good for this process only.
    """
    here = (start or Path.cwd()).resolve()
    root = next(
        (folder for folder in (here, *here.parents) if any((folder / mark).exists() for mark in _PROJECTS)),
        here,
    )
    file = root / _FOLDER / "salt"
    with suppress(OSError, ValueError):
        if found := bytes.fromhex(file.read_text(encoding="ascii").strip()):
            return found  # an empty one would be no secret
    from tactful.runs.store.files import CannotWrite, write_atomic  # once a project

    salt = secrets.token_bytes(16)
    try:
        file.parent.mkdir(exist_ok=True)
        (file.parent / ".gitignore").write_text("*\n", encoding="ascii")
        write_atomic(file, [salt.hex().encode(), b"\n"])
    except (OSError, CannotWrite) as error:
        why = error.strerror if isinstance(error, OSError) else error
        _log.warning("%s: cannot be kept (%s); users get other hashes in the next run", file, why)
    return salt
