"""What counts as a question. Decided here, once, for behaviours, users, rewards and reports.

A question is a sentence, outside code, quotations and links, by which the assistant asks the user for something
that it needs to know. It ends in `?` or `？`, or asks without a mark ("could you tell me which…", "Please tell me
your budget.", "请确认日期。"). A run of marks counts once, each item of a list by itself (also of a list of what the
assistant needs to be told), and a sentence once whatever it asks for.

Not counted: offers and pleasantries ("Would you like me to explain further?", "Does that help?", "这样可以吗？"),
questions that the message answers itself ("Why? Because …", "Q: … A: …", a heading over its text), rhetorical ones,
lists of questions for others (interviews, icebreakers), marks in regular expressions, links, placeholders and
ternaries, and lines that quote somebody (`> …`). How often this is right: docs/measured/clarity.md, "Questions".
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise

from tactful.text.asking import (
    ANSWER_LINE,
    ASKED_LINE,
    ASKS,
    ASKS_ZH,
    FOR_OTHERS,
    SIMPLE,
    TOLD,
    UNMARKED,
    UNSURE,
    goes_on,
    is_answer,
    is_offer,
    speaks_to_user,
)
from tactful.text.later import later
from tactful.text.prose import HIDDEN_DOT, own_prose
from tactful.text.thoughts import strip_thoughts

_LONGEST_SENTENCE = 1000  # characters looked at; more is no sentence but a dump, and its end decides

# A word that holds a mark but is a pattern, not prose: `(?:`, `.*?`, `[a-z]?`, `\d+?`, `colou?r`, `?id=`.
_PATTERN_WORD = later(
    r"\(\?[:=!<P#a-zA-Z]|[.\])][*+]\?|\\[a-zA-Z.]\S*\?|\[[^\]\s]+\]\?|[\w.]\?[A-Za-z0-9_.]|^\?\w"
)
_TERNARY = later(r"\s\?\s+[^?:\n]{1,60}\s:\s")
_BULLET = later(
    r"^\s*(?:[-*+•·](?!\*)|\(?\d{1,2}[.)、]|\(?[a-zA-Z][.)]|[（(][一二三四五六七八九十\d]+[)）]|[一二三四五六七八九十]+、|#{1,6})\s*"
)
_HEADING = later(r"^\s*(?:#{1,6}\s|(?:\d{1,2}[.)]\s*)?(\*\*|__)[^*_]+\1\s*$)")
_BOLD_QUESTION = later(r"^\s*(?:\d{1,2}[.)]\s*)?(\*\*|__)[^*_]+[?？]\1\s+\S")
"""A question in bold type, and the text under it on the same line."""
_SENTENCE = later(
    r".*?(?:(?<![?？!！])[?？][?？!！]*+(?=[\s)\]）】*_~\"'”’」]|[一-鿿]|$|[,，;；])[*_~]*|[!！。；]++|(?<!\.)\.++(?=\s|$)|$)",
    re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class _Sentence:
    text: str
    item: bool
    """It stands in a list."""
    heading: bool
    lead: str
    """Of a list item: the line over its list; else empty."""

    @property
    def plain(self) -> str:
        """The text as the patterns look at it."""
        return self.text.translate(SIMPLE)


def _sentences(text: str) -> list[_Sentence]:
    found: list[_Sentence] = []
    lead = ""
    for line in own_prose(text).split("\n"):
        if not line.strip():
            continue
        line = _TERNARY.sub(" ", line)
        bullet = _BULLET.match(line)
        heading = bool(_HEADING.match(line))
        if heading and bullet and _is_lead(lead) and _asks(lead):
            heading = False  # "2. **Budget**" under what the assistant needs
        item = bullet is not None and not heading
        if not item:
            lead = line.strip("*_# \t")
        bold = bool(_BOLD_QUESTION.match(line))
        for match in _SENTENCE.finditer(_BULLET.sub("", line)):
            sentence = " ".join(match[0].split()).strip("*_~ ")[-_LONGEST_SENTENCE:]
            if sentence:
                found.append(_Sentence(sentence, item, heading or bold, lead if item else ""))
                bold = False
    return found


def _is_marked(sentence: str) -> bool:
    """Whether the sentence ends in a question mark that belongs to prose."""
    body = sentence.rstrip(" \t*_~)]）】,，;；\"'”’」")
    bare = body.rstrip("?？!！")
    if not re.search(r"[?？]", body[len(bare) :]):
        return False
    if not re.search(r"\w", bare) or bare.rstrip()[-1] in "(,=<>|&":
        return False
    return not _PATTERN_WORD.search(body.split()[-1])


def _asks(sentence: str) -> bool:
    sentence = sentence.translate(SIMPLE)
    return bool(ASKS.search(sentence) or ASKS_ZH.search(sentence))


def _is_lead(sentence: str) -> bool:
    return sentence.rstrip("*_~ ").endswith((":", "："))


def _is_asked(sentence: _Sentence, following: _Sentence | None) -> bool:
    """Whether the sentence asks the user; `following` is the next one of the message, None at its end."""
    text = sentence.plain
    if is_offer(text) or TOLD.search(text) or (sentence.lead and FOR_OTHERS.search(sentence.lead)):
        return False
    if not _is_marked(text):
        if _is_lead(text) and following is not None and following.item:
            return False  # the items count, each by itself
        if sentence.item and _is_lead(sentence.lead) and _asks(sentence.lead):
            return not is_offer(sentence.lead)
        if following is not None and UNSURE.search(text) and _is_marked(following.text):
            return False
        return _asks(text) or (following is None and bool(UNMARKED.search(text)))
    if following is None:
        return True
    if ASKED_LINE.search(text) or ANSWER_LINE.search(following.plain):
        return False
    if sentence.heading and not following.heading and not _is_marked(following.text):
        return goes_on(following.plain) or (following.item and speaks_to_user(text))
    return _is_marked(following.text) or not is_answer(text, following.plain)


def questions(text: str) -> list[str]:
    """The questions that `text` puts to its reader, in order, without list marks; code and links as `x`.

    What a model thought (`thoughts`) is put to nobody.
    """
    sentences = _sentences(strip_thoughts(text))
    return [
        sentence.text.replace(HIDDEN_DOT, ".")
        for sentence, following in pairwise([*sentences, None])
        if sentence is not None and _is_asked(sentence, following)
    ]


def count_questions(text: str) -> int:
    """How many questions `text` puts to its reader (the `questions` of rewards, budgets and reports)."""
    return len(questions(text))
