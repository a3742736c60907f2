"""What models reply with: typed, tolerant where the meaning is plain, and every mending is marked.

A reply type says in `mend` how common slips are put right before validation: a dict where a list belongs, a path
written as text, full-width digits. What is mended is noted in `repairs`. Everything else fails validation and is
asked for again by the door; nothing is made up.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Annotated, Any, ClassVar

from pydantic import ConfigDict, Field, model_validator
from pydantic.json_schema import SkipJsonSchema

from tactful.types import Record

TWO = Field(min_length=2, max_length=2)
"""Exactly two; as a list of one kind of item, which strict schemas know, and not as a tuple, which they do not."""

Note = Callable[[str], None]
"""Takes down what was mended."""


class ModelReply(Record):
    """Base of the reply types: extra keys are left out and noted."""

    model_config = ConfigDict(extra="ignore")
    bare: ClassVar[str] = ""
    """The field that stands without its key where the reply is a list."""

    repairs: SkipJsonSchema[Annotated[tuple[str, ...], Field(exclude=True)]] = ()
    """What was mended; filled in by us, never by the model."""

    @model_validator(mode="before")
    @classmethod
    def _mended(cls, data: Any) -> Any:
        notes: list[str] = []
        if isinstance(data, list):
            data = cls.listed(data, notes.append)
        data = spelled(data, cls.model_fields, notes.append)
        if not isinstance(data, Mapping):
            return data
        data = cls.mend(data, notes.append)
        known = {
            name: value for name, value in data.items() if name in cls.model_fields and name != "repairs"
        }
        if len(known) < len(data):
            notes.append("extra keys left out")
        return {**known, "repairs": tuple(dict.fromkeys(notes))}

    @classmethod
    def listed(cls, data: list[Any], note: Note) -> Any:
        """What a list stands for; default: the field `bare`, where there is one."""
        if not cls.bare:
            return data
        note(f"{cls.bare} given without their key")
        return {cls.bare: data}

    @classmethod
    def mend(cls, data: Mapping[str, Any], note: Note) -> Mapping[str, Any]:
        """`data`, whose keys are well spelt, with plain slips in its values put right."""
        return data


def spelled(data: Any, names: Mapping[str, Any], note: Note) -> Any:
    """A mapping whose keys are brought to the spelling of `names`: case, width, spaces and hyphens do not count."""
    if not isinstance(data, Mapping) or data.keys() <= names.keys():
        return data
    wanted = {_bare(name): name for name in names}
    mended: dict[str, Any] = {}
    for key, value in data.items():
        name = wanted.get(_bare(str(key)), str(key))
        if name != key:
            if name in data:
                continue
            note(f"key {name} misspelt")
        mended[name] = value
    return mended


def as_list(data: Any, note: Note, what: str) -> Any:
    """The values of a mapping, in order, where a list belongs; other data as it is."""
    if isinstance(data, Mapping):
        note(f"{what} given as an object")
        return list(data.values())
    return data


def as_text(data: Any) -> Any:
    """A number as text; other data as it is."""
    return str(data) if isinstance(data, int | float) and not isinstance(data, bool) else data


def narrow(text: str) -> str:
    """Full-width letters, digits and punctuation made half-width, white space at the ends left out."""
    return unicodedata.normalize("NFKC", text).strip()


def bare_word(text: str) -> str:
    """A word as it is compared: narrow, lower case, without punctuation around it."""
    return narrow(text).casefold().strip(" \t\n.,:;!?'\"`*()[]{}<>。，、：；！？“”‘’「」")


_NODES = ("topic", "attribute", "value")
_SEPARATOR = re.compile(r"\s*(?:→|⟶|⇒|➔|->|—>|=>|>|»|/|\|)\s*")


def path_of(data: Any, note: Note) -> Any:
    """An intent path as an object: also from `topic → attribute → value`, or from a list of its nodes.

    What is no path stays as it is, for validation to refuse.
    """
    if isinstance(data, str):
        nodes = [node for node in _SEPARATOR.split(narrow(data)) if node]
        if len(nodes) not in (2, 3):
            return data
        note("path given as text")
        return dict(zip(_NODES, nodes, strict=False))
    if isinstance(data, list) and len(data) in (2, 3) and all(isinstance(node, str) for node in data):
        note("path given as a list")
        return dict(zip(_NODES, data, strict=False))
    if not isinstance(data, Mapping):
        return data
    path = spelled(data, dict.fromkeys(_NODES), note)
    kept = {name: as_text(path[name]) for name in _NODES if path.get(name) is not None}
    if len(kept) < len(path):
        note("extra keys of a path left out")
    return kept


@lru_cache(maxsize=1024)
def _bare(name: str) -> str:
    return re.sub(r"[\s_-]", "", narrow(name).casefold())
