"""The wire format of values: built-in types only, bounded in size and depth, read strictly.

A value is one tag byte and its content. What an object says about itself (`__repr__`, `__eq__`, `__iter__`,
`__len__`) is never asked, but where a test looks through an iterator (`items`): a subclass is read through the methods
of its built-in base, so a Counter travels as a dict and a named tuple as a tuple. The reader builds nothing but built-ins and never executes anything.
"""

from __future__ import annotations

import struct
from collections import deque
from collections.abc import Callable
from itertools import islice
from typing import Any

MAX_BYTES = 1 << 20
"""Largest encoded value."""
MAX_DEPTH = 64
"""Deepest nesting of containers."""

_BITS = 1_000_000
_NAME = type.__dict__["__name__"]
_VIEWS: tuple[type, ...] = (type({}.keys()), type({}.items()))
_LISTED: tuple[type, ...] = (range, deque, type({}.values()))


class NotPlain(Exception):
    """The value cannot be compared: wrong type, too large or too deep."""


class Malformed(Exception):
    """The bytes are not an encoded value."""


def name_of(kind: type) -> str:
    """The type's name by its own record; a metaclass cannot make one up."""
    return str(_NAME.__get__(kind))


def _u32(number: int) -> bytes:
    return struct.pack("<I", number)


