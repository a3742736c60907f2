"""Revision: one view of an insight rewritten to follow given paths, in a given category.

The same prompt revises towards the gold path and towards a wrong one, so that style tells nothing about which is
which. It sees the paths, never the message they were read from.
Source: ProUtt (arXiv:2601.09713), revision along the gold path; prompt our own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from tactful.llm.replies.words import Said
from tactful.llm.types import ChatModel
from tactful.prompts import load_prompt
from tactful.utterance.asking import ask
from tactful.utterance.replies import TWO, ModelReply, Note, as_list, as_text
from tactful.utterance.stages.insight import repeated, tree_text
from tactful.utterance.transcript import MAX_CHARS, fenced, language, transcript
from tactful.utterance.types import (
    Category,
    CategoryReasoning,
    Example,
    Insight,
    IntentPath,
    IntentTree,
    View,
    ViewName,
)

PROMPT = load_prompt(
    __file__,
    fields={
        "mark", "dialogue", "tree", "category", "category_reasoning", "view", "reasoning", "first_path",
        "second_path", "language",
    },
)  # fmt: skip


class RevisionReply(ModelReply):
    """The view's new reasoning and messages, the first for the first path."""

    reasoning: Said
    messages: Annotated[tuple[Said, ...], TWO]

    @classmethod
    def mend(cls, data: Mapping[str, Any], note: Note) -> Mapping[str, Any]:
        """An object where the list of messages belongs, messages wrapped in objects, `predictions` for `messages`."""
        messages = data.get("messages")
        if messages is None and "predictions" in data:
            note("messages called predictions")
            messages = data["predictions"]
        messages = as_list(messages, note, "messages")
        if isinstance(messages, list):
            messages = [_message(item, note) for item in messages]
        return {
            **{key: value for key, value in data.items() if key not in ("messages", "predictions")},
            "messages": messages,
        }


def _message(item: Any, note: Note) -> Any:
    if isinstance(item, Mapping):
        said = [value for key, value in item.items() if key in ("message", "content", "prediction", "text")]
        if len(said) == 1:
            note("a message wrapped in an object")
            return said[0]
    return as_text(item)


@dataclass(frozen=True)
class Revision:
    """What to revise, and along which paths."""

    insight: Insight
    view: ViewName
    paths: tuple[IntentPath, IntentPath]
    """In the order in which they are shown and kept."""
    category: Category
    wanted: Literal[0, 1] | None = None
    """For the rehearsal alone: which of the paths leads to what the user really wrote."""
    sample: int = 0
    """Tells redraws of one revision apart."""

    @property
    def stays(self) -> View:
        """The view that is not rewritten."""
        return self.insight.view("exploration" if self.view == "mining" else "mining")


async def revise(
    example: Example,
    tree: IntentTree,
    reasoning: CategoryReasoning,
    revision: Revision,
    model: ChatModel,
    *,
    max_chars: int = MAX_CHARS,
) -> tuple[Insight, tuple[str, ...]]:
    """The insight with one view rewritten along the paths, and what was mended.

    Raises: ParseError, also when every reply repeats the dialogue; ProviderError, StopRun.
    """
    first, second = revision.paths
    shown = fenced(
        dialogue=transcript(example.context, max_chars),
        tree=tree_text(tree),
        category_reasoning=reasoning.of(revision.category),
        reasoning=revision.insight.view(revision.view).reasoning,
        first_path=first.text,
        second_path=second.text,
    )
    prompt = PROMPT.render(
        **shown, category=revision.category.value, view=revision.view, language=language(example.lang)
    )
    facts = {
        "lang": example.lang,
        "paths": [path.text for path in revision.paths],
        "stays": revision.stays.predictions,
        "category": revision.category.value,
        "wanted": revision.wanted,
        "gold": "" if revision.wanted is None else example.hindsight.message,
    }
    reply = await ask(
        model,
        prompt,
        RevisionReply,
        task="utterance_revise",
        facts=facts,
        check=_check(example, revision),
        sample=revision.sample,
    )
    view = View(
        reasoning=reply.reasoning, paths=revision.paths, predictions=(reply.messages[0], reply.messages[1])
    )
    return revision.insight.with_view(revision.view, view), reply.repairs


def _check(example: Example, revision: Revision) -> Callable[[RevisionReply], str]:
    """What is wrong with a reply beside the view that stays: a message twice, or one that was said before."""

    def check(reply: RevisionReply) -> str:
        return repeated([*revision.stays.predictions, *reply.messages], example.context)

    return check
