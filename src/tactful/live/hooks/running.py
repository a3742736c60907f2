"""A hook as a process: stdin in, stdout out. It fails open: whatever goes wrong, nothing is said and the agent goes on.

What went wrong is a line in a log file: time, event and kind of the error, never a text.
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from getpass import getuser
from pathlib import Path
from typing import BinaryIO

import orjson

from tactful.live.counsel.types import Counsel

DEADLINE_S = 10.0
"""Agents drop what comes later than in 30 s; a person waits for this."""
STORED_S = 5.0
"""Once all is said, the database is waited for so long: an agent goes on when the process has ended."""
_MOST = 8 * 1024 * 1024


def state_folder() -> Path:
    """Where hooks keep what they learn and their log, whatever folder the agent works in."""
    root = os.environ.get("XDG_STATE_HOME") or Path("~/.local/state").expanduser()
    return Path(root) / "tactful"


def run_hook(open_counsel: Callable[[], Counsel], folder: Path, *, given: BinaryIO, told: BinaryIO) -> None:
    """Read one call, answer it. Never raises; at the deadline the process ends as if there was nothing to say."""
    event = "unread"
    watch = _giving_up(folder, DEADLINE_S, "no answer")
    counsel: Counsel | None = None
    try:
        from tactful.data.logs.json_rows import loads
        from tactful.data.logs.users import Names
        from tactful.live.hooks.answering import HookCall, answer

        data = given.read(_MOST + 1)
        if len(data) > _MOST:
            raise ValueError("the call is too large")
        call = HookCall.model_validate(loads(data))
        event = call.hook_event_name if call.hook_event_name.isidentifier() else "odd"
        counsel = open_counsel()
        (folder / ".tactful").mkdir(parents=True, exist_ok=True)  # the salt's place is here, not above
        user = Names(place=folder).hashed(getuser())
        what = event[:40]
        said = answer(
            call,
            counsel,
            user=user,
            unlearned=lambda error: note(folder, f"{what}: nothing learned, {type(error).__name__}"),
        )
        if said is not None:
            told.write(orjson.dumps(said) + b"\n")
            told.flush()
    except BaseException as error:  # the last wall before the agent
        note(folder, f"{event[:40]}: {type(error).__name__}")
    watch.cancel()
    watch = _giving_up(folder, STORED_S, "not stored")
    try:
        if counsel is not None:
            counsel.close()
    except Exception as error:
        note(folder, f"{event[:40]}: {type(error).__name__} while closing")
    watch.cancel()


def note(folder: Path, what: str) -> None:
    """A line in the log of hooks; nothing where it cannot be written."""
    with suppress(OSError):
        folder.mkdir(parents=True, exist_ok=True)
        with (folder / "hooks.log").open("a", encoding="utf-8") as file:
            file.write(f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ} {what}\n")


def _giving_up(folder: Path, after_s: float, what: str) -> threading.Timer:
    def end() -> None:
        note(folder, f"{what} within {after_s:g} s")
        sys.stderr.flush()
        os._exit(0)

    timer = threading.Timer(after_s, end)
    timer.daemon = True
    timer.start()
    return timer
