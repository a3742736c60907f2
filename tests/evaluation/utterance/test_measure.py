from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.evaluation.utterance.test_similarity import FakeEncoder
from tests.evaluation.utterance_fixtures import item

from tactful.evaluation.utterance.baselines import BASELINES, pool_from_items
from tactful.evaluation.utterance.items import Items
from tactful.evaluation.utterance.measure import (
    Settings,
    all_predictions,
    evaluate_predictions,
)
from tactful.evaluation.utterance.results import MODEL, Slice, UtteranceEvaluation
from tactful.evaluation.utterance.similarity import Similarities, chrf
from tactful.utterance.predict.predictor import Prediction
from tactful.utterance.types import Category

QUICK = Settings(resamples=200)


def evaluated(
    items: Sequence[Prediction], settings: Settings = QUICK, encoders: Sequence[FakeEncoder] = (), judged=None
) -> UtteranceEvaluation:
    pool = pool_from_items(items)
    similarities = Similarities(encoders)
    predictions = all_predictions(items, pool, settings)
    found = Items(items=tuple(items), read=len(items))
    judge = "judge" if judged is not None else None
    return evaluate_predictions(
        "test", found, predictions, similarities, settings, pool, train=None, judge=judge, judged=judged
    )


def measures(part: Slice, system: str = MODEL) -> dict[str, object]:
    return next(dict(one.measures) for one in part.systems if one.name == system)


def test_best_mean_and_hit_by_hand() -> None:
    items = [item("a", "book it", ("book it", "zzz")), item("b", "no parking", ("qqq", "xxx"))]
    found = measures(evaluated(items).slices[0])
    # a: 1 and 0; b: 0 and 0 (no letter in common but none: "qqq", "xxx" share nothing with "no parking")
    assert found["chrf_best"].value == pytest.approx((1.0 + 0.0) / 2)
    assert found["chrf_mean"].value == pytest.approx((0.5 + 0.0) / 2)
    assert found["chrf_hit"].value == 0.5


def test_only_the_first_k_predictions_count() -> None:
    items = [item("a", "book it", ("zzz", "book it")), item("b", "book it", ("book it",))]
    found = measures(evaluated(items, Settings(k=1, resamples=200)).slices[0])
    assert found["chrf_best"].value == 0.5


def test_without_a_prediction_similarity_is_unscored_and_hit_is_a_miss() -> None:
    items = [item("a", "book it", ("book it",)), item("b", "thanks", ())]
    evaluation = evaluated(items)
    found = measures(evaluation.slices[0])
    assert (found["chrf_best"].value, found["chrf_best"].unscored) == (1.0, 1)
    assert found["chrf_hit"].value == 0.5
    assert found["unparsable"].value == 0.5
    assert evaluation.unparsable == 1


def test_thresholds_are_the_users() -> None:
    items = [item("a", "book it now", ("book it",)), item("b", "thanks", ("zzz",))]
    at = chrf("book it", "book it now")
    for threshold, share in ((at - 0.01, 0.5), (at + 0.01, 0.0)):
        settings = Settings(
            thresholds={"cosine": 0.7, "chrf": threshold, "ngrams": 0.5, "judge": 0.8}, resamples=200
        )
        assert measures(evaluated(items, settings).slices[0])["chrf_hit"].value == share


def test_category_and_view_are_scored_where_labelled_beside_the_most_common_label() -> None:
    views = ("mining", "mining", "exploration", "exploration")
    said = ("aaa", "bbb", "book it", "ddd")
    items = [
        item(
            "a",
            "book it",
            said,
            views=views,
            category=Category.INSTRUCTION,
            view="exploration",
            predicted=Category.INSTRUCTION,
        ),
        item(
            "b",
            "book it",
            said,
            views=views,
            category=Category.QUESTION,
            view="mining",
            predicted=Category.INSTRUCTION,
        ),
        item(
            "c",
            "book it",
            said,
            views=views,
            category=Category.INSTRUCTION,
            view="exploration",
            thoughts="none named",
        ),
        item("d", "book it", said, views=views),
        item("e", "book it", said, category=Category.INSTRUCTION, view="exploration"),
    ]
    evaluation = evaluated(items)
    found, usual = measures(evaluation.slices[0]), measures(evaluation.slices[0], "common")
    # a right, b wrong, c names none: wrong; d has no label, e sent no thoughts: unscored
    assert (found["category"].value, found["category"].unscored) == (pytest.approx(1 / 3), 2)
    # the closest prediction is the third, exploration: a and c right, b wrong; d and e unscored
    assert (found["view"].value, found["view"].unscored) == (pytest.approx(2 / 3), 2)
    # Instruction and exploration are the most common labels: 3 of 4
    assert usual["category"].value == usual["view"].value == pytest.approx(3 / 4)
    assert measures(evaluation.slices[0], "random")["category"].value is None


