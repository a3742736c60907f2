"""What the offline model says in this room: a rehearsal of every stage, never a language model.

It knows what the user really wrote (`facts["gold"]`, which no endpoint is ever sent) and plays, by lot for each
message, a good, a middling or a poor forecaster, so that every branch of the pair construction is reached. Its
predictions are stock phrases or stretches of the real message: they show the form of the data and measure nothing.
"""

from __future__ import annotations

import random
import re
from collections.abc import Mapping, Sequence
from typing import Any

from tactful.text import detect_lang, similarity
from tactful.text.lang import CJK, is_chinese
from tactful.types import Message, seeded
from tactful.utterance.leakage import content_words

Facts = Mapping[str, Any]
Said = dict[str, Any]

_TOPICS = 3
_QUESTION = re.compile(r"[?？]\s*$|^(what|which|how|who|where|when|why|is|are|do|does|can i)\b|[吗呢]", re.I)
_INSTRUCTION = re.compile(
    r"\b(please|find|book|write|show|give|make|change|fix|help|need|want|create|add|try)\b|请|帮|推荐|找|想",
    re.I,
)
_WORDS: dict[str, dict[str, Any]] = {
    "en": {
        "attributes": ("what it is like", "what it costs", "how to get there"),
        "topic": "the request",
        "new": ("a place to rest afterwards", "a way to share the result", "a backup in case it fails"),
        "new_attribute": "what is on offer",
        "wrong": ("how long it takes", "who else it suits", "what to bring along", "how to cancel it"),
        "why": "By rehearsal: the last answer leaves room for a message of this kind.",
        "reasoning": "By rehearsal: after the last answer, {first} and {second} are both still open.",
        "message": "And {topic}, {attribute}{value}, any word on that?",
        "half": "{part}, roughly, as far as {attribute} goes.",
        "near": "Well, {gold}",
        "score": "By rehearsal: shared characters.",
    },
    "zh": {
        "attributes": ("具体情况", "费用", "怎么过去"),
        "topic": "当前的请求",
        "new": ("之后休息的地方", "跟别人分享的办法", "出问题时的备选"),
        "new_attribute": "有哪些选择",
        "wrong": ("需要多长时间", "适合什么样的人", "要带什么东西", "怎样取消"),
        "why": "排练：上一条回答之后，这样的消息说得通。",
        "reasoning": "排练：上一条回答之后，{first}和{second}都还没有说到。",
        "message": "{topic}这边，{attribute}{value}，能说说吗？",
        "half": "{part}，大致就这样，{attribute}方面。",
        "near": "那么，{gold}",
        "score": "排练：按共同的字符计算。",
    },
}


def _words(facts: Facts) -> dict[str, Any]:
    return _WORDS["zh" if is_chinese(facts["lang"]) else "en"]


def tree_script(messages: Sequence[Message], facts: Facts, rng: random.Random) -> Said:
    """Up to three topics: words of the dialogue that carry meaning, with stock attributes."""
    words = _words(facts)
    found = [_topic(text) for text in facts["context"]]
    names = list(dict.fromkeys(name for name in found if name))[:_TOPICS] or [words["topic"]]
    return {
        "topics": [
            {"name": name, "attributes": [{"name": words["attributes"][at % 3], "values": []}]}
            for at, name in enumerate(names)
        ]
    }


def _topic(text: str) -> str:
    """The longest content word of a text; of CJK text its first four signs."""
    run = re.search(CJK.pattern + "{2,4}", text)
    if run and detect_lang(text) == "zh":
        return run[0]
    return max(sorted(content_words(text)), key=len, default="")[:40]


def category_script(messages: Sequence[Message], facts: Facts, rng: random.Random) -> Said:
    """The same words for each category."""
    return dict.fromkeys(("statement", "question", "instruction"), _words(facts)["why"])


def gold_category_script(messages: Sequence[Message], facts: Facts, rng: random.Random) -> Said:
    """By question marks and a few words."""
    text = facts["gold"]
    name = (
        "Question" if _QUESTION.search(text) else "Instruction" if _INSTRUCTION.search(text) else "Statement"
    )
    return {"reason": _words(facts)["why"], "category": name}


