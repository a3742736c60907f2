"""Feed one child its job and take what it sends, until it is done, gone, out of time or too loud."""

from __future__ import annotations

import contextlib
import os
import selectors
import socket
import struct
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from tactful.errors import visible
from tactful.sandbox.inside.values import MAX_BYTES
from tactful.sandbox.verdict.ending import MAX_OUTPUT, STARVED, TIMEOUT, Run
from tactful.sandbox.verdict.progress import Tampered

_CAGED_WITHIN_S = 30.0
_MOST_WAITING = 30
"""A program that was kept waiting for this many times its limit cannot be judged."""
_KEPT_OUTPUT = 4000
_MAX_TEXT = 400
_MAX_REPORT = MAX_BYTES + 1024


@dataclass
class Clock:
    """A program's time: it begins when its cage is closed and stands still while others keep it from a processor."""

    limit_s: float
    kept_waiting_s: Callable[[], float]
    began: float | None = None
    waited_s: float = 0.0
    deadline: float = field(default_factory=lambda: time.monotonic() + _CAGED_WITHIN_S)

    def left_s(self, caged: bool) -> float:
        """What is left; 0 or less when the time is up."""
        now = time.monotonic()
        if caged and self.began is None:
            self.began, self.deadline = now, now + self.limit_s
        if self.began is not None and now >= self.deadline:
            self.waited_s = min(self.kept_waiting_s(), _MOST_WAITING * self.limit_s)
            self.deadline = self.began + self.limit_s + self.waited_s
        return self.deadline - now

    def verdict(self) -> str:
        """Why it is over; empty for a child that did not get as far as its cage."""
        if self.began is None:
            return ""
        return STARVED if self.waited_s >= _MOST_WAITING * self.limit_s else TIMEOUT


def follow(run: Run, channel: socket.socket, output: int, clock: Clock, unwanted: int | None = None) -> None:
    """Feed the job, take reports and output until the child is done, gone, out of time, too loud or unwanted."""
    channel.setblocking(False)
    os.set_blocking(output, False)
    left = clock.limit_s
    with selectors.PollSelector() as selector:
        selector.register(channel, selectors.EVENT_READ | selectors.EVENT_WRITE)
        selector.register(output, selectors.EVENT_READ)
        if unwanted is not None:
            selector.register(unwanted, selectors.EVENT_READ)
        while not run.progress.finished and not run.stopped:
            if left <= 0:
                run.stopped = clock.verdict()
                return
            left = clock.left_s(run.progress.caged)
            # Time that is up gets a last look: this process may have been kept waiting too.
            for key, events in selector.select(max(left, 0)):
                if key.fd == output:
                    if not _read_output(run, output):
                        selector.unregister(output)
                    continue
                if key.fd == unwanted:
                    run.stopped = "its verdict was no longer wanted"
                    return
                if events & selectors.EVENT_WRITE and not _send(run, channel):
                    selector.modify(channel, selectors.EVENT_READ)
                if events & selectors.EVENT_READ and not _read_reports(run, channel):
                    run.gone = not run.progress.finished and not run.stopped
                    return


def _send(run: Run, channel: socket.socket) -> bool:
    """False when all is sent (or nobody listens any more)."""
    with contextlib.suppress(BlockingIOError):
        try:
            run.to_send = run.to_send[channel.send(run.to_send) :]
        except (BrokenPipeError, ConnectionResetError):
            return False
    return bool(run.to_send)


def _read_output(run: Run, output: int) -> bool:
    """False at the end."""
    try:
        piece = os.read(output, 1 << 16)
    except BlockingIOError:
        return True
    run.printed += len(piece)
    if len(run.output) < _KEPT_OUTPUT:
        run.output += piece[: _KEPT_OUTPUT - len(run.output)]
    if run.printed > MAX_OUTPUT:
        run.stopped = "output"
    return bool(piece)


def drain(run: Run, output: int) -> None:
    """What a dead child left in the pipe."""
    while len(run.output) < _KEPT_OUTPUT:
        before = run.printed
        if not _read_output(run, output) or run.printed == before:
            return


def _read_reports(run: Run, channel: socket.socket) -> bool:
    """False when the child closed its end."""
    try:
        piece = channel.recv(1 << 18)
    except BlockingIOError:
        return True
    except ConnectionResetError:
        return False
    run.received += piece
    try:
        while len(run.received) >= 4:
            size: int = struct.unpack_from("<I", run.received)[0]
            if not 1 <= size <= _MAX_REPORT:
                raise Tampered("a report of impossible size")
            if len(run.received) < 4 + size:
                break
            content = bytes(run.received[4 : 4 + size])
            del run.received[: 4 + size]
            run.progress.feed(content[:1], content[1:])
    except Tampered as error:
        run.stopped = f"the program interfered with its tests: {error}"
    except MemoryError:  # the machine's: what a program may send is small
        raise
    except Exception as error:  # what a program sends counts against that program alone
        run.stopped = visible(f"its reports could not be read ({type(error).__name__}: {error})"[:_MAX_TEXT])
    return bool(piece)
