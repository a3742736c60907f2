"""Is a path's node abstract? It must hold no name and no number that the context lacks.

"moderately priced" is abstract; "68 yuan" or "the Louvre" is not, unless the dialogue has said it. What is
checked, against the texts that hindsight could have come from: numbers; names (capitalised words, words with digits,
underscores or capitals inside; in Chinese what stands in quotation marks or ends as names of places do); and stretches
copied from the message. A word that opens a sentence there may be a name or not: it counts as one where the node writes it
with a capital too, for nodes are in lower case. Unnoticed pass such a name in lower case, and a Chinese name that neither is
quoted nor ends in a telling sign.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

from tactful.text.lang import CJK
from tactful.utterance.dialogues import plain
from tactful.utterance.leakage import FUNCTION_WORDS

_NUMBER = re.compile(r"\d+(?:[.,:]\d+)*")
_WORD = re.compile(r"[^\W\d_][\w'’-]*")
_SENTENCE_START = re.compile(r"(?:^|[.!?。！？:：\n])\s*[\"'“‘(]*$")
_QUOTED = re.compile(
    r"《([^》]{2,30})》|「([^」]{2,30})」|“([^”]{2,30})”|\"([^\"\n]{2,30})\"|`([^`\n]{2,60})`"
)
_PLACE = re.compile(
    r"[\u4e00-\u9fff]{2,14}(?:路|街|市|省|县|镇|村|寺|庙|宫|园|山|湖|塔|楼|馆|院|店|站|桥|城|门(?!票)|阁|大学|公司|餐厅|机场|胡同|广场)"
)
_KINDS = re.compile(
    "(?:公园|餐馆|宾馆|酒店|饭店|旅馆|商店|书店|博物馆|博物院|图书馆|美术馆|展览馆|体育馆|动物园|植物园|游乐园|火车站|地铁站|车站|医院|学院"
    "|电影院|剧院|寺庙|大学|公司|餐厅|机场|胡同|广场|城市|古城|[路街市省县镇村寺庙宫园山湖塔楼馆院店站桥城门阁])$"
)
_MODIFIERS = re.compile(
    "周边|附近|旁边|另外|其他|其它|别的|高档|高级|便宜|经济型|豪华型|舒适型|高档型|这家|那家|这个|那个|一家|一个|特色|推荐|热门|著名|当地|哪些|哪个|哪家|哪|什么|这些|这两|那些|两家|几家|从|是|名叫|叫做|希望|打算|知道|最好|查一下|问一下|看看|提供|以上|以下|和(?![园宫平敬])|与|及|并且|中式|西式|那么|那|此|您|你|们|家|个|的|请|找|去|有|想|我|要|在|吃|到"
)
_KIND_WORDS = """
    hotel guesthouse hostel restaurant cafe bar pub museum park college church theatre cinema station
    airport bus train taxi hospital police entrance address postcode phone internet wifi gastropub nightclub
    centre center north south east west monday tuesday wednesday thursday friday saturday sunday python code
    function list string integer file error test id info street road house guest coffee true false none null
    new
