"""What the offline model says when scenes are built: a rehearsal that composes from the seed's own words and events.

It shows the form of a scene and every step's consistency, and measures nothing: places and people are stock.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from tactful.gym.scenes.rhythm import KINDS, Kind, event_kind
from tactful.text.lang import is_chinese
from tactful.text.similarity import normalise
from tactful.types import Message, seeded

Facts = Mapping[str, Any]
Said = dict[str, Any]

_FILE = re.compile(r"[A-Za-z_][\w-]*\.(?:py|js|ts|vue|go|html|css|txt|csv|md|odt|docx|xlsx|db|lock)\b")
_THINGS: Mapping[str, Mapping[str, Sequence[tuple[str, str, tuple[str, ...]]]]] = {
    "en": {
        "coding": (
            ("editor", "two files open", ("open a file", "edit", "save")),
            ("terminal", "in the project folder", ("run a command", "read the output")),
            ("test suite", "one test fails", ("run", "add a test")),
            ("web browser", "one tab", ("search", "open a page", "scroll")),
            ("mailbox", "two unread mails", ("read", "answer")),
        ),
        "writing": (
            ("text", "a heading and one paragraph", ("write", "delete", "save")),
            ("notes", "one page in no order", ("read", "sort")),
            ("web browser", "one tab", ("search", "open a page", "scroll")),
            ("spreadsheet", "half filled", ("fill in", "check the sum")),
            ("messages", "one unread", ("read", "answer")),
        ),
        "daily": (
            ("calendar", "one afternoon free", ("look", "enter", "move")),
            ("phone", "charged", ("call", "write a message", "photograph")),
            ("to-do list", "three entries", ("write", "tick off")),
            ("web browser", "signed out", ("search", "open a page", "fill in a form")),
            ("mailbox", "one mail is marked", ("read", "answer")),
        ),
    },
    "zh": {
        "coding": (
            ("编辑器", "开着两个文件", ("打开文件", "编辑", "保存")),
            ("终端", "在项目目录里", ("运行命令", "查看输出")),
            ("测试", "有一个没通过", ("运行", "添加")),
            ("浏览器", "一个标签页", ("搜索", "打开网页", "滚动")),
            ("邮箱", "两封未读", ("查看", "回复")),
        ),
        "writing": (
            ("文稿", "只有标题和一段", ("写", "删", "保存")),
            ("笔记", "一页，没有顺序", ("翻看", "整理")),
            ("浏览器", "一个标签页", ("搜索", "打开网页", "滚动")),
            ("表格", "填了一半", ("填写", "核对")),
            ("消息", "一条未读", ("查看", "回复")),
        ),
        "daily": (
            ("日历", "有一个下午空着", ("查看", "添加", "移动")),
            ("手机", "已充电", ("打电话", "发消息", "拍照")),
            ("清单", "三项", ("写", "勾掉")),
            ("浏览器", "未登录", ("搜索", "打开网页", "填表")),
            ("邮箱", "一封标了星", ("查看", "回复")),
        ),
    },
}  # fmt: skip
_EVENTS: Mapping[str, Mapping[Kind, Sequence[str]]] = {
    "en": {
        "failing": ("The {thing} shows an error.", "Something fails in the {thing}.", "A warning appears in the {thing}."),
        "searching": ("The user searches the {thing} for {word}.", "The user looks up {word} with the {thing}."),
        "communicating": ("A message about the {thing} arrives.", "The user asks someone about the {thing}."),
        "running": ("The user runs what stands in the {thing}.", "The user tests the {thing}."),
        "editing": ("The user changes a line in the {thing}.", "The user types into the {thing}.", "The user deletes something in the {thing}."),
        "organising": ("The user sorts the {thing}.", "The user moves an entry in the {thing}."),
        "reading": ("The user reads the {thing}.", "The user scrolls through the {thing}.", "The user opens the {thing}."),
        "switching": ("The user switches to the {thing}.", "The user returns to the {thing}."),
        "pausing": ("The user pauses before the {thing}.", "Nothing happens at the {thing}; the user is away."),
        "other": ("The {thing} is there.", "The user holds the {thing}."),
    },
    "zh": {
        "failing": ("{thing}里出现报错。", "{thing}提示失败。", "{thing}显示异常。"),
        "searching": ("用户在{thing}里搜索{word}。", "用户用{thing}查找{word}。"),
        "communicating": ("来了一条关于{thing}的消息。", "用户打电话问{thing}的事。"),
        "running": ("用户运行{thing}。", "用户测试{thing}。"),
        "editing": ("用户在{thing}里改了一行。", "用户往{thing}里输入文字。", "用户删掉{thing}里的一处。"),
        "organising": ("用户整理{thing}。", "用户移动{thing}里的一项。"),
        "reading": ("用户浏览{thing}。", "用户打开{thing}。", "用户翻了翻{thing}。"),
        "switching": ("用户切换到{thing}。", "用户回到{thing}。"),
        "pausing": ("用户在{thing}前休息了一会儿。", "{thing}空闲着，用户离开了。"),
        "other": ("{thing}就在手边。", "用户拿着{thing}。"),
    },
}  # fmt: skip
_WORDS: Mapping[str, Mapping[str, Any]] = {
    "en": {
        "names": ("Ada", "Bruno", "Chidi", "Dalia", "Emil", "Fatou", "Gus", "Hana", "Ivo", "Jun", "Kaja", "Lou"),
        "surroundings": "By rehearsal: {name} works {place}, with what is needed within reach. Today it is about this: {task}",
        "description": "{name}, {age}, {manner}; knows the work and takes help when it comes at the right moment.",
        "character": "{manner}; finishes one thing before the next and dislikes being talked to in the middle of it.",
        "pieces": ("See how things stand", "Do the first half", "Put right what went wrong", "Check the result"),
        "state": "as it was yesterday",
        "operations": ("open", "change", "save"),
        "abilities": ("look_at", "search_in", "change", "check"),
        "final": "{surroundings} At hand are {things}.",
    },
    "zh": {
        "names": ("林岚", "周牧", "何苗", "唐沁", "许诺", "罗川", "江晚", "秦月", "高远", "方圆", "白露", "余声"),
        "surroundings": "排练：{name}在做事，需要的东西都在手边。今天要做的是：{task}",
        "description": "{name}，{age}岁，熟悉这类事情，合适的时候愿意接受帮助。",
        "character": "做完一件再做下一件，正忙的时候不喜欢有人插话。",
        "pieces": ("先看看情况", "做完前一半", "把出错的地方改好", "检查结果"),
        "state": "和昨天一样",
        "operations": ("打开", "修改", "保存"),
        "abilities": ("查看", "搜索", "修改", "核对"),
        "final": "{surroundings}手边有{things}。",
    },
}  # fmt: skip


def _lang(facts: Facts) -> str:
    return "zh" if is_chinese(facts["seed"]["lang"]) else "en"


def profile_script(messages: Sequence[Message], facts: Facts, rng: random.Random) -> Said:
    """A stock person at the drawn place; the theme is the beginning of the task."""
    words, drawn, task = _WORDS[_lang(facts)], facts["drawn"], facts["seed"]["task"]
    name = seeded(facts["id"]).choice(words["names"])
    told = {"name": name, "task": task, **drawn}
    return {
        "theme": re.split(r"[,.，。;；]", task)[0][:80].strip() or task[:80],
        "surroundings": words["surroundings"].format(**told)[:1500],
        "name": name,
        "description": words["description"].format(**told),
    }


def work_script(messages: Sequence[Message], facts: Facts, rng: random.Random) -> Said:
    """The task itself is the goal."""
    words = _WORDS[_lang(facts)]
    return {
        "goal": facts["seed"]["task"][:600],
        "pieces": words["pieces"],
        "character": words["character"].format(**facts["drawn"]),
    }


def things_script(messages: Sequence[Message], facts: Facts, rng: random.Random) -> Said:
    """What every work of this setting has at hand, and the files that the sample events name."""
    words, seed = _WORDS[_lang(facts)], facts["seed"]
    files = dict.fromkeys(_FILE.findall(" ".join(seed["sample_events"])))
    found = [(name, words["state"], words["operations"]) for name in list(files)[:5]]
    stock = _THINGS[_lang(facts)][seed["setting"]]
    return {
        "entities": [
            {"name": name, "state": state, "operations": list(operations)}
            for name, state, operations in (*found, *stock)
        ]
    }


def abilities_script(messages: Sequence[Message], facts: Facts, rng: random.Random) -> Said:
    """Four stock operations, each on one entity."""
    names = [thing["name"] for thing in facts["things"]["entities"]]
    return {
        "operations": [
            {"name": name, "arguments": [names[at]], "uses": [names[at]]}
            for at, name in enumerate(_WORDS[_lang(facts)]["abilities"])
        ]
    }


def happenings_script(messages: Sequence[Message], facts: Facts, rng: random.Random) -> Said:
    """The seed's sample events that name an entity, and stock ones; in the shares of the log where there is one."""
    lang, seed = _lang(facts), facts["seed"]
    names = [thing["name"] for thing in facts["things"]["entities"]]
    drawn = seeded(facts["id"], "events")
    word = max(normalise(seed["task"]).split(), key=len, default="it")[:12]
    own = [(_named(text, names), text) for text in seed["sample_events"] if len(text) <= 400]
    events = [{"entity": name, "text": text} for name, text in own if name]
    if facts["rhythm"]:
        kinds = _counts(facts["rhythm"]["kinds"], 16)
        events = _fitting(events, kinds)
    else:
        mix: tuple[Kind, ...] = ("reading", "editing", "searching", "failing", "switching", "communicating")
        kinds = dict.fromkeys(mix, 2)
    for kind, count in kinds.items():
        have = sum(event_kind(str(event["text"])) == kind for event in events) if facts["rhythm"] else 0
        events += _stock(lang, kind, count - have, names, word, drawn, events)
    drawn.shuffle(events)
    return {"events": events[:24]}


