"""Reply types: what models are asked for, and what becomes of whatever they send."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.utterance.fakes import FakeModel, good_reply
from tests.utterance.test_pipeline import run

from tactful.errors import ParseError
from tactful.llm.replies.structured import response_format, schema_text
from tactful.utterance.replies import ModelReply, path_of
from tactful.utterance.stages.category import CategoryReply, GoldCategoryReply
from tactful.utterance.stages.gold_path import GoldPathReply
from tactful.utterance.stages.insight import InsightReply
from tactful.utterance.stages.perturb import PerturbedReply
from tactful.utterance.stages.revise import RevisionReply
from tactful.utterance.stages.similarity import SimilarityReply
from tactful.utterance.stages.tree import TreeReply
from tactful.utterance.types import PairedExample

TYPES = {
    "tree": TreeReply,
    "category": CategoryReply,
    "gold_category": GoldCategoryReply,
    "insight": InsightReply,
    "similarity": SimilarityReply,
    "gold_path": GoldPathReply,
    "perturb": PerturbedReply,
    "revise": RevisionReply,
}


@pytest.mark.parametrize("stage", TYPES)
def test_schema_is_strict_and_shows_nothing_of_our_notes(stage):
    assert "repairs" not in schema_text(TYPES[stage])
    assert response_format(TYPES[stage])["json_schema"]["strict"]
    assert not any(word in schema_text(TYPES[stage]) for word in ("prefixItems", "minLength", "pattern"))


@pytest.mark.parametrize("stage", TYPES)
def test_good_reply_is_mended_nowhere(stage):
    reply: ModelReply = TYPES[stage].model_validate(good_reply(stage))
    assert reply.repairs == ()
    assert "repairs" not in reply.model_dump()


@pytest.mark.parametrize("stage", TYPES)
def test_notes_cannot_be_forged_by_a_model(stage):
    reply = TYPES[stage].model_validate({**good_reply(stage), "repairs": ["all is well"]})
    assert reply.repairs == ("extra keys left out",)


@pytest.mark.parametrize(
    ("said", "nodes"),
    [
        ("酒店 → 价格 → 便宜", ("酒店", "价格", "便宜")),
        ("酒店＞价格", ("酒店", "价格")),
        ("hotel | price | under budget", ("hotel", "price", "under budget")),
        (["hotel", "price"], ("hotel", "price")),
        ({"Topic": "hotel", "attribute": 5, "value": None}, ("hotel", "5")),
    ],
)
def test_paths_in_other_shapes(said, nodes):
    assert tuple(path_of(said, lambda note: None).values()) == nodes


@pytest.mark.parametrize("said", ["hotel", "a → b → c → d", ["hotel"], ["a", 1], 3, None])
def test_what_is_no_path_is_left_for_validation_to_refuse(said):
    assert path_of(said, lambda note: None) == said


LEAF = st.none() | st.booleans() | st.integers(-2, 5) | st.floats(-1, 2) | st.text(max_size=4)
KEYS = st.sampled_from(
    (
        "topics", "name", "attributes", "values", "statement", "category", "reason", "mining", "guesses", "path",
        "message", "messages", "scores", "number", "score", "view", "second_path", "topic", "attribute", "reasoning",
    )
)  # fmt: skip
JSON = st.recursive(
    LEAF,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=10,
)


@pytest.mark.slow
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from(sorted(TYPES)), JSON, st.integers(0, 9))
def test_whatever_json_a_stage_gets_the_record_is_done_or_failed_with_a_reason(stage, data, at):
    """The reply in place of the good one, or in place of one of its values."""
    said = dict(good_reply(stage))
    key = sorted(said)[at % len(said)]
    changed = [data] if at == 0 else [{**said, key: data}]
    try:
        record = asyncio.run(run(FakeModel(**{stage: changed})))
    except ParseError:
        return
    assert isinstance(record, PairedExample)
