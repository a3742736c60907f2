from __future__ import annotations

from pathlib import Path

from tests.evaluation.utterance.test_items import write
from tests.evaluation.utterance_fixtures import item

from tactful.evaluation.utterance.items import read_items


def test_copies_of_a_dialogue_under_other_ids_count_as_one_dialogue(tmp_path: Path) -> None:
    longer = ("A hotel?", "Which area?", "in the NORTH", "Two are left.")
    rows = [
        item("a", "in the north", ("y",)),
        item("b", "which is cheaper?", ("y",), said=longer, turn=2),  # goes on where `a` ends
        item("c", "in the south", ("y",)),  # the same first exchange alone is no copy
    ]
    found = read_items([write(tmp_path / "p.jsonl", *(row.model_dump(mode="json") for row in rows))])
    assert [one.dialogue_id for one in found.items] == ["a", "a", "c"]
    assert [one.id for one in found.items] == ["a#1", "b#2", "c#1"]
    assert found.notes[0].startswith("1 of the dialogues begin as another one does")
