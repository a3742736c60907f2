"""Sentences by template, in English and Chinese: what an onlooker would say of each stretch of work."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from tactful.data.activity.types import SECOND, Shown, Span
from tactful.text.lang import cjk_share

Lang = Literal["en", "zh"]
LEAST_PAUSE_S = 60.0
"""A pause inside a session is told from this length on."""
_CHINESE_FROM = 0.3
"""Share of the letters of titles from which a session is told in Chinese."""

_WORDS: Mapping[Lang, Mapping[str, str]] = {
    "en": {
        "begin": "The user started work in {app}{thing}.",
        "switch": "The user switched to {app}{thing}.",
        "back": "The user went back to {app}{thing}.",
        "on": "The user went on in {app}{thing}.",
        "open": "In {app}, the user opened {bare}.",
        "search": "The user searched in {app}{thing}.",
        "pause": "The user came back after {minutes} away.",
        "titled": ": '{title}'",
        "page": ": '{title}' ({site})",
        "site": ": {site}",
        "file": ": the file '{file}'{of}",
        "of": " ({what})",
        "project": "project '{project}'",
        "nothing": "a window",
        "join": ", ",
        "minute": "about a minute",
        "minutes": "about {n} minutes",
    },
    "zh": {
        "begin": "用户开始在{app}中工作{thing}。",
        "switch": "用户切换到{app}{thing}。",
        "back": "用户回到{app}{thing}。",
        "on": "用户继续使用{app}{thing}。",
        "open": "用户在{app}中打开了{bare}。",
        "search": "用户在{app}中搜索{thing}。",
        "pause": "用户离开{minutes}后回来了。",
        "titled": "：“{title}”",
        "page": "：“{title}”（{site}）",
        "site": "：{site}",
        "file": "：文件“{file}”{of}",
        "of": "（{what}）",
        "project": "项目“{project}”",
        "nothing": "一个窗口",
        "join": "，",
        "minute": "约一分钟",
        "minutes": "约{n}分钟",
    },
}
_QUOTED: Mapping[Lang, str] = {"en": "'{}'", "zh": "“{}”"}


@dataclass(frozen=True)
class Told:
    """A sentence, when what it tells began, and how long it was worked at."""

    at: int
    text: str
    worked: int


def language_of(spans: Sequence[Span]) -> Lang:
    """The language of what was worked at, by its titles."""
    texts = " ".join(span.shown.title for span in spans)
    return "zh" if cjk_share(texts) >= _CHINESE_FROM else "en"


def tell(session: Sequence[Span], lang: Lang) -> Iterator[Told]:
    """A sentence for each stretch of a session, and for each pause of a minute or more."""
    words = _WORDS[lang]
    seen: set[Shown] = set()
    before: Span | None = None
    for span in session:
        away_s = span.pause / SECOND
        if before is not None and away_s >= LEAST_PAUSE_S:
            yield Told(span.start, words["pause"].format(minutes=_minutes(away_s, words)), 0)
        yield Told(
            span.start, _sentence(span.shown, before.shown if before else None, seen, lang), span.worked
        )
        seen.add(span.shown)
        before = span


def _sentence(shown: Shown, before: Shown | None, seen: set[Shown], lang: Lang) -> str:
    words = _WORDS[lang]
    app = _QUOTED[lang].format(shown.app) if shown.app else words["nothing"]
    thing = _thing(shown, words)
    if before is None:
        form = "begin"
    elif shown == before:
        form = "on"
    elif shown in seen:
        form = "back"
    elif shown.search:
        form = "search"
    elif shown.app == before.app and thing:
        form = "open"
    else:
        form = "switch"
    return words[form].format(app=app, thing=thing, bare=thing.lstrip(":： "))


def _thing(shown: Shown, words: Mapping[str, str]) -> str:
    """What the window holds, with a colon before it; empty where nothing is known or told."""
    if shown.file:
        told = [shown.language] if shown.language else []
        told += [words["project"].format(project=shown.project)] if shown.project else []
        of = words["of"].format(what=words["join"].join(told)) if told else ""
        return words["file"].format(file=shown.file, of=of)
    if shown.site and shown.title:
        return words["page"].format(title=shown.title, site=shown.site)
    if shown.site:
        return words["site"].format(site=shown.site)
    return words["titled"].format(title=shown.title) if shown.title and shown.title != shown.app else ""


def _minutes(seconds: float, words: Mapping[str, str]) -> str:
    whole = round(seconds / 60)
    return words["minute"] if whole <= 1 else words["minutes"].format(n=whole)
