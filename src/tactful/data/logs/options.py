"""How logs are read, and how a run keeps that to read them again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
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
    def of(cls, reading: Mapping[str, Any] | None) -> LogOptions:
        """What is said by keys, as `stored` keeps it or as the Python interface takes it."""
        said = dict(reading or {})
        if said.get("columns") is None:
            said.pop("columns", None)
        elif isinstance(said["columns"], Mapping):
            said["columns"] = Columns(**said["columns"])
        return cls(**said)

    @property
    def stored(self) -> dict[str, Any]:
        """What is not as by default, for a run that reads the same logs again."""
        plain = asdict(LogOptions())
        return {key: value for key, value in asdict(self).items() if value != plain[key]}
