"""What a sentence is about."""

from tactful.gym.rules.words import content_words, overlap, topics


def test_grammar_politeness_and_endings_do_not_count():
    assert content_words("Shall I help you with writing the queries?") == content_words("write query")
    assert content_words("Would you like some help?") == frozenset()
    assert content_words("要不要我帮你看看？") <= {"看看"}


def test_chinese_is_taken_by_pairs_of_characters():
    assert content_words("分析销量") == {"分析", "析销", "销量"}


def test_overlap_is_the_share_of_the_offers_words():
    assert overlap({"a", "b"}, {"b", "c"}) == 0.5
    assert overlap(set(), {"b"}) == 0.0


def test_topics_are_what_a_text_names_in_its_own_words():
    assert topics("Write an SQL query to return the average credit limit.") == [
        "Write",
        "SQL query",
        "return",
        "average credit limit",
    ]
    assert topics("撰写调研报告，分析销量数据和品牌。") == ["撰写调研报告", "分析销量数据", "品牌"]
    assert topics("See https://example.org/x for Tom's list") == ["Tom", "list"]