def _named(text: str, names: Iterable[str]) -> str:
    return next((name for name in names if name.lower() in text.lower()), "")


def _counts(shares: Mapping[Kind, float], total: int) -> dict[Kind, int]:
    return {
        kind: round(shares.get(kind, 0.0) * total) for kind in KINDS if shares.get(kind, 0.0) * total >= 0.5
    }


def _fitting(events: list[Said], kinds: Mapping[Kind, int]) -> list[Said]:
    """Of the events, no more of a kind than there shall be."""
    left = dict(kinds)
    kept = []
    for event in events:
        kind = event_kind(event["text"])
        if left.get(kind, 0) > 0:
            left[kind] -= 1
            kept.append(event)
    return kept


def _stock(
    lang: str,
    kind: Kind,
    count: int,
    names: Sequence[str],
    word: str,
    rng: random.Random,
    have: Sequence[Said],
) -> list[Said]:
    """So many stock events of a kind, none of them twice."""
    seen = {event["text"] for event in have}
    every = [
        {"entity": name, "text": text}
        for name in names
        for form in _EVENTS[lang][kind]
        if (text := form.format(thing=name, word=word)) not in seen
    ]
    right = [event for event in every if event_kind(event["text"]) == kind] or every
    return rng.sample(right, min(max(count, 0), len(right)))


def final_script(messages: Sequence[Message], facts: Facts, rng: random.Random) -> Said:
    """The former steps' sentences, one after the other."""
    words, profile = _WORDS[_lang(facts)], facts["profile"]
    names = [thing["name"] for thing in facts["things"]["entities"]][:4]
    join = "、" if _lang(facts) == "zh" else ", "
    return {
        "description": words["final"].format(surroundings=profile["surroundings"], things=join.join(names)),
        "person": f"{profile['description']} {facts['work']['character']}",
    }


SCRIPTS = {
    "scene_profile": profile_script,
    "scene_work": work_script,
    "scene_things": things_script,
    "scene_abilities": abilities_script,
    "scene_happenings": happenings_script,
    "scene_final": final_script,
}
