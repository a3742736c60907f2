"""What a sentence is about, as words: without grammar and politeness, so that an offer can be held against the work."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from functools import lru_cache

_LATIN = re.compile(r"[A-Za-z][A-Za-z0-9+#]*")
_HAN = re.compile(r"[㐀-䶿一-鿿]+")
_HAN_GRAMMAR = re.compile(
    "要不要|是不是|有没有|好不好|可以|需要|帮您|帮你|帮忙|如果|这个|那个|怎么|什么|为什么|一下|一个|一些|我们|你们|正在|用户|助手|"
    "[的了和与及在把被对为是或并以等从到将给向个这那其我你您吗呢吧啊请让再也就都又还想]"
)
_HAN_JOINTS = re.compile(r"[的了和与及在把被对为是或并以等且吗呢吧啊]|用户|助手")
_LONGEST_HAN, _MOST_WORDS = 14, 4  # of a topic
_NO_TOPIC = re.compile(r"\S+://\S+|['’]s\b|\b\w\b")
_TOKEN = re.compile(r"[A-Za-z][\w+#-]*(?:\.\w+)*|[㐀-䶿一-鿿]+|[^\s]")
_GRAMMAR_WORDS = """
    a about above after again all already also am an and another any anything are as at back be because been before being
    below beside between both but by can cannot come comes could did do does doing done down each else etc even every few
    find for from further get gets give go goes going had has have having here him his how i if in into is it its itself
    just keep let like likes line lines look looks made make makes making many may me might mine more most much must my need
    needs new next no nor not now of off on once one only onto or other our out over own part perhaps piece please put ready
    rest same see shall she should show shows so some something still such take takes than that the their them then there
    these they thing things this those through to too try two under until up upon us use used user users uses using very
    want wants was way we were what when where whether which while who why will with within without would yet you your
    agent assistant assist assistance help helps helping offer offers suggest suggests suggestion suggestions provide
    provides providing propose proposal could whenever happy sure ok okay
"""
_GRAMMAR = frozenset(_GRAMMAR_WORDS.split())


def _stem(word: str) -> str:
    """A crude stem: `queries` and `query`, `writing` and `write` fall together."""
    if word.endswith("ies") and len(word) > 4:
        return word[:-3] + "y"
    for ending in ("ings", "ing", "ed", "es", "s", "e"):
        if word.endswith(ending) and len(word) - len(ending) >= 3 and not word.endswith("ss"):
            word = word[: -len(ending)]
            break
    return word[:-1] if len(word) > 3 and word[-1] == word[-2] and word[-1] not in "lsz" else word


@lru_cache(maxsize=4096)
def content_words(text: str) -> frozenset[str]:
    """Stems of what is no grammar; of Chinese the pairs of neighbouring characters."""
    found = {
        _stem(word)
        for word in (word.lower() for word in _LATIN.findall(text))
        if len(word) > 1 and word not in _GRAMMAR
    }
    for run in _HAN.findall(text):
        for piece in _HAN_GRAMMAR.split(run):
            found.update(piece[at : at + 2] for at in range(len(piece) - 1))
    return frozenset(found)


def has_grammar(text: str) -> bool:
    """Whether anything in it is a word of grammar or politeness: a heap of letters has none."""
    return any(word.lower() in _GRAMMAR for word in _LATIN.findall(text)) or bool(_HAN_GRAMMAR.search(text))


def words_of(texts: Iterable[str]) -> frozenset[str]:
    """Those of all of them."""
    return frozenset().union(*map(content_words, texts))


def overlap(words: Collection[str], among: Collection[str]) -> float:
    """Share of `words` that is among the others, from 0 to 1; 0 where there are none."""
    return sum(word in among for word in words) / len(words) if words else 0.0


def topics(text: str) -> list[str]:
    """What a text names, in its own words and order: `average credit limit`; grammar and punctuation part them."""
    found: list[str] = []
    run: list[str] = []
    for token in _TOKEN.findall(_NO_TOPIC.sub(" ; ", text)):
        if _HAN.fullmatch(token):
            found += _ended(run)
            found += [piece[:_LONGEST_HAN] for piece in _HAN_JOINTS.split(token) if len(piece) > 1]
        elif _LATIN.match(token) and token.lower() not in _GRAMMAR:
            run.append(token)
            if len(run) == _MOST_WORDS:
                found += _ended(run)
        else:
            found += _ended(run)
    found += _ended(run)
    return list(dict.fromkeys(found))


def _ended(run: list[str]) -> list[str]:
    """The run as one topic; it is empty afterwards."""
    told = " ".join(run)
    run.clear()
    return [told] if len(told) > 2 else []