@pytest.mark.parametrize("k", [1, 2, 3])
def test_view_is_unscored_where_not_all_predictions_of_both_views_count(k: int) -> None:
    views = ("mining", "mining", "exploration", "exploration")
    said = ("book", "bbb", "book it", "ddd")
    items = [item(name, "book it", said, views=views, view="mining") for name in "ab"]
    part = evaluated(items, Settings(k=k, resamples=200)).slices[0]
    assert measures(part)["view"].value is None
    assert measures(part, "common")["view"].value is None
    assert measures(evaluated(items).slices[0])["view"].value == 0.0


def test_a_language_that_no_encoder_knows_is_left_out_of_cosine_and_chrf_is_the_headline() -> None:
    items = [item("a", "hi", ("hi",)), item("b", "门票多少钱", ("门票",), lang="zh", source="zh")]
    both = evaluated(items, encoders=[FakeEncoder()])
    assert both.headline_measure == "chrf_best"
    found = measures(both.slices[0])["cosine_best"]
    assert (found.items, found.unscored) == (1, 1)
    assert both.readers["zh"].startswith("unscored (fake reads 100% as unknown")
    alone = evaluated(items[:1], encoders=[FakeEncoder()])
    assert alone.headline_measure == "cosine_best"


def test_intervals_resample_dialogues_and_not_messages() -> None:
    items = [item("a", "x", ("x",), turn=n) for n in range(1, 20)] + [item("b", "x", ("y",))]
    found = measures(evaluated(items).slices[0])["chrf_best"]
    assert found.groups == 2
    assert found.value == 0.5  # each dialogue counts once, however many messages it has


def test_every_source_and_language_has_its_own_part() -> None:
    items = [item("a", "x", ("x",)), item("b", "y", ("z",), source="other", lang="zh")]
    parts = {part.name: part for part in evaluated(items).slices}
    assert list(parts) == ["overall", "source: chats", "source: other", "lang: en", "lang: zh"]
    assert measures(parts["lang: en"])["chrf_best"].value == 1.0
    assert parts["lang: zh"].systems == parts["source: other"].systems
    assert {one.name for one in parts["overall"].systems} == {MODEL, *BASELINES}


def test_the_headline_says_who_wins_and_when_nothing_is_shown() -> None:
    wins = [item(f"d{n}", f"gold {n} {n * 7}", (f"gold {n} {n * 7}",)) for n in range(12)]
    assert "the model beats the best baseline" in evaluated(wins).headline()
    loses = [item(f"d{n}", "thank you" + "!" * n, ("zzz",)) for n in range(12)]
    assert "falls behind the best baseline (nearest)" in evaluated(loses).headline()
    one = [item("d", "thank you", ("zzz",))]
    assert "is NOT shown to beat" in evaluated(one).headline()
    assert "Nothing could be scored" in evaluated([item("d", "thank you")]).headline()


def test_judgements_are_scored_like_similarities_and_missing_ones_are_unscored() -> None:
    items = [item("a", "x", ("x", "y")), item("b", "y", ("z", "w"))]
    judged = {(MODEL, "a#1"): (0.9, 0.1), ("repeat", "a#1"): (0.2, 0.2, 0.2, 0.2)}
    evaluation = evaluated(items, judged=judged)
    found = measures(evaluation.slices[0])
    assert (found["judge_best"].value, found["judge_best"].unscored) == (0.9, 1)
    assert (found["judge_hit"].value, found["judge_hit"].unscored) == (1.0, 1)
    assert measures(evaluation.slices[0], "repeat")["judge_mean"].value == pytest.approx(0.2)


SAID = st.lists(st.sampled_from(["book it", "thanks", "门票多少钱", "?", "a"]), max_size=5)


@pytest.mark.slow
@settings(max_examples=20, deadline=None)
@given(
    st.lists(st.tuples(SAID, st.sampled_from(["thanks", "book it", "谢谢"])), min_size=1, max_size=6),
    st.randoms(),
)
def test_order_changes_nothing_and_every_figure_is_in_range(rows: list[tuple[list[str], str]], rng) -> None:
    items = [item(f"d{n}", gold, said) for n, (said, gold) in enumerate(rows)]
    fast = Settings(resamples=20)
    first = evaluated(items, fast)
    shuffled = list(items)
    rng.shuffle(shuffled)
    second = evaluated(shuffled, fast)
    for name in ("chrf_best", "ngrams_mean", "chrf_hit", "unparsable"):
        one, other = measures(first.slices[0])[name], measures(second.slices[0])[name]
        assert (one.value is None) == (other.value is None)
        if one.value is not None:
            assert 0.0 <= one.value <= 1.0
            assert one.value == pytest.approx(other.value)


def test_samples_show_the_best_and_the_worst() -> None:
    items = [item(f"d{n}", "book it", ("book it" if n < 4 else "zzz",)) for n in range(8)]
    titles = [(sample.title, sample.predictions[0][1]) for sample in evaluated(items).samples]
    assert titles == [("predicted best", 1.0)] * 3 + [("predicted worst", 0.0)] * 3


def test_figures_survive_the_file_format() -> None:
    evaluation = evaluated([item("a", "x", ("x",)), item("b", "y", ("x",))])
    assert UtteranceEvaluation.model_validate_json(evaluation.model_dump_json()) == evaluation
    assert np.isfinite(evaluation.slices[0].systems[0].measures["chrf_best"].value or 0)
