"""Properties that make a sign-constrained clarity model monotone by construction."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tactful.text import surface_features
from tactful.text.features import CLARITY_SIGNS, without_vague_words

FOR = [name for name, sign in CLARITY_SIGNS.items() if sign > 0]
AGAINST = [name for name, sign in CLARITY_SIGNS.items() if sign < 0]

WORDS = st.sampled_from(
    [
        "write",
        "a",
        "function",
        "that",
        "sorts",
        "the",
        "list",
        "of",
        "names",
        "my",
        "boss",
        "wants",
        "some",
        "nice",
        "stuff",
        "e.g.",
        "[1,",
        "2]",
        "->",
        "3",
        "if",
        "empty",
        "return",
        "None",
        "exactly",
        "5",
        '"x"',
        "`f(x)`",
        "maybe",
        "not",
        "must",
        "for",
        "example:",
        "input",
        "output",
        "Paris",
        "2026",
        ".",
        ";",
        "?",
        "kind",
        "of",
        "please",
    ]
)
ENGLISH = st.lists(WORDS, min_size=1, max_size=30).map(" ".join)
CLAUSES = st.sampled_from(
    [
        "写一个函数",
        "去掉重复元素",
        "返回列表",
        "我的老板想要",
        "例如输入3",
        "不超过5个",
        "如果为空",
        "一些东西",
        "大概",
    ]
)
CHINESE = st.lists(CLAUSES, min_size=1, max_size=10).map("，".join)
VAGUE_EN = st.sampled_from(
    ["some", "stuff", "something", "maybe", "perhaps", "kind of", "etc.", "whatever", "nice", "somehow"]
)
VAGUE_ZH = st.sampled_from(["一些", "大概", "可能", "随便", "某种", "什么的", "差不多", "合适"])
UNLISTED = st.sampled_from(["blah", "thingamajig", "vibes", "Blah", "gadget"])


def insert(text, word, place, sep):
    parts = text.split(sep)
    at = place % (len(parts) + 1)
    return sep.join([*parts[:at], word, *parts[at:]])


@pytest.mark.slow
@given(ENGLISH, st.one_of(VAGUE_EN, UNLISTED), st.integers(0, 100))
def test_a_vague_word_never_adds_to_what_speaks_for_clarity(text, word, place):
    before, after = surface_features(text), surface_features(insert(text, word, place, " "))
    assert all(after[name] <= before[name] for name in FOR)


@pytest.mark.slow
@given(ENGLISH, VAGUE_EN)
def test_a_vague_word_at_the_end_never_takes_from_what_speaks_against_it(text, word):
    before, after = surface_features(text), surface_features(f"{text} {word}")
    assert all(after[name] >= before[name] for name in AGAINST)


@pytest.mark.slow
@given(CHINESE, VAGUE_ZH, st.integers(0, 100))
def test_a_vague_chinese_clause_never_adds_to_what_speaks_for_clarity(text, word, place):
    before, after = surface_features(text), surface_features(insert(text, word, place, "，"))
    assert all(after[name] <= before[name] for name in FOR)


SPECIFICS = st.sampled_from(
    [
        "Input: a list of some numbers.",
        "Output: my sum.",
        "For example, f([1, 2]) returns 3.",
        "Example: maybe 'ab' -> 'ba'",
        "It takes two strings and returns one.",
        "输入：一些整数。",
        "输出：最大值。",
        "例如 f(3) 返回 9。",
    ]
)


@pytest.mark.slow
@example("[1, `f(x)` `f(x)`", "For example, f([1, 2]) returns 3.", " ")  # a bracket that nobody closed
@given(st.one_of(ENGLISH, CHINESE), SPECIFICS, st.sampled_from([" ", "\n", ". ", "。"]))
def test_an_input_an_output_or_an_example_only_speaks_for_clarity(text, specific, joint):
    before, after = surface_features(text), surface_features(f"{text}{joint}{specific}")
    assert all(after[name] >= before[name] for name in FOR)
    assert all(after[name] <= before[name] for name in AGAINST)


@given(st.text(max_size=80))
def test_any_text_has_finite_counts_and_the_same_ones_twice(text):
    features = surface_features(text)
    assert all(value >= 0 for value in features.values())
    assert features == surface_features(text)


def test_taking_vague_words_out_again_takes_nothing_more():
    once = without_vague_words("maybe kind some of nice stuff, 大一些概 sort it")
    assert without_vague_words(once) == once


@pytest.mark.parametrize(
    ("text", "feature"),
    [
        ("pay 20 euros", "money"),
        ("预算 3000 元", "money"),
        ("by 5 pm on Friday", "times"),
        ("周五下午出发", "times"),
        ('"ab" -> "ba"', "examples"),
        ("例如 3", "examples"),
        ("如果为空", "conditions"),
        ("unless it is raining", "conditions"),
        ("no more than three stops", "constraints"),
        ("不超过三站", "constraints"),
        ("call `slug`", "code"),
        ("returns a dict", "input_output"),
        ("- one\n- two", "bullets"),
        ("without nuts", "negations"),
        ("an ascending list", "formats"),
        ("three people", "numbers"),
        ("三个人", "numbers"),
        ('say "no"', "quoted"),
        ("as you like", "delegates"),
        ("随便", "vague"),
        ("perhaps", "hedges"),
        ("any ideas", "help"),
        ("my boss", "background"),
    ],
)
def test_each_feature_sees_its_words(text, feature):
    assert surface_features(text)[feature] > 0
