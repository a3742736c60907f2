"""How logs are read, and how a run keeps that to read them again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any

from tactful.data.logs.readers.columns import Columns


@dataclass(frozen=True)
class LogOptions:
    """How logs are read."""

    strict: bool = False
    """The first row that cannot be read raises DataError, in place of being counted."""
    format: str | None = None
    """Name of the format; None: recognised by the first rows of each file."""
    columns: Columns = field(default_factory=Columns)
    keep_users: bool = False
    """Names of users stay as the log has them."""
    empty: bool = False
    """Conversations in which nobody speaks are given too, in place of being counted."""
    redact: bool = True
    """Secrets, e-mail addresses, phone and card numbers and folders are cut from every text."""

    @classmethod
    def of(cls, reading: Mapping[str, Any] | None = None, **more: Any) -> LogOptions:
        """What is said by keys, as `stored` keeps it or as the Python interface takes it; `more` goes before."""
        said = {**(reading or {}), **more}
        if said.get("columns") is None:
            said.pop("columns", None)
        elif isinstance(said["columns"], Mapping):
            said["columns"] = Columns(**said["columns"])
        return cls(**said)

    @property
    def stored(self) -> dict[str, Any]:
        """What is not as by default, for a run that reads the same logs again."""
        plain = LogOptions()
        found = {
            item.name: getattr(self, item.name)
            for item in fields(self)
            if getattr(self, item.name) != getattr(plain, item.name)
        }
        return found | ({"columns": asdict(self.columns)} if self.columns.any else {})
