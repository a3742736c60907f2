"""Does a database stand at the last revision? Told without alembic, whose import takes longer than all else in opening one."""

from __future__ import annotations

import re
from pathlib import Path

from sqlalchemy import Engine, inspect, text

_LINE = re.compile(r'^(revision|down_revision)\b[^=\n]*= *(?:"([^"\n]+)"|None)', re.MULTILINE)


def is_newest(engine: Engine, revisions: Path) -> bool:
    """False also where it cannot be told: then alembic looks."""
    found = [dict(_LINE.findall(file.read_text(encoding="utf-8"))) for file in revisions.glob("*.py")]
    below = {one.get("down_revision") for one in found}
    newest = {one["revision"] for one in found if "revision" in one} - below
    with engine.connect().execution_options(tactful_reads=True) as connection:  # not after whoever writes
        if not inspect(connection).has_table("alembic_version"):
            return False
        return set(connection.execute(text("SELECT version_num FROM alembic_version")).scalars()) == newest
