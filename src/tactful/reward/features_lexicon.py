"""Kinds of events and of proposals, told by their words: small lexicons of our own, English and Chinese."""

from __future__ import annotations

import re
from functools import lru_cache

MAX_CHARS = 400
"""Characters of an event or a proposal that are read."""


def _words(english: str, chinese: str = "") -> re.Pattern[str]:
    """One pattern for ` | `-separated word beginnings; a `.` at the end of one asks for the whole word."""
    parts = []
    for phrase in (part.strip() for part in english.replace("\n", " ").split("|")):
        whole = phrase.endswith(".")
        parts.append(re.escape(phrase.removesuffix(".")).replace(r"\ ", r"\s+") + (r"\b" if whole else ""))
    pattern = r"\b(?:" + "|".join(parts) + ")"
    wide = [re.escape(part.strip()) for part in chinese.split("|") if part.strip()]
    return re.compile("|".join([pattern, *wide]), re.IGNORECASE)


EVENT_KINDS: dict[str, re.Pattern[str]] = {
    "search": _words("search | googl | query | queries | look up | looks up", "搜索 | 查询"),
    "question": re.compile(r"[?？]|\bhow\s+to\b|\bwhat\s+is\b|\bwhy\b|如何|怎么|什么", re.IGNORECASE),
    "trouble": _words(
        """error | exception | traceback | fail | warning | bug. | bugs. | crash | not found. | undefined. | invalid | denied.
        | issue | unable. | cannot. | conflict | stuck. | undo | typo | incorrect""",
        "错误 | 失败 | 报错",
    ),
    "results": _words("result | results page", "结果"),
    "reads": _words(
        """page. | pages. | article | tutorial | document | documentation | blog | website | site. | read. | reads. | reading. | review
        | view. | views. | viewing. | guide | paper | stack overflow | csdn | wiki | discussion | video | watch""",
        "文章 | 网页 | 教程",
    ),
    "writes": _words(
        """type. | types. | typed. | typing. | writes. | writing. | wrote. | write. | edit. | edits. | editing. | edited. | adds. | added. | implement
        | defin | input. | inputs. | paste | pastes | notes | draft | update | delet | modif | insert | record""",
        "输入 | 编写",
    ),
    "code": _words(
        """code. | coding. | function | class. | method | script | python | java | javascript | html | css | terminal | compil | debug | import.
        | program | repository | git. | api. | variable | sql"""
    ),
    "editor": _words(
        "visual studio | vs code | vscode | code.exe | pycharm | intellij | jupyter | ide. | editor"
    ),
    "runs": _words(
        "run. | runs. | ran. | execut | launch | build. | builds. | test. | tests. | submit | deploy | install"
    ),
    "switches": _words(
        "switch | return | revert | back to. | resum | moves to. | new tab. | open. | opens. | opened. | opening.",
        "切换 | 打开",
    ),
    "pointer": _words(
        "scroll | mouse. | click | hover | cursor | moves the. | moved the. | ctrl_l", "点击 | 滚动"
    ),
    "idle": _words(
        """without any. | without perform | without specific | no specific | not perform | does not. | not specified | unspecified | idle | inactive
        | remain | stay | another application. | an application. | unknown | active on. | continues. | continued. | no action"""
    ),
    "again": _words(
        "again. | continue | further. | repeated | multiple times. | multiple. | several. | more. | back. | resume"
    ),
    "files": _words("file. | files. | folder | directory | project. | document."),
    "starts": _words(
        "new file. | create | start | begin | began. | names it. | new project. | new document."
    ),
    "chats": _words("chatgpt | deepseek | chat. | copilot | claude | kimi | assistant"),
    "finishes": _words(
        "save. | saves. | saved. | finish | complet | close. | closes. | closed. | commit | success | done."
    ),
}
"""Kind of event → what tells it; an event may be of several kinds, or of none."""

PROPOSAL_KINDS: dict[str, re.Pattern[str]] = {
    "gives": _words("provide | give | show. | share. | present | list. | highlight | display"),
    "condenses": _words(
        "summar | key points | key | overview | outline | condens | highlight | pros and cons"
    ),
    "compares": _words("compar | contrast | difference | versus | alternativ"),
    "explains": _words(
        "explain | explanation | understand | clarif | interpret | concept | meaning | translat"
    ),
    "teaches": _words(
        "tutorial | guide. | guides. | guidance | course | learn | step-by-step | steps. | lesson"
    ),
    "examples": _words("example | snippet | sample | template | boilerplate | implementation"),
    "finds": _words(
        "search | find | look up. | look for. | locat | gather | explor | research | browse | discover | pull"
    ),
    "refers": _words(
        "resource | documentation | article | website | forum | reference | material | information"
    ),
    "mends": _words(
        "debug | fix. | fixes. | correct | error | issue | troubleshoot | solve | solution | resolv"
    ),
    "checks": _words(
        "review | check. | verify | validat | test. | tests. | testing. | analy | optimi | improv | refactor"
    ),
    "makes": _words(
        "write | create | generat | implement | draft | build | compos | code. | complet | design | fill"
    ),
    "arranges": _words(
        "organi | arrang | schedul | manage | bookmark | save. | remind | track | plan. | set up. | note | structur"
    ),
    "operates": _words(
        "open. | run. | launch | switch | close. | click | enter. | navigat | install | copy | download | use. | execut"
    ),
    "carries_on": _words(
        "continue | proceed | keep. | return to. | go back. | resume | take a. | try. | do. | start"
    ),
    "assists": _words("help. | assist | support | aid. | ask. | inquire"),
    "suggests": _words("suggest | recommend | offer | tips. | ideas | advice | best practices"),
    "hedges": _words(
        "if you. | would you. | could | can i. | may | might | maybe | perhaps | if needed. | let me know."
    ),
    "vague": _words(
        """additional | more. | better | relevant | related | useful | helpful | popular | common | various | any. | some. | general
        | further. | other. | similar | different | specific. | project. | application. | coding. | programming. | tools. | work."""
    ),
}
"""Kind of proposal → what tells it; a proposal may be of several kinds, or of none."""

QUOTED = re.compile(
    r"'[^'\n]{2,120}'|\"[^\"\n]{2,120}\"|“[^”\n]{2,120}”|《[^》\n]{1,120}》|「[^」\n]{1,120}」"
)
NAMED = re.compile(
    r"(?<=[\w,;:)] )[A-Z][\w+#.]+|\b\w+\.\w{1,5}\b|\b\w+_\w+\b|\b\w*\d\w*\b|[\u4e00-\u9fff]{2,}"
)
"""Words that stand for one thing: names inside a sentence, files, identifiers, numbers, Chinese inside English."""


@lru_cache(maxsize=8192)
def event_kinds(text: str) -> frozenset[str]:
    """Kinds of the event, by its first `MAX_CHARS` characters."""
    return frozenset(kind for kind, pattern in EVENT_KINDS.items() if pattern.search(text))


@lru_cache(maxsize=8192)
def proposal_kinds(text: str) -> frozenset[str]:
    """Kinds of the proposal, by its first `MAX_CHARS` characters."""
    return frozenset(kind for kind, pattern in PROPOSAL_KINDS.items() if pattern.search(text))
