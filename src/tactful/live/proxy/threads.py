"""What a server keeps of conversations (Responses API), remembered here as well: a request holds its new messages alone.

In memory only, bounded, and gone with the process: then a conversation begins anew for the advisor.
"""

from __future__ import annotations

import zlib
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

_MOST = 4096
_ITEMS = 12
_LONGEST_ITEM = 16_000
MOST_BYTES = 1024 * 1024
"""Of a response; a longer one is passed on and not remembered."""
_DONE = (b"response.completed", b"response.incomplete")


@dataclass(frozen=True)
class Thread:
    """The latest items of a conversation."""

    conversation: str
    items: tuple[Any, ...] = ()


class Threads:
    """Id of a response, or of a conversation at the server → what was said last in it."""

    def __init__(self) -> None:
        self._held: OrderedDict[str, Thread] = OrderedDict()

    def get(self, name: str) -> Thread | None:
        """What is known; None: nothing."""
        return self._held.get(name)

    def keep(self, conversation: str, items: Sequence[Any], response: Any, name: str = "") -> None:
        """Remember what was said before and in this response, under its id and under `name`."""
        if not isinstance(response, Mapping) or not isinstance(response.get("id"), str):
            return
        said = [*items, *(response.get("output") or ())]
        kept = [item for item in said if isinstance(item, Mapping) and len(str(item)) <= _LONGEST_ITEM]
        for key in filter(None, (response["id"], name)):
            self._held[key] = Thread(conversation, tuple(kept[-_ITEMS:]))
            self._held.move_to_end(key)
        while len(self._held) > _MOST:
            self._held.popitem(last=False)


def response_in(raw: bytes, encoding: str) -> Any:
    """The response that a body holds, plain or as a stream of events; None where it cannot be read."""
    try:
        body = _opened(raw, encoding)
        if body is None or body.lstrip()[:1] == b"{":
            return orjson.loads(body or b"")
        for block in reversed(body.replace(b"\r\n", b"\n").split(b"\n\n")):
            if any(word in block for word in _DONE):
                lines = [line[5:] for line in block.split(b"\n") if line.startswith(b"data:")]
                return orjson.loads(b"\n".join(lines)).get("response")
    except (ValueError, OSError, EOFError, zlib.error, AttributeError):
        return None
    return None


def _opened(raw: bytes, encoding: str) -> bytes | None:
    if encoding in ("", "identity"):
        return raw
    if encoding not in ("gzip", "deflate"):
        return None
    opening = zlib.decompressobj(wbits=47 if encoding == "gzip" else 15)
    return opening.decompress(raw, 16 * MOST_BYTES)
