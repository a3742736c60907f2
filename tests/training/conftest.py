"""Real trainers on a tiny random model: skipped with a reason where the extra `[train]` is not installed."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import pytest

MISSING = [name for name in ("torch", "transformers", "trl", "peft", "datasets") if find_spec(name) is None]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The libraries' own deprecation warnings are no errors of ours."""
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.filterwarnings("ignore"))
            item.add_marker(pytest.mark.timeout(600))  # the first one imports torch


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a tiny model."""
    if MISSING:
        pytest.skip(f"training needs the extra [train]; not installed: {', '.join(MISSING)}")
    import torch
    from tests.training.tiny import tiny_model

    torch.set_num_threads(1)
    return tiny_model(tmp_path_factory.mktemp("tiny") / "model")
