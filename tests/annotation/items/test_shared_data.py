"""Counts on real data, where it lies beside the project."""

import os
from pathlib import Path

import pytest

from tactful.annotation.items.reading import read_items

ROOT = Path(os.environ.get("TACTFUL_TEST_DATA", Path(__file__).parents[3] / ".." / "shared" / "data"))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "items", "sessions", "gold"),
    [
        ("proactivebench/reward_train.jsonl", 313, 16, 28),
        ("proactivebench", 56, 6, 0),
        ("proactivebench/agent_responses/gpt-4o", 103, 6, 0),
        ("feedback/eurtad_preprocessed.jsonl", 89, 89, 57),
        ("clarity/in3_train.jsonl", 1259, 1259, 1259),
        ("clarity/abgcoqa.jsonl", 600, 462, 600),
        ("dialogues/realhumaneval.jsonl", 292, 122, 0),
    ],
)
def test_real_files_give_their_items(name, items, sessions, gold):
    path = ROOT / name
    if not path.exists():
        pytest.skip(f"{name} is not at TACTFUL_TEST_DATA")
    found = list(read_items(path))
    assert len(found) == items
    assert len({item.session for item in found}) == sessions
    if gold:
        assert len(list(read_items(path, gold=True))) == gold
