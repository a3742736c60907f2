"""The clarity model: monotone by construction, deterministic."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tactful.data.seeds.tasks import load_seed_tasks
from tactful.errors import UserError
from tactful.reading.estimate.clarity import ClarityModel, ComplexityModel, complexity_target
from tactful.reading.estimate.estimator import domain_estimator
from tactful.text.features import CLARITY_SIGNS

DOMAINS = ("coding", "planning")
SEED_TEXTS = [
    text for domain in DOMAINS for task in load_seed_tasks(domain) for text in (task.complete, task.open)
]
VAGUE = [
    "something",
    "stuff",
    "maybe",
    "somehow",
    "whatever",
    "nice",
    "perhaps",
    "various",
    "blah",
    "thingy",
    "vaguely",
]
VAGUE_ZH = ["大概", "一些", "什么的", "也许", "随便", "差不多"]
SPECIFICS = [
    "Input: a list of integers. Output: their sum. Example: f([1, 2]) returns 3.",
    "Input: two strings.",
    "Output: some dict.",
    "For example, 3 gives 9.",
    "输入：整数列表。输出：最大值。例如 [1, 5] 返回 5。",
]


def clarity(domain):
    return domain_estimator(domain).clarity


@pytest.mark.slow
@pytest.mark.parametrize("domain", DOMAINS)
@settings(deadline=None, max_examples=200)
@given(text=st.sampled_from(SEED_TEXTS), word=st.sampled_from(VAGUE + VAGUE_ZH), place=st.integers(0, 80))
def test_a_vague_word_never_raises_clarity(domain, text, word, place):
    words = text.split(" ")
    at = place % (len(words) + 1)
    vaguer = " ".join([*words[:at], word, *words[at:]])
    before, after = clarity(domain).predict([text, vaguer])
    assert after <= before + 1e-12


@pytest.mark.slow
@pytest.mark.parametrize("domain", DOMAINS)
@settings(deadline=None, max_examples=200)
@given(
    text=st.sampled_from(SEED_TEXTS),
    specific=st.sampled_from(SPECIFICS),
    joint=st.sampled_from([" ", "\n\n", "。"]),
)
def test_an_input_an_output_and_an_example_never_lower_clarity(domain, text, specific, joint):
    before, after = clarity(domain).predict([text, text + joint + specific])
    assert after >= before - 1e-12


def test_a_listed_vague_word_lowers_the_clarity_of_a_request_on_average():
    texts = SEED_TEXTS[:100]
    model = clarity("coding")
    assert model.predict([f"{text} Maybe something nice, whatever." for text in texts]).mean() < (
        model.predict(texts).mean() - 0.05
    )


@pytest.mark.parametrize("domain", DOMAINS)
def test_weights_have_the_sign_that_the_feature_promises(domain):
    model = clarity(domain)
    assert model.features == tuple(CLARITY_SIGNS)
    for name, weight in zip(model.features, model.weights, strict=True):
        assert weight * CLARITY_SIGNS[name] >= 0


def test_fitting_twice_gives_the_same_model():
    task_texts = SEED_TEXTS[:40]
    labels, groups = [1, 0] * 20, [str(i // 2) for i in range(40)]
    assert ClarityModel.fit(task_texts, labels, groups) == ClarityModel.fit(task_texts, labels, groups)


def test_fitting_needs_both_labels_and_equal_lengths():
    with pytest.raises(UserError, match="labelled 1 and 0"):
        ClarityModel.fit(["a", "b"], [1, 1], ["x", "y"])
    with pytest.raises(UserError, match="do not match"):
        ClarityModel.fit(["a", "b"], [1, 0], ["x"])


def test_the_explanation_adds_up_to_the_prediction():
    model, text = clarity("planning"), SEED_TEXTS[-2]
    log_odds = sum(model.explain(text).values()) + model.bias
    assert 1 / (1 + np.exp(-log_odds)) == pytest.approx(model.predict([text])[0])


def test_complexity_counts_requirements_from_one_to_eight():
    # (1-1)/7, (3-1)/7, (8-1)/7, more: capped
    assert [complexity_target(n) for n in (1, 3, 8, 20)] == [0.0, pytest.approx(2 / 7), 1.0, 1.0]


def test_complexity_is_in_the_unit_interval_and_learns_its_target():
    texts = [" and ".join(["sort the list"] * n) for n in range(1, 9)]
    targets = [complexity_target(n) for n in range(1, 9)]
    predicted = ComplexityModel.fit(texts * 5, targets * 5).predict([*texts, "", "x " * 9000])
    assert ((predicted >= 0) & (predicted <= 1)).all()
    assert list(predicted[:8]) == sorted(predicted[:8])


def test_no_text_gives_no_prediction():
    assert clarity("coding").predict([]).shape == (0,)
    assert domain_estimator("coding").complexity.predict([]).shape == (0,)
