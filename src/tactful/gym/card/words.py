"""What the text of an event tells: what kind of event, its sentence without the content, whether something was completed."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

from tactful.types import Event

KINDS: dict[str, str] = {
    "fails": r"error|exception|fail|crash|warning|traceback|denied|timed out|not found|错误|失败|报错|异常|崩溃",
    "completes": r"sav(?:e|es|ed|ing)\b|submit|sends?\b|sent\b|finish|complet|publish|commit|push(?:es|ed)\b|export|"
    r"deliver|merg(?:e|es|ed)\b|deploy|upload|(?:tests?|checks?|build) (?:now )?(?:pass|succeed)|books?\b|booked|"
    r"保存|提交|发送|发出|完成|发布|导出|上传|通过|预订",
    "searches": r"search|looks? up|looked up|googl|query|queries|搜索|查找|检索|查询",
    "runs": r"\bruns?\b|\bran\b|execut|compil|\btests?\b|debug|build|运行|执行|编译|测试|调试",
    "writes": r"typ(?:e|es|ed|ing)\b|writ|edit|add(?:s|ed)?\b|insert|chang|modif|enter(?:s|ed)?\b|draft|delet|remov|"
    r"renam|fix|输入|编写|编辑|修改|添加|删除|写",
    "copies": r"cop(?:y|ies|ied)\b|past(?:e|es|ed)\b|复制|粘贴",
    "switches": r"switch|return(?:s|ed)? to|goes? back|went back|moves? to|切换|返回|回到",
    "opens": r"open|launch|start|navigat|visit|creat|打开|启动|新建|访问|创建",
    "reads": r"scroll|read|review|brows|view|look|check|watch|compar|浏览|阅读|查看|滚动|比较",
    "clicks": r"click|select|press|hover|drag|点击|选择|按",
    "rests": r"idle|remain|stay|pause|away|no (?:specific )?action|without (?:performing|any)|break|空闲|停留|离开|休息|暂停",
}  # fmt: skip
"""Kind of event → the words that tell it. The first kind whose words occur first in the text is the event's."""
OTHER = "other"
_PATTERNS = {kind: re.compile(words, re.IGNORECASE) for kind, words in KINDS.items()}
_CONTENT = re.compile(
    r"'[^']*'|\"[^\"]*\"|“[^”]*”|‘[^’]*’|「[^」]*」|《[^》]*》|`[^`]*`"
    r"|[^\s一-鿿，。]*\d[^\s一-鿿，。]*|[^\s一-鿿，。]+\.\w{1,5}\b"
)
_LONGEST = 1000
"""Characters of an event that are looked at: a log may hold anything."""


@lru_cache(maxsize=200_000)
def kind_of_event(text: str) -> str:
    """The kind whose words stand first in the text, what is quoted left out; failing is looked for anywhere."""
    plain = sentence(text)
    if _PATTERNS["fails"].search(plain):
        return "fails"
    starts = {
        kind: found.start() for kind, one in _PATTERNS.items() if (found := one.search(plain)) is not None
    }
    return min(starts, key=lambda kind: starts[kind]) if starts else OTHER


@lru_cache(maxsize=200_000)
def sentence(text: str) -> str:
    """The sentence without its content: what is quoted, names of files, and whatever holds a digit are masked."""
    return " ".join(_CONTENT.sub("…", text[:_LONGEST]).lower().split())


def completes(events: Iterable[Event]) -> bool:
    """Whether one of the events shows that something was brought to its end."""
    return any(_PATTERNS["completes"].search(event.text[:_LONGEST]) is not None for event in events)


def language(events: Iterable[Event]) -> str:
    """`zh` where a third or more of what the sentences say themselves is Chinese, else `en`."""
    plain = "".join(sentence(event.text) for event in events)
    letters = [char for char in plain if char.isalpha()]
    return "zh" if sum("\u4e00" <= char <= "\u9fff" for char in letters) * 3 > len(letters) else "en"
