"""What the tests of `tactful reward` with a prompted model share."""

import pytest
from tests.reward.moments import write_items


@pytest.fixture
def data(clean_environment, tmp_path):
    return write_items(tmp_path / "items.jsonl", 60)


@pytest.fixture
def clean_environment(monkeypatch, tmp_path):
    for name in ("OPENAI_API_KEY", "OPENAI_BASE_URL", "TACTFUL_PRICES"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
