"""Which server works on a database already: a note beside its file, so that hooks ask it and load no reader of their own."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import orjson

from tactful.errors import TactfulError
from tactful.live.configuring import LiveConfig
from tactful.live.counsel.there import CounselThere

_BESIDE = ".server"
_ANSWERS_S = 2.0
"""A hook that decides itself takes as long."""
_OF_ITS_OWN = frozenset({"database", "domain", "timeout_ms"})
"""In these a server may differ from who asks it."""


@contextmanager
def announced(config: LiveConfig, address: str) -> Iterator[None]:
    """While the block runs, a note beside the database tells who serves it. A server that asks for a key is not announced."""
    note = _note(config)
    if note is None:
        yield
        return
    mine = orjson.dumps({"address": address, "pid": os.getpid(), "decides": _decides(config)})
    with suppress(OSError):  # then nobody finds it, and all else works
        note.unlink(missing_ok=True)
        with os.fdopen(os.open(note, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(mine)
    try:
        yield
    finally:
        with suppress(OSError):
            if note.read_bytes() == mine:
                note.unlink()


def serving(config: LiveConfig) -> CounselThere | None:
    """The server that works on this database and decides as `config` has it, if it answers; None: there is none."""
    note = _note(config)
    try:
        held: Any = None if note is None else orjson.loads(note.read_bytes())
        if not isinstance(held, dict) or held.get("decides") != _decides(config):
            return None
        # one that ended may have left its note behind, and the port may be another's
        os.kill(int(held["pid"]), 0)
        there = CounselThere(str(held["address"]), timeout_s=_ANSWERS_S)
    except (OSError, ValueError, TypeError, KeyError, OverflowError, TactfulError):
        return None
    return there if there.answers() else None


def _note(config: LiveConfig) -> Path | None:
    return None if "://" in config.database else Path(config.database + _BESIDE)


def _decides(config: LiveConfig) -> dict[str, Any]:
    """What decides, as it stands in a note: files by their whole path."""
    told = config.model_dump(mode="json", exclude=set(_OF_ITS_OWN))
    for name in ("reader", "policy"):
        if Path(told[name]).exists():
            told[name] = str(Path(told[name]).resolve())
    return told
