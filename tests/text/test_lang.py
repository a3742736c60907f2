import pytest

from tactful.text import cjk_share, detect_lang, estimate_tokens


@pytest.mark.parametrize(
    ("text", "lang"),
    [
        ("Sort the list.", "en"),
        ("请写一个函数 dedupe(items)，去掉重复元素。", "zh"),
        ("Order from 海底捞 restaurant please, for eight people tonight", "en"),
        ("", "en"),
        ("123 ...", "en"),
    ],
)
def test_the_language_is_that_of_most_of_the_text(text, lang):
    assert detect_lang(text) == lang


def test_the_share_counts_letters_only():
    assert cjk_share("ab你好 12 !!") == 0.5
    assert cjk_share("12 !!") == 0.0


def test_tokens_are_a_quarter_of_the_characters_and_one_per_cjk_character():
    assert estimate_tokens("") == 0
    assert estimate_tokens("a") == 1
    assert estimate_tokens("a" * 8) == 2
    assert estimate_tokens("你好a") == 3
