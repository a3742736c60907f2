"""Nobody has to read much to run their own data."""

import pytest
from tests.docs.pages import ROOT


def words(page: str) -> int:
    return len((ROOT / page).read_text(encoding="utf-8").split())


@pytest.mark.parametrize("page", ["docs/calibrate.md", "docs/judge.md", "docs/propose.md"])
def test_a_how_to_has_at_most_1500_words(page: str) -> None:
    assert words(page) <= 1500