"""
_PLAIN_WORDS = FUNCTION_WORDS | frozenset(_KIND_WORDS.split())
"""Words that many people write with a capital though they name a kind of thing."""
_COPIED_RUN = 8
"""CJK characters in a row that a node must not share with the message alone."""
_COPIED_WORDS = 4
"""Words in a row that a node must not share with the message alone, ..."""
_TELLING_WORDS = 3
"""... where at least so many of them carry meaning."""
_SHOUTED = 0.7
"""From this share of capitals on, capitals tell nothing about names."""
_WHOLE_MESSAGE_CHARS = 12
"""From this length on, a node must not hold the whole message."""


def concrete_part(nodes: Sequence[str], *, context: str, hindsight: Sequence[str]) -> str:
    """The first name or number in `nodes` that the context lacks; empty when all are abstract."""
    said = _fold(context)
    later = [unicodedata.normalize("NFKC", text) for text in hindsight]
    names = {name for text in later for name in _names(text)} - _words(said)
    titled = all(node[:1].isupper() for node in nodes)  # then a capital tells nothing
    openings = set() if titled else {name for text in later for name in _names(text, True)} - _words(said)
    phrases = {phrase for text in later for phrase in _phrases(text) if not _known(phrase, said)}
    before, come = _in_a_row(said), [_in_a_row(_fold(text)) for text in later]
    for node in nodes:
        found = (
            _number(node, said)
            or _name(node, names, openings)
            or _phrase(node, phrases)
            or _copied(node, said, later)
            or _message(node, later)
            or _copied_words(node, before, come)
        )
        if found:
            return found
    return ""


def _known(phrase: str, said: str) -> bool:
    """The context holds the phrase, or an end of it that is still a name."""
    return any(end in said for end in _ends(phrase))


def _ends(phrase: str) -> list[str]:
    """The phrase, and its ends that still name something: what stands before a Chinese name is easily taken for part of it."""
    ends = [phrase[start:] for start in range(1, len(phrase))] if CJK.search(phrase) else []
    return [phrase, *(end for end in ends if len(_KINDS.sub("", end)) >= 2 and _KINDS.search(end))]


def _fold(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold()


def _words(folded: str) -> set[str]:
    return {*_WORD.findall(folded), *re.findall(r"\w+", folded)}


def _number(node: str, said: str) -> str:
    """A number of the node that the context does not hold as a number of its own."""
    for number in _NUMBER.findall(_fold(node)):
        if not re.search(rf"(?<!\d){re.escape(number)}(?!\d)", said):
            return str(number)
    return ""


def _names(text: str, opening: bool = False) -> set[str]:
    """Words that look like names, folded: capitalised inside a sentence (or at its `opening` too), or with digits, underscores
    or inner capitals."""
    letters = [char for char in text if char.isalpha() and char.isascii()]
    shouted = sum(char.isupper() for char in letters) > _SHOUTED * len(letters)
    names = set()
    for match in _WORD.finditer(text):
        word = match[0]
        if len(word) < 2 or CJK.search(word) or word.casefold() in _PLAIN_WORDS:
            continue
        marked = any(char.isdigit() or char == "_" for char in word)
        opens = not opening and _SENTENCE_START.search(text[: match.start()]) is not None
        capital = any(char.isupper() for char in word[1:]) or (word[0].isupper() and not opens)
        if marked or (capital and not shouted):
            names.add(word.casefold())
    return names


def _phrases(text: str) -> set[str]:
    """Quoted stretches, and Chinese names of places, folded."""
    quoted = {next(part for part in match.groups() if part) for match in _QUOTED.finditer(text)}
    places = {name for match in _PLACE.finditer(_MODIFIERS.sub(" ", text)) if (name := match[0])}
    return {_fold(phrase) for phrase in quoted | {name for name in places if len(_KINDS.sub("", name)) >= 2}}


def _name(node: str, names: set[str], openings: set[str]) -> str:
    """A word that is a name wherever it stands, or one of `openings` with a capital."""
    words = _WORD.findall(unicodedata.normalize("NFKC", node))
    return next(
        (word for word in words if word.casefold() in (names | openings if word[0].isupper() else names)), ""
    )


def _phrase(node: str, phrases: set[str]) -> str:
    """The longest end of a phrase that the node holds."""
    folded = _fold(node)
    return next((end for phrase in sorted(phrases) for end in _ends(phrase) if end in folded), "")


def _copied(node: str, said: str, later: Sequence[str]) -> str:
    """A long run of CJK characters that the node shares with what came later and not with the context."""
    folded, come = _fold(node), _fold("\n".join(later))
    for at in range(len(folded) - _COPIED_RUN + 1):
        run = folded[at : at + _COPIED_RUN]
        if len(CJK.findall(run)) == _COPIED_RUN and run not in said and run in come:
            return run
    return ""


def _copied_words(node: str, before: str, come: Sequence[str]) -> str:
    """A run of words that the node shares with a text that came later and not with the context, each `_in_a_row`."""
    words = _in_a_row(_fold(node)).split()
    runs = [words[at : at + _COPIED_WORDS] for at in range(len(words) - _COPIED_WORDS + 1)]
    for run in runs:
        copied = f" {' '.join(run)} "
        telling = sum(word not in FUNCTION_WORDS for word in run) >= _TELLING_WORDS
        if telling and copied not in before and any(copied in text for text in come):
            return copied.strip()
    return ""


def _in_a_row(folded: str) -> str:
    """The words alone, each between spaces."""
    return " ".join(("", *re.findall(r"\w+", folded), ""))


def _message(node: str, later: Sequence[str]) -> str:
    """The node, where it holds a whole message that came later."""
    whole = [plain(text) for text in later]
    return node if any(len(text) >= _WHOLE_MESSAGE_CHARS and text in plain(node) for text in whole) else ""