def insight_script(messages: Sequence[Message], facts: Facts, rng: random.Random) -> Said:
    """Four stock messages; a good or middling forecaster replaces the first of the gold view by one nearer to the truth."""
    words = _words(facts)
    topics, new = list(facts["tree"]), words["new"]
    said = {
        "mining": _view(words, (topics[0], words["attributes"][1]), (topics[-1], words["attributes"][2])),
        "exploration": _view(words, (new[0], words["new_attribute"]), (new[1], words["new_attribute"])),
    }
    near = _near(words, facts["gold"], _skill(facts))
    if near:
        view = _gold_view(facts)
        if _astray(facts):
            view = "exploration" if view == "mining" else "mining"
        said[view]["guesses"][0]["message"] = near
    return said


def _skill(facts: Facts) -> str:
    return seeded("skill", facts["dialogue_id"], facts["gold"]).choice(("good", "middling", "poor"))


def _gold_view(facts: Facts) -> str:
    return "mining" if seeded("view", facts["dialogue_id"], facts["gold"]).random() < 0.6 else "exploration"


def _astray(facts: Facts) -> bool:
    """One forecast in ten comes near in the view to which the message does not belong."""
    return seeded("astray", facts["dialogue_id"], facts["gold"]).random() < 0.1


def _near(words: Mapping[str, Any], gold: str, skill: str) -> str:
    if skill == "poor":
        return ""
    if skill == "good":
        return str(words["near"].format(gold=gold))
    return str(
        words["half"].format(part=gold[: max(2, len(gold) // 2)].strip(), attribute=words["attributes"][0])
    )


def _view(words: Mapping[str, Any], *ways: tuple[str, str]) -> Said:
    """A view with a stock message along each way."""
    return {
        "reasoning": words["reasoning"].format(first=" → ".join(ways[0]), second=" → ".join(ways[1])),
        "guesses": [
            {
                "path": {"topic": topic, "attribute": attribute, "value": ""},
                "message": _stock(words, f"{topic} → {attribute}"),
            }
            for topic, attribute in ways
        ],
    }


def _stock(words: Mapping[str, Any], path: str) -> str:
    topic, attribute, *value = path.split(" → ")
    return str(
        words["message"].format(topic=topic, attribute=attribute, value="".join(f" ({one})" for one in value))
    )


def similarity_script(messages: Sequence[Message], facts: Facts, rng: random.Random) -> Said:
    """Shared character n-grams stand in for a judgement."""
    return {
        "scores": [
            {
                "number": number,
                "reason": _words(facts)["score"],
                "score": round(similarity(text, facts["gold"]), 2),
            }
            for number, text in enumerate(facts["predictions"], start=1)
        ]
    }


def gold_path_script(messages: Sequence[Message], facts: Facts, rng: random.Random) -> Said:
    """A stock path of a drawn view; nothing of the message enters it."""
    words, view = _words(facts), _gold_view(facts)
    topics = list(facts["tree"])
    first, second = (topics[0], topics[-1]) if view == "mining" else (words["new"][1], words["new"][2])
    attributes = words["attributes"][:2] if view == "mining" else (words["new_attribute"],) * 2
    return {
        "reason": words["why"],
        "view": view,
        "path": {"topic": first, "attribute": attributes[0], "value": ""},
        "second_path": {"topic": second, "attribute": attributes[1], "value": ""},
    }


def perturb_script(messages: Sequence[Message], facts: Facts, rng: random.Random) -> Said:
    """A stock attribute that neither excluded path has."""
    words = _words(facts)
    topic = facts["excluded"][0].split(" → ")[0]
    return {
        "reason": words["why"],
        "path": {"topic": topic, "attribute": rng.choice(words["wrong"]), "value": ""},
    }


def revise_script(messages: Sequence[Message], facts: Facts, rng: random.Random) -> Said:
    """Stock messages along the paths; along the gold path one close to the truth that the other view does not hold."""
    words, paths = _words(facts), facts["paths"]
    said = [_stock(words, path) for path in paths]
    if facts["category"] != "Question":
        said = [f"{text.rstrip('?？')} ({facts['category']})" for text in said]
    if facts["wanted"] is not None:
        near = str(words["near"].format(gold=facts["gold"]))
        said[facts["wanted"]] = str(words["near"].format(gold=near)) if near in facts["stays"] else near
    return {"reasoning": words["reasoning"].format(first=paths[0], second=paths[1]), "messages": said}


SCRIPTS = {
    "utterance_tree": tree_script,
    "utterance_category": category_script,
    "utterance_gold_category": gold_category_script,
    "utterance_insight": insight_script,
    "utterance_similarity": similarity_script,
    "utterance_gold_path": gold_path_script,
    "utterance_perturb": perturb_script,
    "utterance_revise": revise_script,
}
