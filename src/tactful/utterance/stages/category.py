"""Stages 2 and 3: why the next message might be of each category, and of which it is.

The reasoning is written without sight of the message; the gold category is read off the message itself.
Source: ProUtt (arXiv:2601.09713), utterance categories; prompts our own.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tactful.llm.replies.words import Said
from tactful.llm.types import ChatModel
from tactful.prompts import load_prompt
from tactful.text.quoting.shorten import shortened
from tactful.utterance.asking import ask
from tactful.utterance.replies import ModelReply, Note, bare_word
from tactful.utterance.transcript import MAX_CHARS, fenced, language, transcript
from tactful.utterance.types import Category, CategoryReasoning, Example

PROMPT = load_prompt(__file__, fields={"mark", "dialogue", "language"})
GOLD_PROMPT = load_prompt(__file__, "gold_category", fields={"mark", "answer", "message", "language"})
_MAX_TEXT_CHARS = 8_000

_NAMES = {
    **{category.value.casefold(): category for category in Category},
    **dict.fromkeys(("陈述", "陈述句", "陳述"), Category.STATEMENT),
    **dict.fromkeys(("问题", "疑问", "提问", "疑问句", "問題"), Category.QUESTION),
    **dict.fromkeys(("指令", "请求", "命令", "祈使句"), Category.INSTRUCTION),
}


class CategoryReply(ModelReply):
    """Why the next message might be of each category."""

    statement: Said
    question: Said
    instruction: Said

    @classmethod
    def listed(cls, data: list[Any], note: Note) -> Any:
        """A list of `{category, reasoning}`."""
        note("categories given as a list")
        return {
            str(item.get("category")): item.get("reasoning")
            for item in data
            if isinstance(item, Mapping) and "category" in item
        }

    @classmethod
    def mend(cls, data: Mapping[str, Any], note: Note) -> Mapping[str, Any]:
        """Reasonings wrapped in an object of their own."""
        mended = dict(data)
        for name in cls.model_fields:
            inner = mended.get(name)
            if isinstance(inner, Mapping) and isinstance(inner.get("reasoning"), str):
                note("reasoning wrapped in an object")
                mended[name] = inner["reasoning"]
        return mended


class GoldCategoryReply(ModelReply):
    """Of which category the message is."""

    reason: Said
    category: Category

    @classmethod
    def mend(cls, data: Mapping[str, Any], note: Note) -> Mapping[str, Any]:
        """The category in another spelling, or named in Chinese."""
        said = data.get("category")
        category = _NAMES.get(bare_word(said)) if isinstance(said, str) else None
        if category is None or said == category.value:
            return data
        note("category spelt otherwise")
        return {**data, "category": category.value}


async def reason_categories(
    example: Example, model: ChatModel, *, max_chars: int = MAX_CHARS
) -> tuple[CategoryReasoning, tuple[str, ...]]:
    """The three reasonings, written without sight of the message, and what was mended.

    Raises: ParseError, ProviderError, StopRun.
    """
    shown = fenced(dialogue=transcript(example.context, max_chars))
    prompt = PROMPT.render(**shown, language=language(example.lang))
    reply = await ask(model, prompt, CategoryReply, task="utterance_category", facts={"lang": example.lang})
    reasoning = CategoryReasoning(
        statement=reply.statement, question=reply.question, instruction=reply.instruction
    )
    return reasoning, reply.repairs


async def find_category(
    example: Example, model: ChatModel, *, max_chars: int = MAX_CHARS
) -> tuple[Category, tuple[str, ...]]:
    """The gold category, from the assistant's last message and the user's, and what was mended.

    Raises: ParseError, ProviderError, StopRun.
    """
    answers = [message.content for message in example.context if message.role == "assistant"]
    message = example.hindsight.message
    answer = shortened(answers[-1], min(_MAX_TEXT_CHARS, max_chars))
    shown = fenced(answer=answer, message=shortened(message, _MAX_TEXT_CHARS))
    prompt = GOLD_PROMPT.render(**shown, language=language(example.lang))
    reply = await ask(
        model,
        prompt,
        GoldCategoryReply,
        task="utterance_gold_category",
        facts={"lang": example.lang, "gold": message},
    )
    return reply.category, reply.repairs
