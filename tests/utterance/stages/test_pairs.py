"""Stage 7: which side is revised, along what, and which pairs are kept."""

from __future__ import annotations

import random

import pytest
from pydantic import ValidationError
from tests.utterance.fakes import FakeModel, example, good_reply, path
from tests.utterance.stages.test_insight import WHY
from tests.utterance.stages.test_similarity import INSIGHT, entries

from tactful.utterance.stages.gold_path import GoldPath
from tactful.utterance.stages.pairs import (
    EQUALS_GOLD,
    UNTOUCHED_WINS,
    Draws,
    Ground,
    PairConfig,
    gap,
    invalid,
    make_chosen,
    make_rejected,
    shuffled,
)
from tactful.utterance.types import Category, IntentPath, IntentTree, PathPlace, Side, Similarity, Topic

TREE = IntentTree(topics=(Topic(name="hotel"),))
PATH = IntentPath(topic="hotel", attribute="parking")
SECOND = IntentPath(topic="hotel", attribute="breakfast")
WRONG = IntentPath(topic="hotel", attribute="check-out")


NOTHING_DRAWN = Draws()


def ground(*scores, view="mining", draws=NOTHING_DRAWN, **config):
    return Ground(
        example=example(),
        tree=TREE,
        reasoning=WHY,
        category=Category.QUESTION,
        insight=INSIGHT,
        scores=tuple(Similarity(score=score, reason="so") for score in scores),
        gold=GoldPath(view, PATH, SECOND),
        draws=draws,
        config=PairConfig(**config),
    )


@pytest.mark.parametrize(
    ("best", "branch"),
    [(1.0, "high"), (0.8, "high"), (0.79, "middle"), (0.3, "middle"), (0.29, "low"), (0.0, "low")],
)
def test_branch_goes_by_the_best_score_and_thresholds_belong_to_the_upper_branch(best, branch):
    assert ground(0, 0, best, 0).branch == branch
    assert PairConfig(high=0.5, low=0.1).branch(0.5) == "high"


def test_thresholds_in_the_wrong_order_are_refused():
    with pytest.raises(ValidationError, match=r"low 0\.9 is above high 0\.8"):
        PairConfig(low=0.9)


async def test_good_insight_is_chosen_as_it_is_without_a_call():
    model = FakeModel()
    made = await make_chosen(ground(0.9, 0, 0, 0), model)
    assert made.side is not None
    assert (made.side.origin, made.side.insight, model.prompts) == ("as_is", INSIGHT, [])


@pytest.mark.parametrize("best", [0.5, 0.1])
async def test_other_insights_are_revised_along_the_gold_path_and_scored_again(best):
    model = FakeModel(similarity={"scores": entries(0.1, 0.9, 0, 0)})
    made = await make_chosen(ground(best, 0, 0, 0, draws=Draws(true_index=1)), model)
    assert made.side is not None
    assert made.side.origin == "revised"
    assert made.side.insight.mining.paths == (SECOND, PATH)
    assert made.side.insight.exploration == INSIGHT.exploration
    assert made.side.best == 0.9
    assert [stage for stage, _ in model.prompts] == ["revise", "similarity"]


async def test_bad_insight_is_rejected_as_it_is():
    model = FakeModel()
    made = await make_rejected(ground(0.1, 0, 0, 0), None, model)
    assert made.side is not None
    assert (made.side.origin, made.side.best, model.prompts) == ("as_is", 0.1, [])


async def test_middling_insight_is_perturbed_with_the_wrong_path_where_the_true_one_stands():
    one = ground(0.5, 0, 0, 0, draws=Draws(true_index=1))
    chosen, rejected = await make_chosen(one, FakeModel()), await make_rejected(one, WRONG, FakeModel())
    assert chosen.side is not None
    assert rejected.side is not None
    assert chosen.side.insight.mining.paths == (SECOND, PATH)
    assert rejected.side.insight.mining.paths == (SECOND, WRONG)
    assert (rejected.side.origin, rejected.side.category) == ("perturbed", Category.QUESTION)


async def test_good_insight_loses_its_best_path_and_keeps_the_other():
    made = await make_rejected(ground(0, 0.9, 0, 0), WRONG, FakeModel())
    assert made.side is not None
    assert made.side.insight.mining.paths == (INSIGHT.mining.paths[0], WRONG)


