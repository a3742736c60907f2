"""Kinds of events and of proposals, and the words that say nothing: small lexicons of our own, English and Chinese."""

from __future__ import annotations

import re
from functools import lru_cache

MAX_CHARS = 400
"""Characters of an event or a proposal that are read, so that a giant text costs no more."""

SMALL_WORDS = frozenset(
    word
    for line in (
        "a about an and any are as at be by can could did do does for from has have his her i if in into is it its may",
        "me might more of on or our so some such than that the their them then there these they this those to up us was",
        "we were when which while who will with without would you your user users",
        # what every proposal says
        "provide offer offers help assist assistance suggest suggestions recommend find finding use give show share",
        "information resources resource related relevant based additional tutorials tutorial documentation guide",
        "examples example explain understand understanding how work working write writing create run current like",
    )
    for word in line.split()
)
"""Words that any text or any proposal has: two texts are not alike for having them."""

COMMON_WORDS = SMALL_WORDS | frozenset(
    word
    for line in (
        "visual studio code vscode app application applications browser web tab tabs page pages file files editor window",
        "project line text content link links website websites site mouse key enter button left right click clicks clicked",
        "clicking scroll scrolls scrolled scrolling type types typed typing press presses pressed open opens opened opening",
        "switch switches switched switching back return returns returned navigate navigates navigated search searches",
        "searched searching result results google bing chrome new multiple several times action actions within using",
        "continue continues continued interact interacts interacted move moves moved input inputs perform performs performed",
        "specific titled again",
    )
    for word in line.split()
)
"""The same and the words that every log of events has: what is left says what is being done."""


def _words(english: str, chinese: str = "") -> re.Pattern[str]:
    """One pattern for ` | `-separated word beginnings; a `.` at the end of one asks for the whole word."""
    parts = []
    for phrase in (part.strip() for part in english.replace("\n", " ").split("|")):
        plain = re.escape(phrase.removesuffix(".")).replace(r"\ ", r"\s+")
        parts.append(plain + (r"\b" if phrase.endswith(".") else ""))
    wide = [re.escape(part.strip()) for part in chinese.split("|") if part.strip()]
    return re.compile("|".join([r"\b(?:" + "|".join(parts) + ")", *wide]), re.IGNORECASE)


EVENT_KINDS: dict[str, re.Pattern[str]] = {
    "searches": _words("search | query | queries | google. | bing. | look up. | looks up.", "搜索 | 查询"),
    "asks": re.compile(r"[?？]|\b(?:how\s+to|what|why)\b|如何|怎么|什么", re.IGNORECASE),
    "vague": _words(
        """without any. | without perform | without specific | no specific | no action | unspecified | not specified
        | an application | another application | in an app. | multiple times | several times | various. | some."""
    ),
    "runs": _words("run. | runs. | ran. | execut | terminal"),
    "trouble": _words(
        "error | exception | traceback | fail | not found. | invalid | crash", "错误 | 失败 | 报错"
    ),
    "chats": _words("chatgpt | deepseek | copilot | kimi | claude | chat."),
    "copies": re.compile(
        r"\b(?:ctrl|cmd)\s?\+?\s?[vc]\b|\bcop(?:y|ies|ied|ying)\b|\bpast(?:e|es|ed|ing)\b|复制|粘贴",
        re.IGNORECASE,
    ),
    "returns": _words("back. | return | revert | resum", "返回"),
}
"""Kind of event → what tells it; an event may be of several kinds, or of none."""

PROPOSAL_KINDS: dict[str, re.Pattern[str]] = {
    "gives": _words("provide | give | show. | share. | present | list. | highlight | display", "提供"),
    "condenses": _words(
        "summar | key points | key | overview | outline | condens | pros and cons", "总结 | 概括"
    ),
    "compares": _words("compar | contrast | difference | versus | alternativ", "比较 | 对比"),
    "explains": _words(
        "explain | explanation | understand | clarif | interpret | concept | meaning | translat",
        "解释 | 翻译",
    ),
    "teaches": _words(
        "tutorial | guide. | guides. | guidance | course | learn | step-by-step | steps. | lesson", "教程"
    ),
    "examples": _words("example | snippet | sample | template | boilerplate | implementation", "示例 | 例子"),
    "finds": _words(
        "search | find | look up. | look for. | locat | gather | explor | research | browse | discover | pull",
        "搜索 | 查找",
    ),
    "refers": _words(
        "resource | documentation | article | website | forum | reference | material | information", "资料"
    ),
    "mends": _words(
        "debug | fix. | fixes. | correct | error | issue | troubleshoot | solve | solution | resolv",
        "修复 | 解决",
    ),
    "checks": _words(
        "review | check. | verify | validat | test. | tests. | testing. | analy | optimi | improv | refactor",
        "检查 | 优化",
    ),
    "makes": _words(
        "write | create | generat | implement | draft | build | compos | code. | complet | design | fill",
        "编写 | 生成",
    ),
    "arranges": _words(
        "organi | arrang | schedul | manage | bookmark | save. | remind | track | plan. | set up. | note | structur",
        "整理 | 提醒",
    ),
    "operates": _words(
        "open. | run. | launch | switch | close. | click | enter. | navigat | install | copy | download | use. | execut",
        "打开",
    ),
    "carries_on": _words(
        "continue | proceed | keep. | return to. | go back. | resume | take a. | try. | do. | start", "继续"
    ),
    "assists": _words("help. | assist | support | aid. | ask. | inquire", "帮助 | 协助"),
    "suggests": _words(
        "suggest | recommend | offer | tips. | ideas | advice | best practices", "建议 | 推荐"
    ),
    "hedges": _words(
        "if you. | would you. | could | can i. | may | might | maybe | perhaps | if needed. | let me know.",
        "是否 | 可以",
    ),
    "vague": _words(
        """additional | more. | better | relevant | related | useful | helpful | popular | common | various | any. | some. | general
        | further. | other. | similar | different | specific. | project. | application. | coding. | programming. | tools. | work.""",
        "相关 | 更多",
    ),
}
"""Kind of proposal → what tells it; a proposal may be of several kinds, or of none."""


@lru_cache(maxsize=4096)
def event_kinds(text: str) -> frozenset[str]:
    """The kinds that an event is of."""
    return frozenset(kind for kind, pattern in EVENT_KINDS.items() if pattern.search(text))


@lru_cache(maxsize=4096)
def proposal_kinds(text: str) -> frozenset[str]:
    """The kinds that a proposal is of."""
    return frozenset(kind for kind, pattern in PROPOSAL_KINDS.items() if pattern.search(text))


@lru_cache(maxsize=4096)
def topic_words(text: str) -> frozenset[str]:
    """The words that say what a text is about, in small letters; Chinese by characters."""
    return frozenset(word for word in _WORD.findall(text.lower()) if word not in COMMON_WORDS)


@lru_cache(maxsize=4096)
def word_runs(text: str) -> frozenset[tuple[str, ...]]:
    """The runs of three words of a text, all words counting; empty for a text of fewer."""
    words = _ANY_WORD.findall(text.lower())
    return frozenset(zip(words, words[1:], words[2:], strict=False))


_ANY_WORD = re.compile(r"[^\W_]+")
_WORD = re.compile(r"[^\W_\u4e00-\u9fff]{2,}|[\u4e00-\u9fff]")
