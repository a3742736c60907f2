"""Words and forms that surface features count, in English and Chinese.

VAGUE, HEDGE, DELEGATE, BACKGROUND and HELP speak against a clear request; the rest speaks for one.
A word stands in one list only, and no phrase of HEDGE or DELEGATE holds a word of VAGUE: a word put inside it would
turn one kind into another.
"""

from __future__ import annotations

import re

from tactful.text.later import later


def _words(english: str, chinese: str = "") -> re.Pattern[str]:
    """One pattern for ` | `-separated phrases; English ones match whole words, spaces match any white space."""
    parts = [r"(?<![\w-])(?:" + "|".join(_phrases(english)) + r")(?![\w-])"] if english else []
    return later("(?i)" + "|".join([*parts, *_phrases(chinese)]))


def _phrases(text: str) -> list[str]:
    phrases = [phrase.strip().replace(" ", r"\s+") for phrase in text.replace("\n", " ").split(" | ")]
    return sorted((phrase for phrase in phrases if phrase), key=len, reverse=True)


VAGUE = _words(
    """some | something | vague | vaguely | loosely | fuzzy | fuzzily | unclear | misc | miscellaneous | blah | stuffs | gadget | gizmo | somehow | somewhere | someone | sometime | somewhat | stuff | thing | things | thingy | etc\\.?
    | kind of | kinds of | sorts of | or something | or so | or the like | and the like | or similar | and so on | and such
    | several | various | a few | a couple of | a couple | many | a lot | lots of | lots | a bit | a little | bunch of | whatever | wherever
    | whichever | anything | anyhow | any kind | different | certain | other | others | in some way | one way or another | the usual
    | usual | usually | normal | normally | generally | general | typically | typical | standard way | properly | nicely | nice | good | great | better
    | cool | fun | pretty | quite | interesting | suitable | suitably | appropriate | appropriately | reasonable | reasonably
    | sensible | sensibly | decent | proper | useful | relevant | special | simple | simply | basic | basically | easy | quick | quickly | soon
    | later | often | sometimes | recently | big | small | large | long | short | messy | odd | weird | best | ideal | ideally | comfortable""",
    """一些 | 模糊 | 反正 | 某些 | 某种 | 某个 | 有些 | 有点 | 什么的 | 之类的 | 之类 | 等等 | 诸如此类 | 东西 | 各种 | 各类 | 不同的 | 几个 | 几天 | 好几 | 若干
    | 很多 | 许多 | 不少 | 一般 | 通常 | 平时 | 常见 | 正常 | 普通 | 合适 | 合理 | 适当 | 恰当 | 好看 | 好玩 | 好一点 | 不错 | 方便 | 舒服 | 简单 | 随便 | 随意
    | 有意思 | 有趣 | 比较 | 挺 | 尽量 | 尽快 | 过段时间 | 最近 | 以后 | 有时候 | 有时 | 经常""",
)
HEDGE = _words(
    """maybe | perhaps | possibly | probably | presumably | i think | i guess | i suppose | not sure | unsure | might | may | could be | more or less | roughly | approximately | sort of | hopefully | if possible | i don't know
    | i do not know | apparently | seems | seem | likely | kinda | sorta | idk | dunno""",
    "也许 | 可能 | 大概 | 或许 | 大约 | 左右 | 差不多 | 应该是 | 好像 | 似乎 | 不太确定 | 不确定 | 不知道 | 没想好 | 说不定 | 最好 | 看情况",
)
DELEGATE = _words(
    """as you like | as you see fit | you decide | up to you | you choose | your choice | makes sense | make sense | use your judge?ment | surprise me | you know | feel free
    | i trust you | open to ideas | open to suggestions | flexible""",
    "看着办 | 你决定 | 您决定 | 你来定 | 您来定 | 你定 | 都行 | 都可以 | 随你 | 自由发挥 | 无所谓 | 怎么都行 | 按常理 | 看着来",
)
HELP = _words(
    """help me | help us | any ideas? | ideas for | ideas | tips | advice | suggest | suggestions? | recommend | recommendations?
    | can you help | i want to | i'd like to | i would like to | looking for | interested in | tell me about | what should i | how do i | how can i | figure out
    | sort it out | take care of""",
    "帮帮我 | 帮忙 | 有什么建议 | 建议 | 推荐 | 想要 | 我想 | 怎么办 | 出出主意 | 出主意 | 打算",
)
BACKGROUND = _words(
    """my | our | we | we're | we've | us | i'm | i've | i | he | she | they | their | his | her | colleagues? | boss | friends? | family
    | because | since | lately | yesterday | last (?:week|month|year|time) | years? ago | months? ago | weeks? ago | for years | for ages | already
    | happy | glad | proud | tired | busy | grateful | thanks | thank you | excited | forward | love | loves | loved | enjoy | enjoys | hear | heard
    | finally | actually | really | honestly | story | context | background | by the way | people say | was | were | had | been | used to
    | always wanted | by now | lazy | ages | laugh | cry | talked | thought | bought | told | wave | cousins? | sisters? | brothers? | nephews? | nieces? | aunts? | uncles? | grandma | grandpa | mates? | pals? | funny | sadly | luckily | first time | everyone | everybody | students? | volunteers? | weekends? | evenings? | neighbou?rs?""",
    """我们 | 我家 | 我的 | 咱们 | 同事 | 朋友 | 老板 | 因为 | 之前 | 以前 | 去年 | 上次 | 上周 | 昨天 | 一直 | 其实 | 终于 | 谢谢 | 辛苦 | 麻烦 | 第一次 | 好久
    | 期待 | 开心 | 高兴 | 喜欢 | 听说 | 大家 | 背景 | 说起来 | 顺便 | 已经 | 这几年 | 多年 | 越看越 | 总是 | 忙 | 习惯 | 邻居 | 家里 | 拿不定 | 老人说 | 早就 | 觉得 | 心里 | 感觉 | 天天 | 热闹""",
)

