"""Stage 6: gold view and path, with abstract nodes."""

from __future__ import annotations

import pytest
from tests.utterance.fakes import FakeModel, example, path

from tactful.errors import ParseError
from tactful.utterance.stages.abstract import concrete_part
from tactful.utterance.stages.gold_path import find_path
from tactful.utterance.types import Attribute, Category, IntentTree, Topic

TREE = IntentTree(topics=(Topic(name="hotel", attributes=(Attribute(name="price", values=("cheap",)),)),))


def reply(one=None, two=None, view="mining", **more):
    return {
        "reason": "so",
        "view": view,
        "path": one or path("hotel", "parking"),
        "second_path": two or path("hotel", "breakfast"),
        **more,
    }


async def found(*said, at=1):
    model = FakeModel(gold_path=list(said))
    gold, repairs = await find_path(example(at=at), TREE, Category.INSTRUCTION, model)
    return gold, repairs, model


async def test_view_and_paths_are_data():
    gold, repairs, _ = await found(reply())
    assert (gold.view, gold.path.text, gold.second_path.text) == (
        "mining",
        "hotel → parking",
        "hotel → breakfast",
    )
    assert repairs == ()


async def test_paths_as_text_or_one_list_and_view_in_words_are_mended():
    said = {"reason": "so", "view": "Mining View", "paths": ["hotel → parking", ["hotel", "breakfast"]]}
    gold, repairs, _ = await found(said)
    assert (gold.view, gold.second_path.text) == ("mining", "hotel → breakfast")
    assert repairs


@pytest.mark.parametrize(
    ("said", "words"),
    [
        (reply(two=path("Hotel", "parking")), "must lead elsewhere"),
        (reply(path("bus", "stop"), path("Bus", "fare"), view="exploration"), "different new topic"),
        (reply(path("Hotel", "view"), path("bus", "fare"), view="exploration"), "is a topic of the tree"),
        (reply(path("hotel", "guests", "2 people")), "'2' stands nowhere"),
        (reply(two=path("hotel", "guests", "２ people")), "'2' stands nowhere"),
    ],
)
async def test_paths_that_do_not_fit_are_asked_for_again(said, words):
    gold, _, model = await found(said, reply())
    assert gold.path.text == "hotel → parking"
    assert words in model.asked("gold_path")[1]
    with pytest.raises(ParseError, match="after 3 replies"):
        await found(said)


ENGLISH = "I want a hotel with 4 stars near King's Parade."
CHINESE = "你好，我想在故宫附近找人均68元的餐馆。"


@pytest.mark.parametrize(
    ("node", "context", "hindsight", "concrete"),
    [
        ("moderately priced", ENGLISH, "Something for 80 pounds", ""),
        ("80 pounds", ENGLISH, "Something for 80 pounds", "80"),
        ("4 stars", ENGLISH, "Five stars then", ""),
        ("14 stars", ENGLISH, "", "14"),
        ("visit the Fitzwilliam", ENGLISH, "How about the Fitzwilliam?", "Fitzwilliam"),
        ("king's parade", ENGLISH, "And from King's Parade?", ""),
        ("how the answer is meant", ENGLISH, "IT DOES NOT WORK, HOW IS THE ANSWER MEANT", ""),
        ("use of read_csv", ENGLISH, "use read_csv instead", "read_csv"),
        ("a museum", ENGLISH, "Is there a Museum", ""),
        ("i want tea with milk", ENGLISH, "I want tea with milk!", "i want tea with milk"),
        (
            "vegetarian rooftop brunch place",
            ENGLISH,
            "a vegetarian rooftop, brunch place",
            "vegetarian rooftop brunch place",
        ),
        ("cosy place near the river", ENGLISH, "some place near the river", "place near the river"),
        ("hotel with 4 stars", ENGLISH, "the hotel with 4 stars", ""),
        ("name of the hotel", ENGLISH, "What is the name of the hotel?", ""),
        ("营业时间", CHINESE, "它的营业时间是几点？", ""),
        ("周边酒店", CHINESE, "周边酒店有哪些？", ""),
        ("动物园", CHINESE, "我想去动物园", ""),
        ("颐和园的门票", CHINESE, "颐和园的门票多少钱？", "颐和园"),
        ("故宫博物院", CHINESE + "推荐故宫博物院。", "去故宫博物院", ""),
        ("讲礼驴肉馆", CHINESE, "推荐讲礼驴肉馆吧", "讲礼驴肉馆"),
        ("颐和园", CHINESE, "那就从颐和园出发", "颐和园"),
        ("中山公园", CHINESE + "附近有公园。", "我们选择中山公园", "中山公园"),
        ("中山公园", CHINESE + "附近有中山公园。", "我们选择中山公园", ""),
        ("价格合适的酒店", CHINESE, "有哪些酒店？", ""),
        ("《茶馆》的票", CHINESE, "有《茶馆》的票吗", "茶馆"),
        ("人均100元", CHINESE, "人均100元的呢", "100"),
    ],
)
def test_names_and_numbers_that_only_hindsight_tells_are_found(node, context, hindsight, concrete):
    assert concrete_part([node], context=context, hindsight=[hindsight]) == concrete


@pytest.mark.parametrize(
    ("nodes", "message", "concrete"),
    [
        (("museum", "Louvre"), "Louvre opening hours, please", "Louvre"),
        (("museum", "opening hours"), "Louvre opening hours, please", ""),
        (("hotel", "parking"), "Parking?", ""),
        (("Hotel", "Parking"), "Parking?", ""),
        (("King's Parade", "view"), "King's Parade then.", ""),
    ],
)
def test_a_word_that_opens_the_message_is_a_name_where_a_node_of_a_path_in_lower_case_writes_it_as_one(
    nodes, message, concrete
):
    assert concrete_part(nodes, context=ENGLISH, hindsight=[message]) == concrete
