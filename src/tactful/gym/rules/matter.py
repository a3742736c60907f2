"""What a scene gives the rules to talk of: topics, tools, files, and its example events by what they show."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from tactful.gym.rules.phrases import listed, single
from tactful.gym.rules.words import topics, words_of
from tactful.gym.types import Scene, Setting

Beat = Literal[
    "open", "work", "check", "error", "retry", "search", "fix", "done", "away", "back", "finish", "leave"
]
"""What one act is."""

_FILE = re.compile(
    r"(?:(?<=[“‘《\"'])[\w-]+|(?<![\w-])[A-Za-z0-9_-]+)\.(?:py|ipynb|js|jsx|ts|tsx|vue|html|css|java|kt|go|rb|rs|c|cpp|h|swift|sql|sh|json|ya?ml|toml|csv|log|md|txt"
    r"|tex|docx?|xlsx?|pptx?|pdf|odt|m|r|php|png|svg)\b",
    re.IGNORECASE,
)
_TOOL = re.compile(
    r"\b(ide|code|studio|editor|terminal|browser|software|system|tools?|apps?|application|platform"
    r"|xcode|excel|word|figma|calendar|phone|mail|website|database|timetable|documentation|spreadsheet)\b"
    r"|软件|浏览器|编辑器|终端|手机|电脑|日历|系统|平台|网站|应用|工具|文档|表格|邮箱",
    re.IGNORECASE,
)
_QUOTED = re.compile(r"['\"“‘「《]([^'\"”’」》]{4,60})['\"”’」》]")
_BY_USER = re.compile(r"^\s*(the user\b|用户)", re.IGNORECASE)
_SHOWS: tuple[tuple[Beat, re.Pattern[str]], ...] = (
    (
        "error",
        re.compile(r"\berrors?\b|\bfail|exception|not work|\bissues?\b|错误|失败|异常|报错", re.IGNORECASE),
    ),
    ("search", re.compile(r"search|google|stack overflow|look(s|ing)? up|搜索|查找|查询", re.IGNORECASE)),
    ("done", re.compile(r"\bsaves?\b|\bsaved\b|commit|push(es)?\b|submit|保存|提交|完成", re.IGNORECASE)),
    ("check", re.compile(r"\bruns?\b|\btests?\b|execut|compil|preview|运行|测试|预览", re.IGNORECASE)),
    ("open", re.compile(r"\bopens?\b|\bopened\b|launch|start|navigat|打开|启动|切换", re.IGNORECASE)),
)
_ENOUGH_TOPICS, _ENOUGH_TOOLS = 5, 2
_MOST_TOPICS, _LONGEST_TOPIC = 24, 40


@dataclass(frozen=True)
class Matter:
    """The stuff of a scene's sentences."""

    lang: str
    setting: Setting
    goal: str
    topics: tuple[str, ...]
    """What pieces of work can be about; the goal's own words first."""
    tools: tuple[str, ...]
    files: tuple[str, ...]
    examples: Mapping[Beat, tuple[str, ...]]
    """The scene's example events of the user, by what they show."""
    words: frozenset[str]
    """Everything that the scene speaks of."""

    def beside(self, topic: str) -> list[str]:
        """The other topics; the topic itself where it is the only one."""
        return [other for other in self.topics if other != topic] or [topic]


def matter_of(scene: Scene) -> Matter:
    """What a scene offers; each list holds at least one thing."""
    examples = tuple(text.strip() for text in scene.example_events if _BY_USER.match(text))
    quoted = [found for text in examples for found in _QUOTED.findall(text) if not _FILE.fullmatch(found)]
    about = _topics(scene, quoted)
    files = [name for text in examples for name in _FILE.findall(text) if not name[0].isdigit()]
    if not files:
        suffix = single(scene.lang, scene.setting, "suffix")
        files = ["_".join(topic.lower().split()) + suffix for topic in about[:3]]
    named = [re.sub(r"\s*[(（].*", "", entity.name).strip() or entity.name for entity in scene.entities]
    tools = [name for name in named if _TOOL.search(name)]
    if len(tools) < _ENOUGH_TOOLS:
        usual = listed(scene.lang, scene.setting, "tools")
        tools += [tool for tool in usual if not any(name.lower() in tool for name in tools)]
    return Matter(
        lang=scene.lang,
        setting=scene.setting,
        goal=scene.user.goal,
        topics=tuple(about),
        tools=tuple(dict.fromkeys(tools)),
        files=tuple(dict.fromkeys(files)),
        examples=_by_show(examples),
        words=words_of(_texts(scene)),
    )


def _texts(scene: Scene) -> list[str]:
    told = [scene.theme, scene.description, scene.user.description, scene.user.goal]
    return [*told, *scene.operations, *scene.example_events, *(entity.name for entity in scene.entities)]


def _topics(scene: Scene, quoted: list[str]) -> list[str]:
    """Enough of them: the goal's, the theme's and the examples' of several words; then single ones, and the description's."""
    goal, theme, told = (topics(text) for text in (scene.user.goal, scene.theme, scene.description))
    examples = [name for text in quoted for name in topics(text)]
    found: list[str] = []
    for source in (*map(_several, (goal, theme, examples)), goal, theme, _several(told), examples, told):
        if len(found) < _ENOUGH_TOPICS:
            found += source
    return list(dict.fromkeys(found))[:_MOST_TOPICS] or [scene.user.goal[:_LONGEST_TOPIC]]


def _several(found: list[str]) -> list[str]:
    """Those of several words, or of several characters where words are not parted."""
    return [topic for topic in found if " " in topic or (not topic.isascii() and len(topic) > 2)]


def _by_show(examples: tuple[str, ...]) -> dict[Beat, tuple[str, ...]]:
    found: dict[Beat, list[str]] = {}
    for text in examples:
        beat: Beat = next((name for name, shows in _SHOWS if shows.search(text)), "work")
        found.setdefault(beat, []).append(text)
    return {beat: tuple(texts) for beat, texts in found.items()}