NUMBER = later(
    r"(?i)(?<![\w.])[-+]?\d+(?:[.,:]\d+)*|(?<![\w-])(?:two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|fifteen|twenty|thirty|forty"
    r"|fifty|sixty|ninety|hundred|thousand|half|twice|zero|dozen)(?![\w])"
    r"|[两二三四五六七八九十百千零]+(?=[个人天点号日月年元块次位条件名岁折份杯张分钟小时公里步米度级行列空格字])"
)
QUOTED = later(r"\"[^\"\n]{1,200}\"|“[^”\n]{1,200}”|「[^」\n]{1,200}」|(?<!\w)'[^'\n]{1,200}'(?!\w)")
CODE = later(r"`[^`\n]+`|\b[A-Za-z_]\w*\([^()\n]*\)|\b[a-z]+_[a-z_]+\b|\[[^\[\]\n]*\]|\{[^{}\n]*\}")
MONEY = later(
    r"(?i)[$€£¥￥]\s?\d|\d\s?(?:euros?|eur|dollars?|usd|pounds?|gbp|yuan|rmb|cents?|%|percent)\b|\d+\s?[元块]|百分之|\bbudget of\b|预算\s*\d"
)
TIME = later(
    r"(?i)\b\d{1,2}(?::\d\d)?\s?(?:am|pm|a\.m\.|p\.m\.|o'clock)|\b\d{1,2}:\d\d\b|\b\d{4}-\d\d\b"
    r"|\b(?:mon|tues|wednes|thurs|fri|satur|sun)days?\b"
    r"|\b(?:january|february|march|april|june|july|august|september|october|november|december)\b"
    r"|\d+\s?-?(?:minutes?|mins?|hours?|days?|weeks?|months?|nights?|km|kg|miles?)\b|周[一二三四五六日末]|星期[一二三四五六日天]|\d+\s?[点号月]|[上下]午|晚上\s?\d"
)
EXAMPLE = later(
    r"(?i)\b(?:for example|for instance|e\.g\.|examples?|such as|sample)|例如|比如|譬如|示例|举例|例[:：]"
    r"|->|=>|→|==|\b(?:gives|becomes|yields|turns into|returns?|counts as|stays|is|are) [\"'`\[({\d-]|(?:得到|变成|返回|应得|结果是)"
)
INPUT_OUTPUT = later(
    r"(?i)\b(?:inputs?|outputs?|returns?|returned|returning|takes|accepts|arguments?|parameters?|receives|result is|results? in|given an?)\b"
    r"|输入|输出|返回|参数|接收|传入|结果"
)
CONDITION = later(
    r"(?i)\b(?:if|when|whenever|unless|otherwise|else|except|even if|in case|until|once|whether|provided that|only then|while|where)\b"
    r"|如果|若|当|否则|除非|除了|的话|的时候|时[,，]|遇到|一旦|即使|直到"
)
CONSTRAINT = later(
    r"(?i)\b(?:must|mustn't|has to|have to|had to|needs? to|at most|at least|no more than|no less than|no fewer than|no later than|not before"
    r"|not after|up to|exactly|precisely|only|just the|always|never|cannot|can't|may not|not allowed|nobody may|require[sd]?|shall|maximum|minimum"
    r"|max|min|strictly|regardless|however (?:long|many|much|often)|in full|at once|in any case|without exception|counts? as|counted (?:as|once|twice)"
    r"|treat(?:ed|s)?|ignor(?:e|es|ing|ed)|instead of|rather than|(?:more|less|longer|shorter|larger|smaller|greater|fewer|older|earlier|later) than"
    r"|or (?:more|less|fewer|older|later|earlier)|note that|mind that|important)\b"
    r"|不超过|不多于|不少于|不能|不要|不得|不可|不许|不准|禁止|必须|务必|一定要|至少|至多|最多|最少|只能|只要|只(?!是|有|好|不过)|仅|正好|恰好|一律|始终|以内|以上|以下|不算|算作|只算"
    r"|忽略|视为|当作|注意|要求|而不是|否则|无论|不论|不管"
)
SCOPE = later(
    r"(?i)\b(?:within|under|below|above|over|between|before|after|until|by|from|every|each|all|both|none|neither|nor|per|once|twice|together|in total"
    r"|total|starting|ending|within|through)\b|之前|之后|之间|都要|都|每|总共|一共|从|到|按|需要"
)
REASON = later(
    r"(?i)\bso that\b|,\s+so\b|\bso (?:please|keep|leave|plan|every|all|whole|no|it has|that)\b|\btherefore\b|\bin order\b|因此|所以|以便"
)
NEGATION = later(
    r"(?i)\b(?:not|no|never|nobody|no one|without|don't|doesn't|isn't|aren't|won't|can't|cannot|nothing|neither|nor|except|excluding|instead|rather than"
    r"|\w+-free|avoid|skip|leave out|left out|drop(?:ped)?)\b|不(?!错|同|过是|知|管|少|太|定)|没有|无(?!所谓|论)|别(?!的|人)|避免|跳过|去掉"
)
FORMAT = later(
    r"(?i)\b(?:ascending|descending|sorted|order|ordered|alphabetical(?:ly)?|lowercase|lower case|uppercase|upper case|capitals?|case[- ]?(?:in)?sensitive"
    r"|inclusive|exclusive|included|including|counted|rounded?|rounds?|truncated?|decimals?|empty|duplicates?|unique|distinct|ties?|tied|first|last|left|right"
    r"|newest|oldest|largest|smallest|earliest|latest|none|null|raise|raises|error|valueerror|keyerror|string|integer|int|float|list|tuple|dict|set|bool"
    r"|separator|separated|comma|spaces?|whitespace|digits?|characters?|index|key|keys|values?|pairs?|columns?|rows?|format|vegetarian|vegan|gluten"
    r"|allerg\w*|wheelchair|step-free|deadline|budget|per person|together|total|in total|half|quarter|indoors?|outdoors?|train|car|bus|flight|on foot)\b"
    r"|升序|降序|排序|字母序|大写|小写|大小写|去重|重复|空列表|空字符串|四舍五入|保留|小数|整数|字符串|列表|字典|元组|抛出|报错|第一|最后|最早|最晚|并列|相同|首尾|格式"
    r"|素食|清真|过敏|轮椅|忌口|预算|人均|总价|打车|地铁|高铁|开车|步行|室内|室外|截止"
)
BULLET = later(r"(?m)^\s*(?:[-*•·]|\d{1,2}[.)、])\s+\S")
QUESTION_WORD = later(
    r"(?i)\b(?:what|which|how|who|whom|whose|where|why)\b|什么|哪|怎么|怎样|如何|谁|为什么|多少"
)
ENTITY = later(r"(?<![.!?。！？\n] )(?<!^)\b[A-Z][A-Za-z]+\b")