def _int(value: Any) -> bytes:
    number = int.__add__(value, 0)
    if number.bit_length() > _BITS:
        raise NotPlain(f"an integer of {number.bit_length():,} bits; at most {_BITS:,} are compared")
    raw = number.to_bytes(number.bit_length() // 8 + 1, "little", signed=True)
    return b"i" + _u32(len(raw)) + raw


def _float(value: Any) -> bytes:
    return b"f" + struct.pack("<d", float.__float__(value))


def _complex(value: Any) -> bytes:
    number = complex.__add__(value, 0)
    return b"c" + struct.pack("<dd", number.real, number.imag)


def _str(value: Any) -> bytes:
    if str.__len__(value) > MAX_BYTES:
        raise NotPlain(f"a text of {str.__len__(value):,} characters; the limit is {MAX_BYTES:,} bytes")
    raw = str.encode(value, "utf-8", "surrogatepass")
    return b"s" + _u32(len(raw)) + raw


def _raw(tag: bytes, base: type) -> Callable[[Any], bytes]:
    def write(value: Any) -> bytes:
        size = base.__len__(value)  # type: ignore[attr-defined]
        if size > MAX_BYTES:
            raise NotPlain(f"{size:,} bytes; the limit is {MAX_BYTES:,}")
        return tag + _u32(size) + bytes(memoryview(value))

    return write


_LEAVES: tuple[tuple[type, Callable[[Any], bytes]], ...] = (
    (int, _int),
    (float, _float),
    (complex, _complex),
    (str, _str),
    (bytes, _raw(b"b", bytes)),
    (bytearray, _raw(b"a", bytearray)),
)
_CONTAINERS: tuple[tuple[type, bytes], ...] = (
    (list, b"l"),
    (tuple, b"t"),
    (set, b"S"),
    (frozenset, b"Z"),
)


class _Writer:
    """Collects pieces and stops at the size limit, so that a giant value costs no more than the limit."""

    def __init__(self) -> None:
        self.pieces: list[bytes] = []
        self.size = 0

    def put(self, piece: bytes) -> None:
        self.size += len(piece)
        if self.size > MAX_BYTES:
            raise NotPlain(f"a value larger than {MAX_BYTES:,} bytes")
        self.pieces.append(piece)

    def value(self, value: Any, depth: int) -> None:
        kind = type(value)
        if value is None:
            return self.put(b"N")
        if kind is bool:
            return self.put(b"T" if value else b"F")
        for base, write in _LEAVES:
            if issubclass(kind, base):
                return self.put(write(value))
        if depth >= MAX_DEPTH:
            raise NotPlain(f"a value nested deeper than {MAX_DEPTH}")
        if issubclass(kind, dict):
            self.check_count(dict.__len__(value))
            pairs = list(dict.items(value))
            self.put(b"d" + _u32(len(pairs)))
            for key, item in pairs:
                self.value(key, depth + 1)
                self.value(item, depth + 1)
            return None
        for base, tag in _CONTAINERS:
            if issubclass(kind, base):
                self.check_count(base.__len__(value))  # type: ignore[attr-defined]
                return self.items(tag, list(base.__iter__(value)), depth)  # type: ignore[attr-defined]
        if kind in _VIEWS:
            return self.items(b"S", list(value), depth)
        raise NotPlain(f"a value of type {name_of(kind):.80}, not of a built-in type")

    @staticmethod
    def check_count(count: int) -> None:
        if count > MAX_BYTES:
            raise NotPlain(f"a container of {count:,} items; the limit is {MAX_BYTES:,} bytes")

    def items(self, tag: bytes, items: list[Any], depth: int) -> None:
        self.put(tag + _u32(len(items)))
        for item in items:
            self.value(item, depth + 1)


def encode(value: Any) -> bytes:
    """The value as bytes. Raises NotPlain for other types and for what is too large or too deep."""
    writer = _Writer()
    writer.value(value, 0)
    return b"".join(writer.pieces)


def items(value: Any) -> Any:
    """What `in` looks through, as a list, where it is an iterator or another type without literals; else the value."""
    if type(value) in _LISTED or hasattr(type(value), "__next__"):
        return list(islice(value, MAX_BYTES + 1))
    return value


class Unordered(tuple[Any, ...]):
    """The members of a set as they came. Not hashed on arrival, so that chosen collisions cost the reader nothing."""

    __slots__ = ()


class Pairs(tuple[Any, ...]):
    """The (key, value) pairs of a dict as they came, for the same reason."""

    __slots__ = ()


class _Reader:
    def __init__(self, data: bytes) -> None:
        self.data = data
        self.at = 0

    def take(self, size: int) -> bytes:
        piece = self.data[self.at : self.at + size]
        if len(piece) != size:
            raise Malformed("the encoded value ends early")
        self.at += size
        return piece

    def count(self) -> int:
        number: int = struct.unpack("<I", self.take(4))[0]
        if number > len(self.data):
            raise Malformed("a count larger than the value")
        return number

    def value(self, depth: int) -> Any:
        if depth > MAX_DEPTH:
            raise Malformed("nested too deep")
        tag = self.take(1)
        match tag:
            case b"N":
                return None
            case b"T" | b"F":
                return tag == b"T"
            case b"i":
                return int.from_bytes(self.take(self.count()), "little", signed=True)
            case b"f":
                return struct.unpack("<d", self.take(8))[0]
            case b"c":
                return complex(*struct.unpack("<dd", self.take(16)))
            case b"s":
                return self.take(self.count()).decode("utf-8", "surrogatepass")
            case b"b":
                return self.take(self.count())
            case b"a":
                return bytearray(self.take(self.count()))
            case b"l":
                return [self.value(depth + 1) for _ in range(self.count())]
            case b"t":
                return tuple([self.value(depth + 1) for _ in range(self.count())])
            case b"S" | b"Z":
                return Unordered([self.value(depth + 1) for _ in range(self.count())])
            case b"d":
                return Pairs([(self.value(depth + 1), self.value(depth + 1)) for _ in range(self.count())])
        raise Malformed(f"unknown tag {tag!r}")


def decode(data: bytes) -> Any:
    """The value in `data`; sets arrive as `Unordered`, dicts as `Pairs`. Raises Malformed."""
    if len(data) > MAX_BYTES:
        raise Malformed("larger than the limit")
    reader = _Reader(data)
    try:
        value = reader.value(0)
    except UnicodeDecodeError as error:
        raise Malformed("a text that is not UTF-8") from error
    if reader.at != len(data):
        raise Malformed("bytes after the value")
    return value
