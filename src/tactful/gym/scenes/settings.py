"""At what kind of work is somebody, by the words of the goal?"""

from __future__ import annotations

import re
from collections.abc import Mapping

from tactful.gym.types import SETTINGS, Setting

THEIRS: Mapping[str, Setting] = {
    "codingassistant": "coding",
    "writingassistant": "writing",
    "dailyassistant": "daily",
}
"""ProactiveBench's name of a setting → ours."""

_LANGUAGES = re.compile(
    r"\b(?:sql|python|java|javascript|typescript|ruby|rust|html|css|react|vue(?:\.js)?|swiftui|flask|django|go script|shell script)\b",
    re.I,
)
"""Words that tell coding more surely than any other: they count twice."""
_WORDS: Mapping[Setting, re.Pattern[str]] = {
    "coding": re.compile(
        r"\b(?:codes?|coding|programs?|programming|programmers?|developers?|software|scripts?|sql|quer(?:y|ies)|databases?|"
        r"python|java|javascript|typescript|go|ruby|rust|html|css|react|vue(?:\.js)?|swiftui|flask|django|api|function|"
        r"algorithms?|class|unit tests?|tests? suite|bugs?|debug(?:ging)?|refactor\w*|compil\w+|deploy\w*|git|repositor(?:y|ies)|"
        r"endpoints?|components?|docker\w*|kubernetes|regex|parsers?|parse|backend|front-?end|web app|schema|migration|"
        r"pipelines?|notebook|dataframe|crawlers?|server|ide|terminal)\b|代码|编程|脚本|程序|函数|接口|调试|数据库|算法|部署|前端|后端|单元测试|报错|编译",
        re.I,
    ),
    "writing": re.compile(
        r"\b(?:report|reports|articles?|essays?|blogs?|posts?|thesis|dissertation|novels?|stor(?:y|ies)|poems?|poetry|chapters?|drafts?|"
        r"drafting|manuscripts?|newsletters?|press release|speech|cover letter|proposal|white ?papers?|reviews?|summar(?:y|ise|ize)|"
        r"research|investigation|analy[sz]e|analysis|study|compare|comparing|comparison|copywriting|writers?|writing|authors?|journalis\w+|editor|"
        r"proofread\w*|translat\w+|paper|literature|document|screenplay|script for|obituary|eulogy|minutes)\b|"
        r"文章|写作|报告|论文|作文|小说|故事|博客|稿|翻译|撰写|综述|演讲|游记|书评|文案|公众号",
        re.I,
    ),
    "daily": re.compile(
        r"\b(?:clean (?:the|up|out)|kitchen|wardrobe|laundry|groceries|grocery|shopping|cook\w*|recipes?|dinner|lunch|breakfast|meals?|trip|"
        r"travel\w*|flights?|hotel|vacation|holiday|appointments?|doctor|dentist|birthday|party|meetings?|calendar|schedul\w+|"
        r"messages?|to-do|reminders?|bills?|rent|bank|budget|tax(?:es)?|insurance|gym|workout|garden|plants?|pets?|dog|cat|children|kids|"
        r"school|repair|plumber|furniture|moving|photos?|music|movies?|tickets?|install\w*|household|home|daily|gifts?|exchange items|repairs?|fitness|friends|family|social media|purchase|buy)\b|"
        r"家务|厨房|打扫|购物|买菜|做饭|旅行|出行|机票|高铁|酒店|预约|医院|挂号|生日|聚会|日程|会议|邮件|消息|缴费|房租|健身|孩子|宠物|快递|搬家|相册",
        re.I,
    ),
}


_CODE = re.compile(
    r"\.(?:py|js|jsx|ts|tsx|vue|go|rs|java|rb|c|cpp|h|cs|kt|swift|sql|sh|html|css|ipynb)\b", re.I
)
_PROSE = re.compile(r"\.(?:md|docx?|odt|tex|txt|rtf)\b|markdown|plain ?text", re.I)
_PROGRAMS = re.compile(
    r"visual studio code|vs ?code|code\.exe|microsoft (?:word|excel|edge|teams)|sublime text", re.I
)
"""Names of programs say little: many write their articles in an editor for code."""


def event_setting(text: str) -> Setting | None:
    """The setting that one event tells: by the kind of file, else by its words, names of programs left out."""
    if _CODE.search(text):
        return "coding"
    return "writing" if _PROSE.search(text) else likely_setting(_PROGRAMS.sub(" ", text))


def likely_setting(*texts: str) -> Setting | None:
    """The setting with the most words in the first of the texts that decides; None where none does."""
    for text in texts:
        counts = {setting: len(_WORDS[setting].findall(text)) for setting in SETTINGS}
        counts["coding"] += len(_LANGUAGES.findall(text))
        best = max(counts.values())
        leading = [setting for setting in SETTINGS if counts[setting] == best]
        if best and len(leading) == 1:
            return leading[0]
    return None
