"""YAML files, item by item, each with the line that it begins at."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import yaml

from tactful.data.io import Rows, cannot_read, shorten, write_file
from tactful.data.seen import Seen
from tactful.errors import DataError

R = TypeVar("R")

DOCUMENTS = (".yaml", ".yml", ".json")
"""Ends of names of files that are one document; JSON is YAML."""
_MOST_VALUES = 5_000_000
"""Aliases may repeat one value many times over; a file that would grow beyond this is refused."""
_UTF8 = "write it as UTF-8"
_PAIR = re.compile(r"(?<!\\)((?:\\\\)*)\\u(d[89ab][0-9a-f]{2})\\u(d[c-f][0-9a-f]{2})", re.IGNORECASE)
"""A character beyond the first 65,536, as many programs write it in JSON; in YAML it is none."""


@dataclass(frozen=True)
class Item:
    """A part of a document: an element of a list, or the value of a key."""

    line: int
    key: str | None
    value: Any


class DocumentRows(Rows[R]):
    """Rows of a document, of which several may begin at one line; of two with one `key` the second is refused all the same."""

    def __iter__(self) -> Iterator[R]:
        self._places: dict[str, int] = {}
        return super().__iter__()

    def _refuse_repeated(self, item: R, number: int, seen: Seen) -> None:
        key = self._key(item) if self._key is not None else ""
        if key in self._places:
            raise ValueError(f"{self._kind} has the id '{key}' of line {self._places[key]}; ids must differ")
        if key:
            self._places[key] = number


class _Loader(yaml.CSafeLoader):  # type: ignore[misc]  # PyYAML has no types
    """Takes what a scene needs: times stay text, since nobody means a date by `2025-03-03`."""


_Loader.yaml_implicit_resolvers = {
    sign: [(tag, pattern) for tag, pattern in found if tag != "tag:yaml.org,2002:timestamp"]
    for sign, found in yaml.CSafeLoader.yaml_implicit_resolvers.items()
}


class _Dumper(yaml.SafeDumper):  # type: ignore[misc]  # PyYAML has no types
    def ignore_aliases(self, data: Any) -> bool:
        return True


def read_yaml(path: Path | str) -> list[Item]:
    """The elements of a list, or the entries of a mapping with their keys. Empty for an empty file.

    Raises: UserError for a file that cannot be read; DataError, with the line, for one that is no YAML, and for a
    document that is neither a list nor a mapping.
    """
    try:
        text = Path(path).read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise cannot_read(path, error) from error
    except UnicodeDecodeError as error:
        raise DataError.at(path, None, f"is not UTF-8 (byte {error.start})", fix=_UTF8) from error
    loader: Any = None
    try:
        loader = _Loader(_PAIR.sub(_joined, text) if Path(path).suffix == ".json" else text)
        node = loader.get_single_node()
        if node is None:
            return []
        _refuse_growth(path, node)
        return list(_items(path, loader, node))
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else None
        raise DataError.at(
            path, line, f"not YAML ({error.problem or error.context})", fix="correct it"
        ) from error
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        raise DataError.at(path, None, f"not YAML ({shorten(str(error))})", fix="correct it") from error
    finally:
        if loader is not None:
            loader.dispose()


def _joined(pair: re.Match[str]) -> str:
    high, low = int(pair[2], 16) - 0xD800, int(pair[3], 16) - 0xDC00
    return pair[1] + chr(0x10000 + (high << 10) + low)


def _items(path: Path | str, loader: Any, node: Any) -> Iterator[Item]:
    if isinstance(node, yaml.SequenceNode):
        for one in node.value:
            yield Item(one.start_mark.line + 1, None, loader.construct_document(one))
    elif isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            yield Item(key.start_mark.line + 1, str(key.value), loader.construct_document(value))
    else:
        raise DataError.at(
            path, 1, f"holds {shorten(node.value)}, expected a list or a mapping", fix="give a YAML file"
        )


def _refuse_growth(path: Path | str, root: Any) -> None:
    sizes: dict[int, int] = {}

    def size(node: Any) -> int:
        if id(node) in sizes:
            return sizes[id(node)]
        sizes[id(node)] = 0  # a node within itself
        inner = node.value if isinstance(node.value, list) else ()
        total = 1 + sum(
            size(part) for entry in inner for part in (entry if isinstance(entry, tuple) else (entry,))
        )
        sizes[id(node)] = total
        return total

    if size(root) > _MOST_VALUES:
        raise DataError.at(
            path, None, f"its aliases make more than {_MOST_VALUES:,} values", fix="write it without aliases"
        )


def write_yaml(path: Path | str, document: Sequence[Any] | Mapping[str, Any]) -> None:
    """Write a document whole or not at all; keys in their order, Chinese as it is, nothing by alias."""
    text = yaml.dump(document, Dumper=_Dumper, sort_keys=False, allow_unicode=True)
    write_file(path, [text.encode()])
