"""Values of a log as messages show them: redacted before they are shortened, so that no half of a secret is left."""

from __future__ import annotations

from typing import Any

from tactful.data.io import shorten
from tactful.text.redaction import Redaction

_MOST = 2000


def shown(value: Any) -> str:
    """One line of at most 80 characters."""
    if isinstance(value, bytes):
        return shorten(Redaction().text(value[:_MOST].decode("utf-8", "replace")).encode())
    return shorten(Redaction().tree(value))
