"""What the offline model predicts: questions in plain templates about words that the user used, never a language model.

It knows the user's earlier messages alone, nothing of what came next, so its figures show what templates reach. Two
replies in a hundred hold no prediction, as happens with real models.
"""

from __future__ import annotations

import random
import re
from collections.abc import Mapping, Sequence
from typing import Any

from tactful.text.lang import is_chinese
from tactful.types import Message
from tactful.utterance.stages.target_text import target_text
from tactful.utterance.types import Category, CategoryReasoning, Insight, IntentTree

SLIPS = 0.02
_WORD = {"zh": re.compile(r"[\u4e00-\u9fff]{2,4}"), "en": re.compile(r"[A-Za-z][A-Za-z_'-]{3,20}")}
_TEMPLATES: Mapping[str, Mapping[str, tuple[tuple[str, str, str], ...]]] = {
    "en": {
        "mining": (
            ("price", "How much does the {word} cost?", "the price has not come up"),
            ("details", "Can you tell me more about the {word}?", "the details are open"),
            ("alternative", "Is there another {word} that would do?", "the choice may change"),
        ),
        "exploration": (
            ("getting there", "Thanks. How do I get there?", "it follows from a choice"),
            ("next step", "Great, what should I do next?", "the first wish is met"),
            ("time", "What time would that be?", "a plan needs a time"),
        ),
    },
    "zh": {
        "mining": (
            ("价格", "{word}的价格是多少？", "还没有提到价格"),
            ("电话", "{word}的电话是多少？", "还没有提到电话"),
            ("地址", "{word}的地址在哪里？", "还没有提到地址"),
        ),
        "exploration": (
            ("酒店", "附近有什么酒店推荐吗？", "行程需要住处"),
            ("餐馆", "周边有哪些餐馆？", "游玩之后要吃饭"),
            ("交通", "怎么去那里比较方便？", "选定之后要出行"),
        ),
    },
}


def predict_script(messages: Sequence[Message], facts: Mapping[str, Any], rng: random.Random) -> str:
    """A reply in the form that the prompt asks for; in a few cases without the predictions."""
    lang = "zh" if is_chinese(facts["lang"]) else "en"
    words = [word for said in reversed(facts["said"]) for word in _WORD[lang].findall(said)]
    word = words[0] if words else ("这个" if lang == "zh" else "one")
    insight = Insight.model_validate(
        {view: _view(view, lang, word, rng) for view in ("mining", "exploration")}
    )
    tree = IntentTree.model_validate({"topics": [{"name": word}]})
    reasoning = CategoryReasoning(
        statement="rehearsal by templates",
        question="rehearsal by templates: most are questions",
        instruction="-",
    )
    text = target_text(tree, reasoning, Category.QUESTION, insight)
    return text.partition("<predict>")[0] + "I am not sure." if rng.random() < SLIPS else text


def _view(view: str, lang: str, word: str, rng: random.Random) -> dict[str, Any]:
    chosen = rng.sample(_TEMPLATES[lang][view], 2)
    topic = word if view == "mining" else chosen[0][0]
    return {
        "reasoning": "; ".join(why for _, _, why in chosen),
        "paths": [{"topic": topic if view == "mining" else name, "attribute": name} for name, _, _ in chosen],
        "predictions": [said.format(word=word) for _, said, _ in chosen],
    }


SCRIPTS = {"utterance_predict": predict_script}
