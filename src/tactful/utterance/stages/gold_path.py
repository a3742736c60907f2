"""Stage 6, gold view and path: to which view the user's message belongs, the path that leads to it, and another one.

The nodes are abstract: a path tells the direction that the user took, never the words. Names and numbers that the
context lacks are found in code and asked for again.
Source: ProUtt (arXiv:2601.09713), gold path; prompt our own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from tactful.llm.replies.words import Said
from tactful.llm.types import ChatModel
from tactful.prompts import load_prompt
from tactful.text.quoting.shorten import shortened
from tactful.utterance.asking import ask
from tactful.utterance.dialogues import plain
from tactful.utterance.replies import ModelReply, Note, bare_word, path_of
from tactful.utterance.stages.abstract import concrete_part
from tactful.utterance.stages.insight import PathReply, foreseen, same_path, tree_text
from tactful.utterance.transcript import MAX_CHARS, fenced, language, transcript
from tactful.utterance.types import Category, Example, IntentPath, IntentTree, ViewName

PROMPT = load_prompt(__file__, fields={"mark", "dialogue", "tree", "category", "message", "language"})
_MAX_TEXT_CHARS = 8_000
_NAMES: Mapping[str, ViewName] = {
    **dict.fromkeys(("mining", "mining view", "mine", "挖掘", "深挖", "深入"), "mining"),
    **dict.fromkeys(
        ("exploration", "exploration view", "explore", "exploring", "探索", "拓展"), "exploration"
    ),
}


class GoldPathReply(ModelReply):
    """The model's reply."""

    reason: Said
    view: ViewName
    path: PathReply
    second_path: PathReply

    @classmethod
    def mend(cls, data: Mapping[str, Any], note: Note) -> Mapping[str, Any]:
        """Paths as text or lists, also as one list `paths`; the view in another spelling."""
        mended = dict(data)
        pair = mended.get("paths")
        if isinstance(pair, list) and len(pair) == 2 and "path" not in mended:
            note("both paths given as a list")
            mended["path"], mended["second_path"] = pair
        for name in ("path", "second_path"):
            if name in mended:
                mended[name] = path_of(mended[name], note)
        if isinstance(mended.get("view"), str):
            view = _NAMES.get(bare_word(mended["view"]))
            if view is not None and view != mended["view"]:
                note("view spelt otherwise")
                mended["view"] = view
        return mended


class GoldPath(NamedTuple):
    """The gold view with its two paths."""

    view: ViewName
    path: IntentPath
    second_path: IntentPath


async def find_path(
    example: Example, tree: IntentTree, category: Category, model: ChatModel, *, max_chars: int = MAX_CHARS
) -> tuple[GoldPath, tuple[str, ...]]:
    """The view and path of what the user really wrote, a plausible second path, and what was mended.

    Raises: ParseError, also when no reply stays abstract; ProviderError, StopRun.
    """
    shown = fenced(
        dialogue=transcript(example.context, max_chars),
        tree=tree_text(tree),
        message=shortened(example.hindsight.message, _MAX_TEXT_CHARS),
    )
    prompt = PROMPT.render(**shown, category=category.value, language=language(example.lang))
    facts, check = foreseen(example, tree), _check(example, tree)
    reply = await ask(model, prompt, GoldPathReply, task="utterance_gold_path", facts=facts, check=check)
    return GoldPath(reply.view, reply.path.path(), reply.second_path.path()), reply.repairs


def _check(example: Example, tree: IntentTree) -> Callable[[GoldPathReply], str]:
    topics = {plain(topic.name) for topic in tree.topics}

    def check(reply: GoldPathReply) -> str:
        path, second = reply.path.path(), reply.second_path.path()
        if same_path(path, second):
            return f"both paths are '{path.text}'; the second one must lead elsewhere"
        if reply.view == "exploration" and plain(path.topic) == plain(second.topic):
            return f"both paths explore '{path.topic}'; the second one needs a different new topic"
        if reply.view == "exploration" and plain(path.topic) in topics:
            return (
                f"'{path.topic}' is a topic of the tree: a path that starts there belongs to the mining view"
            )
        return not_abstract(example, (*path.nodes, *second.nodes))

    return check


def not_abstract(example: Example, nodes: tuple[str, ...]) -> str:
    """The complaint about a name or number that only hindsight could tell; empty when there is none."""
    context = "\n".join(message.content for message in example.context)
    found = concrete_part(
        nodes, context=context, hindsight=(example.hindsight.message, *example.hindsight.later)
    )
    if not found:
        return ""
    return (
        f"'{found}' stands nowhere in the dialogue so far; write nodes in general words, without a name, number or "
        "phrase that is not there"
    )
