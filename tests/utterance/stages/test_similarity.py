"""Stage 5: similarity of predictions to the message."""

from __future__ import annotations

import pytest
from tests.utterance.fakes import FakeModel, example, good_reply

from tactful.errors import ParseError
from tactful.utterance.stages.insight import InsightReply
from tactful.utterance.stages.similarity import score_predictions
from tactful.utterance.types import Insight

REPLY = InsightReply.model_validate(good_reply("insight"))
INSIGHT = Insight(mining=REPLY.mining.view(), exploration=REPLY.exploration.view())


def entries(*scores):
    return [{"number": at, "reason": "so", "score": score} for at, score in enumerate(scores, start=1)]


async def scored(*said):
    model = FakeModel(similarity=list(said))
    scores, repairs = await score_predictions(example(), INSIGHT, model)
    return [item.score for item in scores], repairs, model


async def test_scores_stand_in_the_order_of_the_predictions_whatever_the_order_of_the_reply():
    scores, repairs, model = await scored({"scores": entries(0.1, 0.8, 0, 1)[::-1]})
    assert (scores, repairs) == ([0.1, 0.8, 0.0, 1.0], ())
    [prompt] = model.asked("similarity")
    assert "Does it have parking?" in prompt
    assert all(text in prompt for text in INSIGHT.predictions)


async def test_a_whole_one_is_one_percent_unless_the_reply_speaks_in_shares():
    for said in (entries(1, 80, 0, 100), entries("1", "80", "0", "100")):
        assert (await scored({"scores": said}))[0] == [0.01, 0.8, 0.0, 1.0]
    assert (await scored({"scores": entries(1, 0, 0, 1)}))[0] == [0.01, 0.0, 0.0, 0.01]
    assert (await scored({"scores": entries(1, 0.8, 0, 0.1)}))[0] == [1.0, 0.8, 0.0, 0.1]


@pytest.mark.parametrize(
    "said",
    [
        {"scores": entries(0.1, "0.8", 0, 1)},
        {"scores": entries("０．１", "0.8", "0", " 1.0 ")},
        {"scores": [{**item, "number": str(item["number"])} for item in entries(0.1, 0.8, 0, 1)]},
        {"scores": dict(zip("abcd", entries(0.1, 0.8, 0, 1), strict=True))},
        {"scores": {str(at): {"reason": "so", "score": score} for at, score in enumerate((0.1, 0.8, 0, 1), start=1)}},
        entries(0.1, 0.8, 0, 1),
        {"scores": entries(0.1, 0.8, 0, 1), "best": 2},
    ],
    ids=["text", "full width", "numbers as text", "object", "object by number", "bare list", "extra key"],
)  # fmt: skip
async def test_sloppy_scores_are_mended_and_marked(said):
    scores, repairs, _ = await scored(said)
    assert scores == [0.1, 0.8, 0.0, 1.0]
    assert repairs


@pytest.mark.parametrize("score", [1.2, -0.1, "high", "80%", None, True, "1.2", "nan"])
async def test_score_that_is_no_number_in_range_is_never_clipped_or_defaulted(score):
    with pytest.raises(ParseError):
        await scored({"scores": entries(0.1, score, 0, 1)})


@pytest.mark.parametrize(
    "said", [entries(0.1, 0.2, 0.3), entries(0.1, 0.2, 0.3, 0.4, 0.5), entries(1, 1, 1, 1)[:3] * 2]
)
async def test_missing_or_surplus_scores_are_asked_for_again(said):
    scores, _, model = await scored({"scores": said}, {"scores": entries(0.1, 0.8, 0, 1)})
    assert scores == [0.1, 0.8, 0.0, 1.0]
    assert "expected one for each of 1, 2, 3 and 4" in model.asked("similarity")[1]


async def test_the_last_answer_is_shortened_to_what_is_shown_of_a_context():
    turns = (("user", "Hi"), ("assistant", "x" * 2_000), ("user", "Does it have parking?"))
    model = FakeModel(similarity={"scores": entries(0.1, 0.8, 0, 1)})
    await score_predictions(example(turns), INSIGHT, model, max_chars=600)
    assert "[… 1400 characters left out …]" in model.asked("similarity")[0]
