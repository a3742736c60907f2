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

from tactful.live.proxy.reading import telling

_MOST = 4096
_MOST_CHARACTERS = 32 * 1024 * 1024
"""Of all that is remembered; what is oldest goes first."""
_ITEMS = 12
_LONGEST_ITEM = 16_000
MOST_BYTES = 1024 * 1024
"""Of a response; a longer one is passed on and not remembered."""
_DONE = (b"response.completed", b"response.incomplete")


@dataclass(frozen=True)
class Thread:
    """The latest items of a conversation that tell something."""

    conversation: str
    items: tuple[Any, ...] = ()
    key: str = ""
    """Of the request with which its latest turn began, for the steps of that turn."""
    size: int = 0
    """Its characters."""


class Threads:
    """Id of a response, or of a conversation at the server → what was said last in it."""

    def __init__(self) -> None:
        self._held: OrderedDict[str, Thread] = OrderedDict()
        self._size = 0

    def get(self, name: str) -> Thread | None:
        """What is known; None: nothing."""
        return self._held.get(name)

    def keep(
        self, conversation: str, items: Sequence[Any], response: Any, name: str = "", key: str = ""
    ) -> None:
        """Remember what was said before and in this response, under its id and under `name`; `key`: that of its turn."""
        if not isinstance(response, Mapping) or not isinstance(response.get("id"), str):
            return
        output = response.get("output")
        answered = output if isinstance(output, list) else []
        said = [item for item in (*items, *answered) if isinstance(item, Mapping)]
        sized = [(item, len(str(item))) for item in telling(said)]
        kept = [(item, size) for item, size in sized if size <= _LONGEST_ITEM][-_ITEMS:]
        thread = Thread(conversation, tuple(item for item, _ in kept), key, sum(size for _, size in kept))
        for held in dict.fromkeys(filter(None, (response["id"], name))):
            if (before := self._held.pop(held, None)) is not None:
                self._size -= before.size
            self._held[held] = thread
            self._size += thread.size
        while len(self._held) > _MOST or self._size > _MOST_CHARACTERS:
            self._size -= self._held.popitem(last=False)[1].size


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
