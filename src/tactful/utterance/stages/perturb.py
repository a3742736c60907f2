"""An incorrect but sensible path: where the user might well have gone, and did not.

What the user wrote later in the same dialogue serves as reference: wishes that are really theirs, only not now.
Source: ProUtt (arXiv:2601.09713), perturbation; prompt our own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from tactful.llm.replies.words import Said
from tactful.llm.types import ChatModel
from tactful.prompts import load_prompt
from tactful.text.quoting.shorten import shortened
from tactful.utterance.asking import ask
from tactful.utterance.replies import ModelReply, Note, path_of
from tactful.utterance.stages.gold_path import GoldPath, not_abstract
from tactful.utterance.stages.insight import PathReply, same_path, tree_text
from tactful.utterance.transcript import MAX_CHARS, fenced, language, transcript
from tactful.utterance.types import Example, IntentPath, IntentTree

PROMPT = load_prompt(
    __file__, fields={"mark", "dialogue", "tree", "view", "true_path", "other_path", "later", "language"}
)
_MAX_TEXT_CHARS = 2_000
_MOST_LATER = 5


class PerturbedReply(ModelReply):
    """The model's reply."""

    reason: Said
    path: PathReply

    @classmethod
    def mend(cls, data: Mapping[str, Any], note: Note) -> Mapping[str, Any]:
        """A path as text or as a list."""
        return {**data, "path": path_of(data["path"], note)} if "path" in data else data


async def perturb_path(
    example: Example, tree: IntentTree, gold: GoldPath, model: ChatModel, *, max_chars: int = MAX_CHARS
) -> tuple[IntentPath, tuple[str, ...]]:
    """A path of the gold view that leads elsewhere than both of its paths, and what was mended.

    Raises: ParseError, also when every reply takes a path that is excluded; ProviderError, StopRun.
    """
    later = "\n".join(
        f"- {shortened(text, _MAX_TEXT_CHARS)}" for text in example.hindsight.later[:_MOST_LATER]
    )
    prompt = PROMPT.render(
        **fenced(
            dialogue=transcript(example.context, max_chars), tree=tree_text(tree), later=later or "(nothing)"
        ),
        view=gold.view,
        true_path=gold.path.text,
        other_path=gold.second_path.text,
        language=language(example.lang),
    )
    facts = {
        "lang": example.lang,
        "tree": tree.as_dict(),
        "excluded": [gold.path.text, gold.second_path.text],
    }
    reply = await ask(
        model, prompt, PerturbedReply, task="utterance_perturb", facts=facts, check=_check(example, gold)
    )
    return reply.path.path(), reply.repairs


def _check(example: Example, gold: GoldPath) -> Callable[[PerturbedReply], str]:
    def check(reply: PerturbedReply) -> str:
        path = reply.path.path()
        for excluded in (gold.path, gold.second_path):
            if same_path(path, excluded):
                return f"the path '{path.text}' is one of those to keep away from; take another direction"
        return not_abstract(example, path.nodes)

    return check
