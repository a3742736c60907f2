"""Models, gates and reports as JSON documents: written whole or not at all, never over another, refused once changed.

One place for all of them. A `Sealed` document carries the hash of everything else in it, so that a changed digit is
noticed. Light: a process that only loads a document imports pydantic.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, TypeVar

from pydantic import Field, ValidationError

from tactful.data.bounded import MOST_BYTES, read_bounded
from tactful.errors import DataError, UserError
from tactful.types import Record, content_hash

T = TypeVar("T", bound=Record)
Fitted = Annotated[float, Field(gt=-1e12, lt=1e12)]
"""A fitted number: far beyond any that training gives, and small enough for sums of products to stay finite."""
Spread = Annotated[float, Field(gt=1e-12, lt=1e12)]
"""What values are divided by."""


class Sealed(Record):
    """A document that knows when it was changed."""

    content_hash: str = ""
    """Of everything else; filled in when it is saved."""


def seal_of(content: Sealed, *, as_stored: bool = False) -> str:
    """The hash of everything but the hash; `as_stored`: without fields that the file lacks, which came later."""
    rest = content.model_dump(mode="json", exclude={"content_hash"}, exclude_unset=as_stored)
    return content_hash(json.dumps(rest, ensure_ascii=False, sort_keys=True))


def save_document(
    path: Path, content: Record, *, replace: bool = False, beside: Mapping[str, str] | None = None
) -> Path:
    """Write `content` as `path`, sealed where it can be, and the texts `beside` (name → text) in the same folder.

    Raises: UserError when there is a file already (unless `replace`), or the disk refuses.
    """
    from tactful.data.io import write_file  # loads the runner, which a process that decides can do without

    if path.exists() and not replace:
        raise UserError(f"{path}: exists already; give --out a new name, or delete the old one")
    if isinstance(content, Sealed):
        content = content.model_copy(update={"content_hash": seal_of(content)})
    write_file(
        path, [json.dumps(content.model_dump(mode="json"), ensure_ascii=False, indent=1).encode(), b"\n"]
    )
    for name, text in (beside or {}).items():
        write_file(path.parent / name, [text.encode()])
    return path


def load_document(path: Path | str, type_: type[T], *, what: str, again: str, most: int = MOST_BYTES) -> T:
    """The document in `path`. `what` it is and how to make it `again` are for the messages.

    Raises: DataError when it is missing, is something else (a pickle, say), was changed after it was saved, or is longer
    than `most` bytes.
    """
    try:
        content = type_.model_validate_json(read_bounded(path, what=what, again=again, most=most))
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"])) or "the file"
        raise DataError.at(path, None, f"is no {what}: {where}: {first['msg']}", fix=again) from error
    if isinstance(content, Sealed) and content.content_hash not in (
        seal_of(content),
        seal_of(content, as_stored=True),
    ):
        problem = "its content does not match its hash: it was changed or damaged"
        raise DataError.at(path, None, problem, fix=again)
    return content
