"""What a conversation is about, by the commonest words of its domain in what the user says first. A rough sorting."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass

OTHER = "other"
_WORD = re.compile(r"\w+")


@dataclass(frozen=True)
class _Words:
    whole: frozenset[str]
    """Words of English, as they stand between others."""
    chinese: re.Pattern[str]
    """Words of Chinese, found anywhere."""
    phrase: re.Pattern[str] | None
    """What of English is more than a word."""


def _words(english: str, chinese: str, phrase: str = "") -> _Words:
    found = re.compile(phrase, re.IGNORECASE) if phrase else None
    return _Words(frozenset(english.split()), re.compile("|".join(chinese.split())), found)


DOMAINS = {
    "code": _words(
        "python javascript typescript java rust golang function class method api regex script docker git commit branch repo "
        "test tests bug bugs compile deploy server servers sql query database bash shell linux json html css code coding "
        "algorithm endpoint login",
        "代码 函数 编程 脚本 数据库 接口 报错 服务器 部署 重启 正则 程序 测试环境",
        r"\bc\+\+",
    ),
    "data": _words(
        "csv excel spreadsheet spreadsheets column columns row rows chart plot dataset table pivot invoice invoices sum "
        "average percent percentage",
        "表格 图表 数据 列 报表 统计 文件合并",
    ),
    "writing": _words(
        "mail mails email emails letter letters essay blog post write rewrite summarise summarize summary translate "
        "translation proofread paragraph note invitation caption poem story novel presentation slides speech announcement "
        "reply reference cv resume",
        "邮件 写一 翻译 总结 润色 文章 作文 信 文案 简历 自我介绍 演讲",
    ),
    "travel and booking": _words(
        "flight flights hotel hotels trip travel book booking reserve reservation restaurant table train ticket itinerary "
        "weekend",
        "酒店 机票 订 旅行 旅游 行程 车票 餐厅 出去玩",
    ),
    "shopping": _words(
        "buy order price cheap gift present delivery refund return product shop shopping deal",
        "买 礼物 下单 退货 快递 价格 推荐一款 蛋糕",
    ),
    "food": _words(
        "recipe cook cooking bake dinner lunch breakfast meal ingredients pasta egg eggs soup menu",
        "做菜 菜谱 食谱 炒 煮 晚饭 早餐 烤",
    ),
    "health": _words(
        "pain doctor symptom symptoms medicine dose workout exercise diet sleep fever allergy headache",
        "发烧 头疼 吃药 健身 减肥 症状 医生 睡眠",
    ),
    "calendar": _words(
        "meeting calendar schedule appointment remind reminder reschedule", "会议 日程 提醒 预约 改期"
    ),
    "learning": _words(
        "explain homework exam study learn flashcard flashcards why history physics chemistry biology math theorem capital",
        "解释 作业 考试 学习 什么是 为什么 原理",
        r"\bwhat\s+is\b",
    ),
}
"""Domain → its words, in the order in which ties are settled."""
_OF: dict[str, tuple[str, ...]] = {
    word: tuple(name for name, words in DOMAINS.items() if word in words.whole)
    for words in DOMAINS.values()
    for word in words.whole
}


def domain_of(text: str) -> str:
    """The domain with most of its words in the text; `other` without any."""
    shown = text[:1000]
    plain = shown.isascii()
    counts = Counter(name for word in _WORD.findall(shown.lower()) for name in _OF.get(word, ()))
    for name, words in DOMAINS.items():
        if words.phrase is not None:
            counts[name] += len(words.phrase.findall(shown))
        if not plain:
            counts[name] += len(words.chinese.findall(shown))
    best = max(DOMAINS, key=counts.__getitem__)
    return best if counts[best] else OTHER
