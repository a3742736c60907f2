"""Feed one child its job and take what it sends, until it is done, gone, out of time or too loud."""

from __future__ import annotations

import contextlib
import os
import selectors
import socket
import struct
import time

from tactful.errors import visible
from tactful.sandbox.inside.values import MAX_BYTES
from tactful.sandbox.verdict.ending import MAX_OUTPUT, Run
from tactful.sandbox.verdict.progress import Tampered

_KEPT_OUTPUT = 4000
_MAX_TEXT = 400
_MAX_REPORT = MAX_BYTES + 1024


def follow(run: Run, channel: socket.socket, output: int, deadline: float) -> None:
    """Feed the job, take reports and output until the child is done, gone, out of time or too loud."""
    channel.setblocking(False)
    os.set_blocking(output, False)
    with selectors.PollSelector() as selector:
        selector.register(channel, selectors.EVENT_READ | selectors.EVENT_WRITE)
        selector.register(output, selectors.EVENT_READ)
        while not run.progress.finished and not run.stopped:
            left = deadline - time.monotonic()
            if left <= 0:
                run.stopped = "timeout"
                return
            for key, events in selector.select(left):
                if key.fd == output:
                    if not _read_output(run, output):
                        selector.unregister(output)
                    continue
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
