"""A question that could be put, by what is missing: short, with a default, in the language of the request."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tactful.live.types import SuggestedQuestion

MISSING: Mapping[str, str] = {
    "goal": "what the result is for",
    "constraint": "which limits it has to keep to",
    "input": "which material it is about",
    "context": "where it will be used",
}
"""Kind of what is missing → in words, as an assistant is told."""
_QUESTIONS: Mapping[str, Mapping[str, tuple[str, str]]] = {
    "en": {
        "goal": ("What should the result be used for?", "the most common use"),
        "constraint": ("Is there a limit it has to keep to, such as length, format, budget or date?", "no special limit"),
        "input": ("Which material should this be based on?", "what has been shared so far"),
        "context": ("Where will it be used, and by whom?", "the place that the conversation suggests"),
        "": ("Is there anything that would make the result wrong for you?", "the usual way of doing it"),
    },
    "zh": {
        "goal": ("结果要用来做什么？", "最常见的用途"),
        "constraint": ("有没有必须遵守的限制，比如长度、格式、预算或日期？", "没有特别的限制"),
        "input": ("应该以哪些材料为准？", "目前为止给出的内容"),
        "context": ("会在哪里用、给谁用？", "对话里看得出来的场合"),
        "": ("有没有什么情况会让结果不合你的意？", "按通常的做法"),
    },
}  # fmt: skip


def declines(rejects: float) -> str:
    """How this person takes questions, as an assistant is told."""
    return f"Of questions like it, this person would probably decline {rejects:.0%}."


def suggested(missing: Sequence[str], lang: str) -> SuggestedQuestion:
    """A question about the likeliest gap, with what to assume instead; in Chinese where the request is, else in English."""
    words = _QUESTIONS["zh" if lang == "zh" else "en"]
    text, default = words.get(missing[0] if missing else "", words[""])
    return SuggestedQuestion(text=text, default=default)
