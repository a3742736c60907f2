"""A language model's policy: a tiny random base, trained on action pairs by real DPO steps."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.policy.language_model.made import train_actions
from tests.training.conftest import tiny as tiny


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The libraries' own deprecation warnings are no errors of ours."""
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.filterwarnings("ignore"))


@pytest.fixture(scope="session")
def policy_folder(tiny: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The finished folder of a training; tests that change it take a copy."""
    return train_actions(tiny, tmp_path_factory.mktemp("policy"))
