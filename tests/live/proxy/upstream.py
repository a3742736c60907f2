"""An upstream on raw sockets: what it sends is given byte for byte, what it was sent is kept byte for byte."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

Answer = Sequence[bytes]
"""Pieces, each written and flushed alone; `CUT` ends the connection there."""
CUT = b"\0cut"


@dataclass
class Got:
    """One request as it came over the wire."""

    line: str
    headers: list[tuple[str, str]]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    def header(self, name: str) -> list[str]:
        return [value for key, value in self.headers if key.lower() == name.lower()]


@dataclass
class Wire:
    """The upstream."""

    answer: Callable[[Got], Answer]
    got: list[Got] = field(default_factory=list)
    port: int = 0
    wait_s: float = 0.0
    apart_s: float = 0.0
    go_on: asyncio.Event | None = None
    """The second piece of a body waits for it."""
    open: set[asyncio.StreamWriter] = field(default_factory=set)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.open.add(writer)
        try:
            while (got := await self._request(reader)) is not None:
                self.got.append(got)
                await asyncio.sleep(self.wait_s)
                for number, piece in enumerate(self.answer(got)):
                    if piece == CUT:
                        return
                    if self.go_on is not None and number > 1:
                        await self.go_on.wait()
                    writer.write(piece)
                    await writer.drain()
                    await asyncio.sleep(self.apart_s)
                if b"onnection: close" in b"".join(self.answer(got)):
                    return
        except (ConnectionError, asyncio.IncompleteReadError):
            return
        finally:
            writer.close()

    async def _request(self, reader: asyncio.StreamReader) -> Got | None:
        head = await reader.readuntil(b"\r\n\r\n")
        line, *rows = head.decode("latin-1").strip().split("\r\n")
        headers = [(name, value.strip()) for name, _, value in (row.partition(":") for row in rows)]
        got = Got(line, headers, b"")
        if size := got.header("Content-Length"):
            got.body = await reader.readexactly(int(size[0]))
        elif got.header("Transfer-Encoding"):
            while size_of := int(await reader.readline(), 16):
                got.body += await reader.readexactly(size_of)
                await reader.readline()
            await reader.readline()
        return got


@asynccontextmanager
async def wired(answer: Callable[[Got], Answer] | Answer, **options: Any) -> AsyncIterator[Wire]:
    wire = Wire(answer if callable(answer) else lambda _: answer, **options)
    server = await asyncio.start_server(wire.serve, "127.0.0.1", 0, limit=2**26)
    wire.port = server.sockets[0].getsockname()[1]
    try:
        async with server:
            yield wire
    finally:  # one whose last bytes nobody reads stays open else, and is blamed on whichever test runs when it is collected
        for writer in wire.open:
            writer.transport.abort()
        await asyncio.sleep(0)


def plain(body: bytes | dict[str, Any], status: str = "200 OK", *headers: str) -> Answer:
    """A whole answer with a Content-Length."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    rows = [f"HTTP/1.1 {status}", "Content-Type: application/json", f"Content-Length: {len(raw)}", *headers]
    return ["\r\n".join(rows).encode() + b"\r\n\r\n" + raw]


def chunked(pieces: Sequence[bytes], *headers: str, end: bool = True) -> Answer:
    """An answer in chunks, each sent alone."""
    rows = ["HTTP/1.1 200 OK", "Content-Type: text/event-stream", "Transfer-Encoding: chunked", *headers]
    sent = ["\r\n".join(rows).encode() + b"\r\n\r\n"]
    sent += [b"%x\r\n%b\r\n" % (len(piece), piece) for piece in pieces]
    return [*sent, b"0\r\n\r\n" if end else CUT]


COMPLETION: dict[str, Any] = {
    "id": "chatcmpl-1",
    "object": "chat.completion",
    "created": 1_700_000_000,
    "model": "m",
    "choices": [{"index": 0, "message": {"role": "assistant", "content": "Done."}, "finish_reason": "stop"}],
    "usage": {"prompt_tokens": 5, "completion_tokens": 2, "total_tokens": 7},
}
