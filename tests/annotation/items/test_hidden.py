"""Nothing that a label, a judge, a persona, an outcome or a hidden side says is ever on an annotator's screen."""

import pytest
from tests.annotation.items.sources import SECRET, hidden_sources

from tactful.annotation.items.reading import read_items

SOURCES = (
    "labelled moments",
    "moments",
    "episodes",
    "traces",
    "pairs",
    "trl",
    "states",
    "requests",
    "labelled turns",
    "judged turns",
    "chats",
)


@pytest.mark.parametrize("source", SOURCES)
def test_what_is_private_in_a_source_is_never_shown(tmp_path, source):
    path = hidden_sources(tmp_path)[source]
    assert SECRET in path.read_text()
    found = list(read_items(path))
    assert found
    assert not [item for item in found if SECRET in item.shown.model_dump_json()]


@pytest.mark.parametrize("source", ["labelled turns", "chats"])
def test_what_the_assistant_did_after_a_request_is_not_shown_with_it(tmp_path, source):
    found = list(read_items(hidden_sources(tmp_path)[source], kinds=["asking"]))
    first = found[0]
    assert first.origin["answer"] == "Sorted: 1, 2."
    assert "Sorted" not in first.shown.model_dump_json()
    assert all(SECRET not in item.shown.model_dump_json() for item in found)


def test_every_source_is_tried(tmp_path):
    assert set(hidden_sources(tmp_path)) == set(SOURCES)
