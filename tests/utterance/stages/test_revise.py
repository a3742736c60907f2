"""One view rewritten along given paths."""

from __future__ import annotations

import pytest
from tests.utterance.fakes import FakeModel, example
from tests.utterance.stages.test_insight import TREE, WHY
from tests.utterance.stages.test_similarity import INSIGHT

from tactful.errors import ParseError
from tactful.utterance.stages.revise import Revision, revise
from tactful.utterance.types import Category, IntentPath

PATHS = (IntentPath(topic="hotel", attribute="parking"), IntentPath(topic="hotel", attribute="breakfast"))
REVISION = Revision(insight=INSIGHT, view="mining", paths=PATHS, category=Category.QUESTION)


async def revised(*said):
    model = FakeModel(revise=list(said))
    insight, repairs = await revise(example(), TREE, WHY, REVISION, model)
    return insight, repairs, model


async def test_only_the_named_view_changes_and_keeps_the_order_of_the_paths():
    insight, repairs, model = await revised(
        {"reasoning": "New.", "messages": ["Parking there?", "Breakfast?"]}
    )
    assert insight.mining.paths == PATHS
    assert insight.mining.predictions == ("Parking there?", "Breakfast?")
    assert insight.exploration == INSIGHT.exploration
    assert repairs == ()
    [prompt] = model.asked("revise")
    assert "First path: hotel → parking\nSecond path: hotel → breakfast" in prompt
    assert "Does it have parking?" not in prompt


@pytest.mark.parametrize(
    "said",
    [
        {"reasoning": "New.", "predictions": ["a", "b"]},
        {"reasoning": "New.", "messages": {"first": "a", "second": "b"}},
        {"reasoning": "New.", "messages": [{"path": "x", "message": "a"}, {"message": "b"}]},
        {"Reasoning": "New.", "messages": ["a", "b"], "category": "Question"},
    ],
)
async def test_sloppy_revision_is_mended_and_marked(said):
    insight, repairs, _ = await revised(said)
    assert insight.mining.predictions == ("a", "b")
    assert repairs


@pytest.mark.parametrize("messages", [["a"], ["a", "b", "c"], ["a", ""], None])
async def test_other_than_two_messages_are_refused(messages):
    with pytest.raises(ParseError):
        await revised({"reasoning": "New.", "messages": messages})


@pytest.mark.parametrize(
    "again", ["I need a cheap place to stay in the north!", "A.", f"{INSIGHT.exploration.predictions[1]}!"]
)
async def test_message_said_before_or_twice_or_in_the_other_view_is_asked_for_again(again):
    _, _, model = await revised(
        {"reasoning": "New.", "messages": ["a", again]}, {"reasoning": "New.", "messages": ["a", "b"]}
    )
    assert len(model.asked("revise")) == 2
