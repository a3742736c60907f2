"""The table that decides what counts as a question. One row a decision; a new doubt becomes a new row."""

import json
from pathlib import Path

import pytest

from tactful.text import count_questions, questions

ONE = [
    "Which format do you want?",
    "Which one ?",
    "Really urgent: what is it for?? I start now.",
    "Is it for today?!",
    "Which format, and what size?",
    "Which format (CSV or JSON)?",
    "Which format, e.g. CSV or JSON?",
    "**Which format do you want?**",
    "### Which city?",
    "- What budget do you have?",
    "Sort it (ascending or descending?) before returning.",
    "Is it written in C++?",
    "Should `f` return `None`?",
    "Which 'mode' do you want?",
    'What do you mean by "tidy"?',
    "Have you seen https://example.com/a?x=1?",
    "Should I sort ascending or descending?",
    "Would you like me to sort ascending or descending?",
    "Would you like me to treat empty strings as zero?",
    "Do you want the result as a list?",
    "Does the function return a list?",
    "Does it work with negative numbers, or only positive ones?",
    "Is it ok to modify the input?",
    "Is there anything else I should know?",
    "What should happen when the list is empty?",
    "How many people are coming?",
    "How does this list get sorted when two names tie?",
    "Could you tell me which database you use.",
    "Could you please let me know how many guests there are",
    "Please let me know whether the list may be empty.",
    "Please tell me what the deadline is.",
    "Please specify the currency.",
    "Before I start, could you clarify the date range.",
    "I need to know which city you start from.",
    "I was wondering whether the dates are fixed.",
    "Could you tell me\nwhich database you use?",
    "Let me know which of the two you prefer.",
    "Here is my plan.\n\nOne thing first: is the budget fixed?\n\n```python\nx = 1\n```",
    "您的预算是多少？",
    "请问您要升序还是降序。",
    "能否告诉我预算是多少",
    "可以告诉我您几点出发吗？",
    "是不是要去重吗",
    "麻烦您告诉我是哪一天出发。",
    "我需要知道您的预算是多少。",
    "您的预算大概是多少呢",
    "您需要去掉重复的元素吗",
    "空列表时应该返回什么？？",
    "请您确认一下是否包含首尾两天。",
    "为了写好它，想确认一下：要区分大小写吗？",
    "Reply with A or B.",
    "To proceed, specify the target language.",
    "Help me understand what you mean by 'fast'.",
    "I'm not sure which file you mean.",
    "Drop the log here and I'll take a look.",
    "Run `pip list` and paste the output here.",
    "Walk me through what you have tried.",
    "I'll need the account ID to continue.",
    "Please be more specific.",
    "Please elaborate on the second point.",
    "Please explain what the function should return.",
    "需要您补充一下具体需求。",
    "你想要几天的行程",
    "先告诉我您的出发地，我再安排。",
    "请具体说明您的要求。",
    "请回答以下问题。",
    "给我看看你的代码。",
]
NONE = [
    "Tell me about it! That bug is nasty.",
    "Need more examples? Just say so.",
    "Curious how it works? Read on.",
    "Guess what? It works now.",
    "Ready to start?",
    "What happens next? The server replies.",
    "So what does this mean? It means that you can stop.",
    "请输入密码后点击确定。",
    "请选择“文件”菜单。",
    "怎么做呢？首先打开设置。",
    "想知道更多？请看附录。",
    "结果如何？成功了。",
    "要我把它翻译成英文吗？",
    "",
    "   \n\n",
    "?",
    "Here is the plan.",
    "Would you like me to explain further?",
    "Do you want me to add tests?",
    "Want me to go on?",
    "Shall I continue?",
    "Should I go ahead?",
    "Sounds good?",
    "Sound good?",
    "Does that sound good?",
    "Makes sense?",
    "OK?",
    "Ready?",
    "Do you need anything else?",
    "Is there anything else I can help with?",
    "Anything else?",
    "Any questions?",
    "Does that help?",
    "Does this work for you?",
    "Does it make sense?",
    "How does that sound?",
    "What do you think?",
    "How can I help?",
    "Please let me know if you have any questions.",
    "Let me know if you need anything else!",
    "Please let me know if this works for you.",
    "Use the regex `colou?r`.",
    "The pattern colou?r matches both.",
    "Use .*? to match lazily.",
    "A group is written (?:a|b) here.",
    "See https://example.com/search?q=1 for details.",
    'He asked "which one?" and left.',
    "She wrote 'what now?' on the board.",
    "> Which one?\nI chose A.",
    "```python\n# really?\nx = 1\n```\nDone.",
    "~~~\nWhich one?\n~~~",
    "```python\nprint('Which one?')",
    "def ask(): return 'which one?'",
    "SQL: VALUES (?, ?)",
    "Write x > 0 ? 1 : 2 instead.",
    "检查列表是否为空。",
    "返回列表中有多少个元素。",
    "这样可以吗？",
    "这样安排怎么样？",
    "还需要别的吗？",
    "还有什么可以帮您的吗？",
    "需要我进一步解释吗？",
    "您觉得怎么样？",
    "明白了吗？",
    "希望这对您有帮助吗？",
    "如有问题，请随时告诉我。",
    "他问「要几个？」然后走了。",
]
SEVERAL = [
    ("Which format? And what size?", 2),
    ("1. Which city?\n2. What dates?\n3. What budget?", 3),
    ("- Which city?\n- What dates?\n\nAnything else?", 2),
    ("1) Is the budget fixed?\n2) Please specify the city.", 2),
    ("要排序吗？要去重吗？", 2),
    ("1、几个人去？\n2、预算是多少？", 2),
    ("Which city? Would you like me to explain why I ask?", 1),
    ("Which city?\r\nWhich day?\r\n", 2),
    ("Which city do you start from, 哪一天出发？", 1),
]


