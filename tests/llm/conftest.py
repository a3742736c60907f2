"""No test of this room reads the environment of whoever runs it."""

from __future__ import annotations

import pytest


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("OPENAI_API_KEY", "OPENAI_BASE_URL", "TACTFUL_PRICES"):
        monkeypatch.delenv(name, raising=False)
