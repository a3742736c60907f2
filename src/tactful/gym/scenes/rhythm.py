"""The rhythm of real work: what scenes follow of a log, and all that any model is shown of it.

Counts, shares and seconds, under names that are fixed here. No text of an event is kept: what stands in a log, a name,
a title or a secret, cannot reach a prompt, a run folder or a scene, since there is no field that could hold it.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Literal, TypeVar, get_args

from pydantic import Field

from tactful.gym.scenes.settings import event_setting
from tactful.gym.types import SETTINGS, Setting
from tactful.stats.burstiness import gaps_s
from tactful.text.lang import is_chinese
from tactful.types import Event, Record

Kind = Literal[
    "failing",
    "searching",
    "communicating",
    "running",
    "editing",
    "organising",
    "reading",
    "switching",
    "pausing",
    "other",
]
"""What an event tells of; the first in this order whose words it has."""
KINDS: tuple[Kind, ...] = get_args(Kind)
App = Literal["editor", "terminal", "browser", "office", "mail", "chat", "calendar", "files", "media"]
APPS: tuple[App, ...] = get_args(App)
PAUSE_S = 300.0
"""A gap from here on is a pause."""
K = TypeVar("K", bound=str)

_KINDS: Mapping[Kind, re.Pattern[str]] = {
    "failing": re.compile(r"\b(?:errors?|fail\w*|crash\w*|exception|traceback|warn\w*|refused|rejected|denied)\b|报错|失败|错误|异常|崩溃", re.I),
    "searching": re.compile(r"\b(?:search\w*|google\w*|bing|baidu|look(?:s|ed|ing)? up|query|queries|types? .{0,40}search)\b|搜索|查找|搜|检索|百度", re.I),
    "communicating": re.compile(r"\b(?:e-?mails?|mails?|messages?|chats?|calls?|repl(?:y|ies)|answers?|writes? to|asks?|meeting|slack|teams|wechat|whatsapp)\b|邮件|消息|微信|群|电话|回复|会议", re.I),
    "running": re.compile(r"\b(?:runs?|ran|execut\w*|tests?|builds?|compil\w*|command|deploy\w*|profil\w*)\b|运行|测试|编译|部署|跑", re.I),
    "editing": re.compile(r"\b(?:edit\w*|typ(?:es|ed|ing)|writ(?:es|ing)|wrote|chang\w*|delet\w*|past(?:es|ed|ing)|cop(?:y|ies|ied)|sav(?:es|ed|ing)|renam\w*|adds?|added|replac\w*|fill\w*|draw\w*|input)\b|编辑(?!器)|输入|写|改|删|粘贴|复制|保存|添加|填", re.I),
    "organising": re.compile(r"\b(?:calendar|to-?do|list|folder|sort\w*|mov(?:es|ed|ing)|tick\w*|plan\w*|book\w*|download\w*|upload\w*)\b|日历|清单|文件夹|整理|移动|下载|上传|预约", re.I),
    "reading": re.compile(r"\b(?:read\w*|scroll\w*|view\w*|look\w*|brows(?:es|ed|ing)|review\w*|compar\w*|watch\w*|visit\w*|open\w*|stay\w*|click\w*)\b|阅读|浏览(?!器)|查看|翻|打开|看|对比|点击", re.I),
    "switching": re.compile(r"\b(?:switch\w*|returns?|back to|new tab|alt.?tab)\b|切换|回到|标签页", re.I),
    "pausing": re.compile(r"\b(?:idle|nothing|pauses?|away|break|inactive|no (?:specific )?actions?)\b|空闲|离开|休息|没有操作", re.I),
}  # fmt: skip
_APPS: Mapping[App, re.Pattern[str]] = {
    "editor": re.compile(r"visual studio|code\.exe|vs ?code|pycharm|intellij|sublime|\bvim\b|emacs|xcode|cursor|\.(?:py|js|ts|go|rs|java|rb|cpp|html|css)\b", re.I),
    "terminal": re.compile(r"terminal|powershell|\bbash\b|\bzsh\b|cmd\.exe|console|iterm|konsole|终端", re.I),
    "browser": re.compile(r"chrome|firefox|safari|\bedge\b|browser|web ?page|google|bing|https?://|浏览器|网页", re.I),
    "office": re.compile(r"\bword\b|excel|powerpoint|libreoffice|\bdocs?\b|docx|xlsx|sheet|slides|notion|wps|文档|表格", re.I),
    "mail": re.compile(r"outlook|thunderbird|gmail|mailbox|e-?mail|邮箱|邮件", re.I),
    "chat": re.compile(r"slack|\bteams\b|discord|telegram|whatsapp|wechat|zoom|chat|微信|钉钉|飞书|群", re.I),
    "calendar": re.compile(r"calendar|日历|日程", re.I),
    "files": re.compile(r"explorer|finder|nautilus|dolphin|folder|文件夹|资源管理器", re.I),
    "media": re.compile(r"spotify|youtube|\bvlc\b|netflix|player|video|music|bilibili|视频|音乐", re.I),
}  # fmt: skip


class Rhythm(Record):
    """How somebody works, in figures alone."""

    sessions: int = Field(ge=1)
    events: int = Field(ge=1)
    events_per_hour: float | None
    """Over the time between the first and last event of each session; None where no times are known."""
    gap_s: tuple[float, float, float] | None
    """Seconds between events: the tenth, fiftieth and ninetieth of a hundred; None where no times are known."""
    pauses_per_hour: float | None
    """Gaps of five minutes and more."""
    kinds: Mapping[Kind, float]
    """Kind of event → its share."""
    apps: Mapping[App, float]
    """Kind of application → share of the events that name one."""
    settings: Mapping[Setting, float]
    """Setting → share of the sessions whose words tell one; empty where none does."""


def event_kind(text: str) -> Kind:
    """What an event tells of, by its words."""
    return next((kind for kind, words in _KINDS.items() if words.search(text)), "other")


def event_app(text: str) -> App | None:
    """The kind of application that an event names; None where it names none."""
    return next((app for app, words in _APPS.items() if words.search(text)), None)


def kind_shares(texts: Iterable[str]) -> dict[Kind, float]:
    """Kind of event → its share, the commonest first."""
    return _shares(Counter(map(event_kind, texts)), KINDS)


def rhythm_of(sessions: Iterable[Sequence[Event]]) -> Rhythm | None:
    """The rhythm of some sessions; None where there is no event."""
    given = [session for session in sessions if session]
    if not given:
        return None
    texts = [event.text for session in given for event in session]
    gaps = [gap for session in given for gap in gaps_s(event.at for event in session)]
    hours = sum(gaps) / 3600
    timed = len(gaps) + len(given)
    return Rhythm(
        sessions=len(given),
        events=len(texts),
        events_per_hour=round(timed / hours, 1) if hours > 0 else None,
        gap_s=_quantiles(gaps) if gaps else None,
        pauses_per_hour=round(sum(gap >= PAUSE_S for gap in gaps) / hours, 2) if hours > 0 else None,
        kinds=kind_shares(texts),
        apps=_shares(Counter(filter(None, map(event_app, texts))), APPS),
        settings=_shares(Counter(filter(None, map(_setting, given))), SETTINGS),
    )


def distance(one: Mapping[Kind, float], other: Mapping[Kind, float]) -> float:
    """How far two distributions of kinds lie apart: half the sum of differences, 0 for equal, 1 for nothing in common."""
    return 0.5 * sum(abs(one.get(kind, 0.0) - other.get(kind, 0.0)) for kind in KINDS)


def _setting(session: Sequence[Event]) -> Setting | None:
    """The setting that most of a session's events tell."""
    told: Counter[Setting] = Counter(filter(None, (event_setting(event.text) for event in session)))
    return told.most_common(1)[0][0] if told else None


