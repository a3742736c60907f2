"""Texts in groups of like ones."""

from __future__ import annotations

import random

from tactful.viewer.clusters.group import MOST_GROUPS, grouped

_BOOK = [
    f"Would you like me to book a table {when}?"
    for when in ("now", "today", "tomorrow", "later", "again", "soon", "at noon", "tonight")
]
_PRICE = [
    f"Which price range suits {whom}?"
    for whom in ("you", "your guests", "your aunt", "her", "him", "them", "us", "everyone")
]
_PARK = [
    f"Do you need parking {where}?"
    for where in ("there", "nearby", "downtown", "outside", "underground", "too", "again", "overnight")
]


def test_like_texts_are_in_one_group_with_the_words_that_tell_it() -> None:
    texts = [*_BOOK, *_PRICE, *_PARK]
    found = grouped(texts)
    assert len(found) == 3
    assert {tuple(sorted(inside)) for _, inside in found} == {
        tuple(range(8)),
        tuple(range(8, 16)),
        tuple(range(16, 24)),
    }
    named = {min(inside): words for words, inside in found}
    assert "book table" in named[0] or "book" in named[0]
    assert "price range" in named[8]
    assert "parking" in named[16]


def test_the_same_texts_and_seed_give_the_same_groups() -> None:
    rng = random.Random(3)
    topics = ["refund order", "train ticket", "hotel room", "python error", "flight delay"]
    texts = [f"{rng.choice(topics)} {rng.choice('abcdefgh')}{n % 7} {rng.choice(topics)}" for n in range(200)]
    assert grouped(texts, seed=1) == grouped(texts, seed=1)
    assert len(grouped(texts, seed=1)) <= MOST_GROUPS
    assert sum(len(inside) for _, inside in grouped(texts)) == 200


def test_few_texts_are_one_group() -> None:
    assert grouped([]) == []
    ((words, inside),) = grouped(["Which colour do you prefer?", "Which colour?", "A colour?"])
    assert words[0].startswith("colour")
    assert inside == [0, 1, 2]


def test_texts_that_say_nothing_are_told_as_such_at_the_end() -> None:
    found = grouped([*_BOOK, *_PRICE, *_PARK, "Would you like to?", "Yes please!"])
    assert found[-1] == ((), [24, 25])
    assert grouped(["ok"] * 30) == [((), list(range(30)))]


def test_equal_texts_are_one_group() -> None:
    ((words, inside),) = grouped(["Shall I book the table?"] * 30)
    assert len(inside) == 30
    assert words


def test_chinese_is_grouped_by_its_words() -> None:
    price = [
        "您想要什么价格的酒店呢",
        "价格大概多少合适",
        "您的价格范围是多少",
        "价格有要求吗",
        "想找什么价格的",
    ]
    park = [
        "需要停车场吗",
        "停车场要免费的吗",
        "您开车来需要停车场吗",
        "停车场在地下可以吗",
        "是否需要停车场",
    ]
    found = grouped([*price, *park, *(f"{one}，谢谢" for one in (*price, *park))])
    words = [" ".join(words) for words, _ in found]
    assert any("价格" in one for one in words)
    assert any("停车场" in one for one in words)


def test_groups_of_chinese_are_named_by_whole_words_alone() -> None:
    texts = [
        f"请问故宫的{what}是多少，我想去{place}"
        for what in ("门票价格", "开放时间")
        for place in "东西南北中上下左右前后"
    ]
    words = {word for names, _ in grouped(texts) for word in names}
    assert {"门票价格", "开放时间"} <= words
    assert not {one for one in words if "的" in one or "我" in one}
    ((few, _),) = grouped(["附近的停车场吗", "停车场在哪里", "停车场的停车场"])
    assert few == ("停车场",)
