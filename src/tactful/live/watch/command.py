"""Proposals by a command: it gets the window as one JSON object on its input, and prints proposals as lines of JSON.

    {"text": "Shall I …?", "kind": "fix"}

`kind` may be left out; a line that is a JSON text is the offer itself. Nothing printed is silence.
"""

from __future__ import annotations

import asyncio
import os
import shlex
import shutil
import signal
from contextlib import suppress
from typing import Any

import orjson
from pydantic import ValidationError

from tactful.data.formats.moments import plain_proposal
from tactful.errors import UsageError
from tactful.live.delivery.types import LONGEST, Candidate
from tactful.live.watch.rules import Kinds
from tactful.live.watch.types import ProposerFailed, Window

_MOST_BYTES = 64 * 1024


class CommandProposer:
    """Starts the command anew for each window; no shell reads it."""

    def __init__(self, command: str, kinds: Kinds) -> None:
        try:
            self._words = shlex.split(command)
        except ValueError as error:
            raise UsageError(f"--command cannot be read ({error}); close its quotes") from error
        if not self._words or shutil.which(self._words[0]) is None:
            raise UsageError(f"--command: there is no program '{self._words[0] if self._words else ''}'")
        self.name = f"command {os.path.basename(self._words[0])}"
        self._kinds = kinds

    async def propose(self, window: Window) -> list[Candidate]:
        """What it prints. Raises: ProposerFailed where it ends with an error, prints too much or no JSON."""
        process = await asyncio.create_subprocess_exec(
            *self._words,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            start_new_session=True,
        )
        try:
            told = await _talked(process, orjson.dumps(window.row()) + b"\n")
        finally:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, signal.SIGKILL)
            await process.wait()
        return [self._candidate(line) for line in told.splitlines() if line.strip() not in (b"", b"null")]

    async def close(self) -> None:
        """Nothing is open."""

    def _candidate(self, line: bytes) -> Candidate:
        try:
            said = orjson.loads(line)
        except orjson.JSONDecodeError as error:
            raise ProposerFailed("the command printed a line that is no JSON") from error
        row: Any = {"text": said} if isinstance(said, str) else said
        given = row.get("text") if isinstance(row, dict) else None
        text = plain_proposal(given) if isinstance(given, str) else None
        if text is None or set(row) - {"text", "kind"}:
            raise ProposerFailed('the command printed a line that is no {"text": …, "kind": …}')
        text = text[:LONGEST]
        try:
            return Candidate(kind=row.get("kind") or self._kinds.of(text), text=text)
        except ValidationError as error:
            raise ProposerFailed("the command printed a 'kind' that is no short text") from error


async def _talked(process: asyncio.subprocess.Process, asked: bytes) -> bytes:
    assert process.stdin is not None
    assert process.stdout is not None
    with suppress(BrokenPipeError, ConnectionResetError):  # it may not want to know
        process.stdin.write(asked)
        await process.stdin.drain()
        process.stdin.close()
    told = bytearray()
    while part := await process.stdout.read(8192):
        told += part
        if len(told) > _MOST_BYTES:
            raise ProposerFailed(f"the command printed more than {_MOST_BYTES} bytes")
    if await process.wait():
        raise ProposerFailed(f"the command ended with {process.returncode}")
    return bytes(told)