def _shares(counts: Counter[K], order: Sequence[K]) -> dict[K, float]:
    names = sorted((name for name in order if counts[name]), key=lambda name: -counts[name])
    return {name: round(counts[name] / counts.total(), 3) for name in names}


def _quantiles(gaps: Sequence[float]) -> tuple[float, float, float]:
    ordered = sorted(gaps)

    def at(share: float) -> float:
        return round(ordered[min(len(ordered) - 1, math.floor(share * len(ordered)))], 1)

    return at(0.1), at(0.5), at(0.9)


# ---------------------------------------------------------------- in words

_HABITS = {
    "en": {
        "pace": "does something new about {per_hour:.0f} times an hour, most often after {median:.0f} seconds",
        "pauses": "makes {pauses:.1f} longer pauses an hour",
        "kinds": "is mostly {first} and {second}",
        "join": ", ",
        "whole": " At work this person {habits}.",
    },
    "zh": {
        "pace": "每小时大约有 {per_hour:.0f} 个动作，多半隔 {median:.0f} 秒",
        "pauses": "每小时停下来较久 {pauses:.1f} 次",
        "kinds": "做得最多的是{first}和{second}",
        "join": "，",
        "whole": "工作时{habits}。",
    },
}
_KINDS_ZH: Mapping[Kind, str] = {
    "failing": "处理报错",
    "searching": "搜索",
    "communicating": "收发消息",
    "running": "运行和测试",
    "editing": "编辑",
    "organising": "整理",
    "reading": "阅读",
    "switching": "切换窗口",
    "pausing": "停顿",
    "other": "其他事",
}
_KINDS_EN: Mapping[Kind, str] = {
    **{kind: kind for kind in KINDS},
    "failing": "dealing with errors",
    "running": "running and testing things",
    "switching": "switching windows",
    "other": "busy with other things",
}


def habits(rhythm: Rhythm, lang: str) -> str:
    """The habits of a scene's person, as a sentence to be put behind the description."""
    words = _HABITS["zh" if is_chinese(lang) else "en"]
    names = _KINDS_ZH if is_chinese(lang) else _KINDS_EN
    parts = []
    if rhythm.events_per_hour is not None and rhythm.gap_s is not None:
        parts.append(words["pace"].format(per_hour=rhythm.events_per_hour, median=rhythm.gap_s[1]))
    if rhythm.pauses_per_hour:
        parts.append(words["pauses"].format(pauses=rhythm.pauses_per_hour))
    leading = [names[kind] for kind in rhythm.kinds if kind != "other"][:2]
    if len(leading) == 2:
        parts.append(words["kinds"].format(first=leading[0], second=leading[1]))
    return words["whole"].format(habits=words["join"].join(parts)) if parts else ""
