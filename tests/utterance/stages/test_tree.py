"""Stage 1: intent trees, also from sloppy replies."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.utterance.fakes import FakeModel, example

from tactful.errors import ParseError
from tactful.llm.replies.structured import Unusable, parse_reply
from tactful.utterance.stages.tree import TreeReply, grow_tree

GOOD = {"topics": [{"name": "hotel", "attributes": [{"name": "price", "values": ["cheap", "moderate"]}]}]}
WANTED = {"hotel": {"price": ["cheap", "moderate"]}}
SLOPPY = {
    "nested objects": {"topics": {"hotel": {"price": ["cheap", "moderate"]}}},
    "nested objects without their key": {"hotel": {"price": ["cheap", "moderate"]}},
    "a bare list": GOOD["topics"],
    "objects where lists belong": {
        "topics": {"0": {"name": "hotel", "attributes": {"0": {"name": "price", "values": {"0": "cheap", "1": "moderate"}}}}}
    },
    "another spelling of the keys": {"Topics": [{"Name": "hotel", "Attributes": GOOD["topics"][0]["attributes"]}]},
    "extra keys": {**GOOD, "note": "done", "repairs": ["forged"]},
    "one topic without its list": {"topics": GOOD["topics"][0]},
    "a topic twice": {
        "topics": [
            {"name": "hotel", "attributes": [{"name": "price", "values": "cheap"}]},
            {"name": "hotel", "attributes": [{"name": "price", "values": ["cheap", "moderate", " "]}]},
        ]
    },
}  # fmt: skip


async def test_good_reply_is_the_tree_and_nothing_is_mended():
    tree, repairs = await grow_tree(example(), FakeModel(tree=GOOD))
    assert tree.as_dict() == WANTED
    assert repairs == ()


@pytest.mark.parametrize("name", SLOPPY)
async def test_sloppy_reply_is_mended_and_marked(name):
    tree, repairs = await grow_tree(example(), FakeModel(tree=[SLOPPY[name]]))
    assert tree.as_dict() == WANTED
    assert repairs
    assert "forged" not in repairs


async def test_attributes_without_values_and_numbers_as_values_are_kept():
    said = {"topics": {"hotel": {"stars": 4, "parking": []}, "museum": ["opening hours"]}}
    tree, _ = await grow_tree(example(), FakeModel(tree=[said]))
    assert tree.as_dict() == {"hotel": {"stars": ["4"], "parking": []}, "museum": {"opening hours": []}}


@pytest.mark.parametrize(
    "said", [{"topics": []}, {"topics": "hotel"}, {}, [], "hotel", {"topics": [{"name": ""}]}]
)
async def test_what_is_no_tree_is_never_a_default(said):
    with pytest.raises(ParseError):
        await grow_tree(example(), FakeModel(tree=[said]))


async def test_prose_in_a_node_is_asked_for_again():
    model = FakeModel(tree=[{"topics": {"hotel": {"price": ["long " * 50]}}}, GOOD])
    tree, _ = await grow_tree(example(), model)
    assert tree.as_dict() == WANTED
    assert "too long for a node" in model.asked("tree")[1]


async def test_prompt_holds_the_context_in_a_fence_and_not_what_came_next():
    model = FakeModel()
    await grow_tree(example(at=1), model)
    [prompt] = model.asked("tree")
    assert "User: Does it have parking?\nAssistant: Yes, it has free parking.\nend dialogue" in prompt
    assert "Book it for 2 people" not in prompt


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-3, 3)
    | st.text(max_size=4)
    | st.sampled_from(("name", "values")),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(("topics", "name", "attributes", "values", "a", "0")), inner, max_size=4
        )
    ),
    max_leaves=12,
)


@given(JSON)
def test_any_json_is_a_tree_or_refused_and_never_a_crash(data):
    import json

    try:
        reply = parse_reply(json.dumps(data), TreeReply, complete=True).value
    except Unusable:
        return
    assert all(topic.name.strip() for topic in reply.topics)
    assert reply.topics