async def test_untouched_view_that_is_as_good_is_told_before_anything_is_paid():
    model = FakeModel()
    made = await make_rejected(ground(0.9, 0, 0.75, 0), WRONG, model)
    assert (made.side, made.dropped, model.prompts) == (None, UNTOUCHED_WINS, [])


@pytest.mark.parametrize(
    ("contrast", "best", "wrong_path", "paths"),
    [
        ("category", 0.9, None, INSIGHT.mining.paths),
        ("category", 0.5, None, (PATH, SECOND)),
        ("category", 0.1, None, (PATH, SECOND)),
        ("both", 0.9, WRONG, (WRONG, INSIGHT.mining.paths[1])),
        ("both", 0.5, WRONG, (WRONG, SECOND)),
        ("both", 0.1, None, INSIGHT.mining.paths),
    ],
)
async def test_contrast_says_in_what_the_rejected_side_differs(contrast, best, wrong_path, paths):
    one = ground(best, 0, 0, 0, contrast=contrast, draws=Draws(wrong=1))
    model = FakeModel()
    assert one.needs_wrong_path == (wrong_path is not None)
    made = await make_rejected(one, wrong_path, model)
    assert made.side is not None
    assert (made.side.insight.mining.paths, made.side.category) == (paths, Category.INSTRUCTION)
    assert "of the category Instruction" in model.asked("revise")[0]


async def test_negative_that_equals_the_message_is_drawn_again_and_then_dropped():
    gold = {"reasoning": "New.", "messages": ["does it have PARKING", "b"]}
    fine = {"reasoning": "New.", "messages": ["a", "b"]}
    model = FakeModel(revise=[gold, fine])
    made = await make_rejected(ground(0.5, 0, 0, 0), WRONG, model)
    assert made.side is not None
    assert made.side.insight.mining.predictions == ("a", "b")
    assert len(set(model.asked("revise"))) == 1, "a redraw tells the model nothing"
    assert sorted(set(model.samples)) == [0, 1]
    dropped = await make_rejected(ground(0.5, 0, 0, 0), WRONG, FakeModel(revise=gold))
    assert (dropped.side, dropped.dropped) == (None, EQUALS_GOLD)


def test_insight_that_holds_the_message_is_no_negative():
    view = INSIGHT.exploration.model_copy(update={"predictions": ("x", "Does it have parking")})
    side = Side(
        category=Category.QUESTION,
        insight=INSIGHT.with_view("exploration", view),
        origin="as_is",
        scores=(Similarity(score=0, reason="so"),) * 4,
    )
    assert invalid(side, example()) == EQUALS_GOLD


def test_true_place_is_that_of_the_best_prediction_or_drawn():
    assert ground(0, 0.9, 0, 0).true_place == PathPlace(view="mining", index=1)
    assert ground(0.9, 0, 0.9, 0, view="exploration").true_place == PathPlace(view="exploration", index=0)
    assert ground(0, 0.5, 0, 0, draws=Draws(true_index=1)).true_place == PathPlace(view="mining", index=1)


def test_gap_is_free_of_the_noise_of_binary_fractions():
    assert 1.0 - 0.8 < 0.2 == gap(1.0, 0.8)


def test_shuffling_moves_paths_and_their_messages_together_and_about_half_the_time():
    turned = shuffled(INSIGHT, Draws(swap=(True, False)))
    assert turned.mining.predictions == INSIGHT.mining.predictions[::-1]
    assert turned.mining.paths == INSIGHT.mining.paths[::-1]
    assert turned.exploration == INSIGHT.exploration
    draws = [Draws.by(random.Random(seed)) for seed in range(400)]
    for share in (
        sum(one.swap[0] for one in draws),
        sum(one.swap[1] for one in draws),
        sum(one.true_index for one in draws),
        sum(one.wrong for one in draws),
    ):
        assert 150 < share < 250


def test_wrong_category_is_never_the_gold_one():
    for gold in Category:
        assert {Draws(wrong=0).wrong_category(gold), Draws(wrong=1).wrong_category(gold), gold} == set(
            Category
        )


def test_fake_replies_are_what_the_stages_expect():
    assert good_reply("perturb")["path"] == path("hotel", "check-out")
