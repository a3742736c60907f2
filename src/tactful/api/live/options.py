"""What may be given to whatever decides for a running assistant."""

from __future__ import annotations

from pathlib import Path
from typing import TypedDict


class LiveOptions(TypedDict, total=False):
    """How an advisor works. Defaults are those of the commands; what is None is as in `config`, else the default."""

    config: Path | str | None
    """TOML with any of the keys of `LiveConfig`; what stands beside it here goes before."""
    database: str | None
    """A file, or an address `postgresql://…`; default `live.sqlite`."""
    mode: str | None
    """`shadow` (default): decide and store, tell nobody. `advise`: tell the assistant. `act`: also veto, where that can be done."""
    share: float | None
    """Of the users (conversations, where nobody is named) for whom the assistant is told; default 1."""
    reader: str | None
    """`encoder` (bundled, default), `surface`, a folder, or `none`."""
    policy: str | None
    """`cost` (default), or a policy's file."""
    keep_texts: bool | None
    """Store what was said, for `live_conversations`; default: no."""
    retention_days: float | None
    """What is older is removed; default 180."""
