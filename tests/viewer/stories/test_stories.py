"""What a row tells, in the order in which a person reads it."""

from __future__ import annotations

from typing import Any

import pytest
from tests.viewer.samples import HIDDEN, SAMPLES

from tactful.viewer.stories.beats import Beat, Compared, Happened, Options, Said, Told, TurnAt
from tactful.viewer.stories.kinds import _BY_KIND, story_of
from tactful.viewer.strips.kinds import strips_of


def short(beats: tuple[Beat, ...]) -> list[str]:
    """Each beat in a word or two."""
    found = []
    for beat in beats:
        match beat:
            case Said():
                found.append(f"{beat.role}: {beat.text}{f' ({beat.note})' if beat.note else ''}")
            case TurnAt():
                found.append(f"turn {beat.turn}{f' after {beat.path}' if beat.path else ''}")
            case Happened():
                found.append(f"event {beat.text}")
            case Told():
                found.append(f"{beat.name}: {beat.text}")
            case Options():
                found.append(f"{beat.name}: {' | '.join(option.text for option in beat.options)}")
            case Compared():
                found.append(f"{beat.chosen} <> {beat.rejected}")
    return found


TOLD = {
    "trajectories": ["user: Plan my week", "turn 0", "assistant: Which day is free?", "user: Friday", "turn 1",
                     "assistant: Then Friday it is", "user:  (silence)"],
    "trees": ["user: Plan my week",
              "turn 0 after LOW", "assistant: Then Friday it is", "user:  (silence)",
              "turn 1 after HIGH", "assistant: Which day is free?", "user: Friday",
              "turn 2 after HIGH → LOW/MID", "assistant: Then Friday it is", "user:  (silence)"],
    "pairs": ["user: Plan my week", "turn 0", "Which day is free? <> Which week is free?"],
    "states": ["user: Plan my week", "assistant: Which day is free?", "turn 0"],
    "judged-turns": ["user: Plan my week", "assistant: Done", "user: That is wrong (next)", "turn 0"],
    "talks": ["user: Plan my week", "turn 0", "assistant: Which day is free?"],
    "findings": ["turn 0"],
    "replayed": ["user: Plan my week", "turn 0", "assistant: Which day is free?", "user: I said Friday (next)"],
    "predictions": ["user: Plan my week", "assistant: Which day is free?", "turn 0", "predictions: Friday | Monday",
                    "user: Friday, please (came)"],
    "utterance": ["user: Plan my week", "assistant: Which day is free?", "turn 0", "user: Friday, please (came)",
                  "chosen: Friday", "rejected: And food?",
                  "answer\nmining: It was asked\nweek → day\nFriday\nexploration:  <> "
                  "question\nmining: \nexploration: Perhaps\nAnd food?"],
    "episodes": ["background: A ticket office", "identity: Ines, 34", "goal: Mend the timetable",
                 "event The user opens a file", "turn 0", "act: The user waits", "turn 1"],
    "judged-points": ["event The user opens a file", "turn 0", "tries: Shall I test it?\nNot now | "],
    "decisions": ["turn 0"],
    "proposals": ["thought: It fails", "turn 0"],
    "acceptances": ["turn 0"],
    "moments": ["event The user opens a file", "turn 0"],
    "labelled-moments": ["event The user opens a file", "turn 0"],
    "scenes": ["theme: Midnight", "description: A ferry", "identity: Ines, 34", "goal: Mend the timetable",
               "entities: timetable: old", "operations: run(x)", "example_events: The user waits"],
    "unpaired": ["user: Plan my week", "assistant: Which day is free?", "turn 0"],
    "trl": ["user: Plan my week", "turn 0", "Which day? <> Done"],
    "unknown": ["turn 0"],
}  # fmt: skip
TOLD["rewarded"] = TOLD["trajectories"]


@pytest.mark.parametrize("kind", SAMPLES)
def test_every_kind_of_row_is_told_in_its_order(kind: str) -> None:
    story = story_of(SAMPLES[kind])
    assert short(story.beats) == TOLD[kind]
    turns = {beat.turn for beat in story.beats if isinstance(beat, TurnAt)}
    if kind != "scenes":
        assert turns == {strip.turn for strip in strips_of([SAMPLES[kind]])}, "each strip has its place"


def test_every_kind_has_a_sample() -> None:
    assert {story_of(row).kind for row in SAMPLES.values()} >= _BY_KIND.keys() - {"reasoned-moments"}


@pytest.mark.parametrize("kind", ["trajectories", "rewarded", "trees", "states"])
def test_what_no_policy_may_see_is_apart(kind: str) -> None:
    story = story_of(SAMPLES[kind])
    assert story.private == {"hidden": HIDDEN}
    assert "Friday is free" not in str(story.rest)


def test_who_made_a_row_is_found_also_inside_of_it() -> None:
    assert story_of(SAMPLES["rewarded"]).provenance["generator"] == "offline"


def test_what_a_story_leaves_out_is_shown_as_it_is() -> None:
    assert story_of(SAMPLES["unknown"]).rest == {
        "nested": {"deep": ["A text of nobody knows what", 3]},
        "flag": True,
    }
    assert story_of(SAMPLES["trajectories"]).rest == {"state_id": "s", "decision_point": 0, "end": "completed",
                                                      "persona": "hurried"}  # fmt: skip
    for odd in ("no object", 3, None, [1, 2]):
        assert story_of(odd).rest == odd


@pytest.mark.parametrize("value", [None, 3, "text", [], [3, "text", None], {"x": 1}])
@pytest.mark.parametrize("kind", SAMPLES)
def test_rows_that_are_not_as_we_write_them_are_no_error(kind: str, value: Any) -> None:
    row = SAMPLES[kind]
    for name in row.keys() - {"tactful"}:
        story_of({**row, name: value})
    for name, inner in row.items():
        if isinstance(inner, dict):
            for key in inner:
                story_of({**row, name: {**inner, key: value}})


def test_a_tree_that_runs_in_a_circle_ends() -> None:
    nodes = [
        {"step": {}, "children": {"A": 1, "B": 0}},
        {"step": {}, "children": {"A": 0}},
        {"step": {}, "children": {}},
    ]
    story = story_of({"tactful": "trees", "first": {"A": 0}, "nodes": nodes})
    assert short(story.beats) == ["turn 0 after A", "turn 1 after A → A", "turn 2"]