@pytest.mark.parametrize("text", ONE)
def test_this_asks_the_user_one_thing(text):
    assert count_questions(text) == 1, questions(text)


@pytest.mark.parametrize("text", NONE)
def test_this_asks_the_user_nothing(text):
    assert questions(text) == []


@pytest.mark.parametrize(("text", "expected"), SEVERAL)
def test_each_sentence_or_item_counts_by_itself(text, expected):
    assert count_questions(text) == expected, questions(text)


def test_the_questions_come_back_in_order_without_their_list_marks():
    text = "Two things.\n1. Which city?\n2. **Which `day`, e.g. Monday?**"
    assert questions(text) == ["Which city?", "Which x , e.g. Monday?"]


@pytest.mark.slow
@pytest.mark.timeout(20)
@pytest.mark.parametrize(
    "unit",
    ["?", ".", "`", '"', "'", "请告诉我", "a ? ", "(?", "``` ", "please ", "[", "http://a", "~~~\n", "- "],
)
def test_a_hostile_text_is_read_in_linear_time(unit):
    count_questions(unit * 100_000 + "x")


LABELLED = Path(__file__).with_name("asking")
"""Assistant turns written and labelled by hand; `held_out` was written before anybody looked at the rules."""


def shares(name: str, language: str | None = None) -> tuple[float, float]:
    """Precision and recall of "this turn asks" on a labelled file."""
    rows = [json.loads(line) for line in (LABELLED / f"{name}.jsonl").read_text("utf-8").splitlines()]
    rows = [row for row in rows if language in (None, row["language"])]
    found = [(row["asks"], bool(questions(row["text"]))) for row in rows]
    hits = found.count((True, True))
    return hits / max(1, hits + found.count((False, True))), hits / max(1, hits + found.count((True, False)))


@pytest.mark.parametrize(
    ("name", "language", "precision", "recall"),
    [
        ("tuning", None, 0.976, 1.0),
        ("held_out", None, 0.951, 0.975),
        ("held_out", "en", 0.95, 0.95),
        ("held_out", "zh", 0.952, 1.0),
    ],
)
def test_the_docs_say_how_often_the_rules_are_right(name, language, precision, recall):
    found = shares(name, language)
    assert found == pytest.approx((precision, recall), abs=0.0006)
    page = (Path(__file__).parents[2] / "docs" / "measured" / "clarity.md").read_text("utf-8")
    assert f"{found[0]:.3f}" in page
    assert f"{found[1]:.3f}" in page


@pytest.mark.parametrize(
    "text",
    [
        "Why does it work? Because the slice makes a copy.",
        "为什么慢？因为有嵌套循环。",
        "Q: What does HTTP stand for?\nA: Hypertext Transfer Protocol.",
        "## Why a generator?\n\nIt saves memory.",
        "Ask yourself before you buy:\n- Do I need it?\n- Can I afford it?",
        "面试问题：\n1. 你为什么选择这一行？\n2. 你如何处理冲突？",
        "You might ask: why not a list? It would be slow.",
        "Would you like more examples?",
        "如需修改，请告诉我具体要求。",
    ],
)
def test_what_nobody_waits_for_is_not_asked(text):
    assert questions(text) == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Please tell me your budget.", 1),
        ("请告诉我你的预算。请确认日期。", 2),
        ("To help, I need the following:\n- your system\n- the exact error", 2),
        ("请补充以下信息：\n1. 预算\n2. 用途", 2),
        ("Which version of Node are you running", 1),
        ("Why is it slow? Because of the loop. How large is your input?", 1),
        ("Is the date fixed? I'll book then.", 1),
    ],
)
def test_a_request_for_information_asks_without_a_mark(text, expected):
    assert count_questions(text) == expected, questions(text)


def test_turns_near_those_that_once_failed_ask_as_often_as_a_reader_would_say():
    rows = [json.loads(line) for line in (LABELLED / "neighbours.jsonl").read_text("utf-8").splitlines()]
    assert len(rows) > 240
    wrong = [(row, questions(row["text"])) for row in rows if len(questions(row["text"])) != row["questions"]]
    assert wrong == []
