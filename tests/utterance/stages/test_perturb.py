"""The incorrect but sensible path."""

from __future__ import annotations

import pytest
from tests.utterance.fakes import FakeModel, example, path

from tactful.errors import ParseError
from tactful.utterance.stages.gold_path import GoldPath
from tactful.utterance.stages.perturb import perturb_path
from tactful.utterance.types import IntentPath, IntentTree, Topic

TREE = IntentTree(topics=(Topic(name="hotel"),))
GOLD = GoldPath(
    "mining", IntentPath(topic="hotel", attribute="parking"), IntentPath(topic="hotel", attribute="breakfast")
)


async def perturbed(*said, at=0):
    model = FakeModel(perturb=[{"reason": "so", "path": one} for one in said])
    found, repairs = await perturb_path(example(at=at), TREE, GOLD, model)
    return found, repairs, model


async def test_later_messages_are_the_reference_and_the_message_itself_is_not_shown():
    found, _, model = await perturbed(path("hotel", "number of guests"))
    assert found.text == "hotel → number of guests"
    [prompt] = model.asked("perturb")
    assert "- Book it for 2 people, please.\n- Find me a museum nearby." in prompt
    assert "Does it have parking?" not in prompt


async def test_without_later_messages_the_prompt_says_so():
    _, _, model = await perturbed(path("hotel", "check-out"), at=2)
    assert "(nothing)" in model.asked("perturb")[0]


@pytest.mark.parametrize(
    "bad",
    [path("Hotel", "Parking"), path("hotel", "breakfast"), path("hotel", "guests", "2"), "hotel → parking"],
)
async def test_true_second_or_concrete_path_is_asked_for_again(bad):
    found, _, model = await perturbed(bad, path("hotel", "check-out"))
    assert found.attribute == "check-out"
    assert len(model.asked("perturb")) == 2
    with pytest.raises(ParseError):
        await perturbed(bad)
