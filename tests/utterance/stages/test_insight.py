"""Stage 4: dual-view insight."""

from __future__ import annotations

import copy
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.utterance.fakes import FakeModel, example, good_reply, path

from tactful.errors import ParseError
from tactful.llm.replies.structured import Unusable, parse_reply
from tactful.utterance.stages.insight import InsightReply, see_ahead
from tactful.utterance.types import Attribute, Category, CategoryReasoning, IntentPath, IntentTree, Topic

TREE = IntentTree(topics=(Topic(name="hotel", attributes=(Attribute(name="price", values=("cheap",)),)),))
WHY = CategoryReasoning(statement="an answer", question="more to know", instruction="to be booked")
GOOD = good_reply("insight")


async def ahead(*said, **more):
    model = FakeModel(insight=list(said))
    found = await see_ahead(example(**more), TREE, Category.QUESTION, WHY, model)
    return (*found, model)


def changed(**guesses):
    """The good reply with the mining view's guesses in another shape."""
    said = copy.deepcopy(GOOD)
    said["mining"] = {"reasoning": "Because.", **guesses}
    return said


async def test_good_reply_gives_both_views_with_a_message_for_each_path():
    insight, repairs, model = await ahead(GOOD)
    assert insight.mining.paths[0] == IntentPath(topic="mining one", attribute="what it is like")
    assert insight.predictions == tuple(
        guess["message"] for view in ("mining", "exploration") for guess in GOOD[view]["guesses"]
    )
    assert repairs == ()
    [prompt] = model.asked("insight")
    assert '{"hotel":{"price":["cheap"]}}' in prompt
    assert "of the category Question" in prompt
    assert "parking" not in prompt


PATHS = {
    "text with arrows": ["hotel → parking → free", "hotel->breakfast"],
    "text with full-width arrows": ["hotel＞parking＞free", "hotel ⇒ breakfast"],
    "lists": [["hotel", "parking", "free"], ["hotel", "breakfast"]],
    "extra and misspelt keys": [
        {"Topic": "hotel", "attribute": "parking", "value": "free", "depth": 3},
        {"topic": "hotel", "attribute": "breakfast", "value": None},
    ],
    "an object where the list belongs": {
        "a": path("hotel", "parking", "free"),
        "b": path("hotel", "breakfast"),
    },
}


@pytest.mark.parametrize("name", PATHS)
async def test_paths_in_other_shapes_become_data_and_are_marked(name):
    said = changed(paths=PATHS[name], predictions=["Is it free?", "Is there breakfast?"])
    insight, repairs, _ = await ahead(said)
    assert [one.text for one in insight.mining.paths] == ["hotel → parking → free", "hotel → breakfast"]
    assert insight.mining.predictions == ("Is it free?", "Is there breakfast?")
    assert repairs


async def test_guesses_as_an_object_and_extra_keys_are_mended():
    said = {**copy.deepcopy(GOOD), "summary": "x"}
    said["exploration"]["guesses"] = dict(zip("ab", said["exploration"]["guesses"], strict=True))
    insight, repairs, _ = await ahead(said)
    assert len(insight.exploration.predictions) == 2
    assert set(repairs) == {"guesses given as an object", "extra keys left out"}


@pytest.mark.parametrize(
    "said",
    [
        changed(guesses=[*GOOD["mining"]["guesses"], {"path": path("bus"), "message": "A bus?"}]),
        changed(guesses=GOOD["mining"]["guesses"][:1]),
        changed(guesses=[{"message": "Is it free?"}, {"message": "Is there tea?"}]),
        changed(paths=["hotel → parking", "hotel → tea"], predictions=["a", "b", "c"]),
        changed(paths=["parking", "tea"], predictions=["a", "b"]),
        {"mining": GOOD["mining"]},
        "two guesses",
    ],
    ids=[
        "three guesses",
        "one guess",
        "no paths",
        "three messages for two paths",
        "paths of one node",
        "one view",
        "prose",
    ],
)
async def test_what_cannot_be_mended_is_refused(said):
    with pytest.raises(ParseError):
        await ahead(said)


@pytest.mark.parametrize(
    ("message", "words"),
    [
        ("i need a cheap place to stay in the North", "repeats a message of the dialogue"),
        ("The Worth House is a cheap guest house in the north. Shall I book it?", "repeats a message"),
        (GOOD["exploration"]["guesses"][0]["message"], "occurs twice"),
    ],
)
async def test_prediction_said_before_or_twice_is_asked_for_again(message, words):
    bad = copy.deepcopy(GOOD)
    bad["mining"]["guesses"][1]["message"] = message
    insight, _, model = await ahead(bad, GOOD)
    assert insight.predictions[1] == GOOD["mining"]["guesses"][1]["message"]
    assert words in model.asked("insight")[1]
    with pytest.raises(ParseError, match="after 3 replies"):
        await ahead(bad)


async def test_same_path_twice_in_a_view_is_asked_for_again():
    bad = copy.deepcopy(GOOD)
    bad["mining"]["guesses"][1]["path"] = path("Mining ONE", "what it is like.")
    _, _, model = await ahead(bad, GOOD)
    assert "they must differ" in model.asked("insight")[1]


JSON = st.recursive(
    st.none() | st.integers(-2, 2) | st.text(max_size=3) | st.just("a → b"),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ("mining", "exploration", "reasoning", "guesses", "paths", "predictions", "path", "message")
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=15,
)


@given(JSON)
def test_any_json_is_an_insight_or_refused_and_never_a_crash(data):
    said = data if isinstance(data, dict) else {"mining": data, "exploration": data}
    try:
        reply = parse_reply(json.dumps(said), InsightReply, complete=True).value
    except Unusable:
        return
    assert len(reply.mining.guesses) == len(reply.exploration.guesses) == 2
