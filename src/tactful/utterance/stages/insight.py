"""Stage 4, dual-view insight: what the user may say next, deeper in a topic and on to a new one.

Each view has its reasoning, two intent paths and one predicted message for each. Nothing here has seen the message.
Source: ProUtt (arXiv:2601.09713), dual-view insight; prompt our own. Unlike there, a path and its message are asked for
together, and paths are data.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Annotated, Any

import orjson

from tactful.data.formats.chats import ChatMessage
from tactful.llm.replies.words import Said
from tactful.llm.types import ChatModel
from tactful.prompts import load_prompt
from tactful.types import Record
from tactful.utterance.asking import ask
from tactful.utterance.dialogues import plain
from tactful.utterance.replies import TWO, ModelReply, Note, as_list, as_text, path_of, spelled
from tactful.utterance.transcript import MAX_CHARS, fenced, language, transcript
from tactful.utterance.types import (
    VIEWS,
    Category,
    CategoryReasoning,
    Example,
    Insight,
    IntentPath,
    IntentTree,
    View,
)

PROMPT = load_prompt(
    __file__, fields={"mark", "dialogue", "tree", "category", "category_reasoning", "language"}
)
_ONE_OF_TWO = {"path": None, "message": None}


class PathReply(Record):
    """A way through the tree."""

    topic: Said
    attribute: Said
    value: str = ""

    def path(self) -> IntentPath:
        """The record for it."""
        return IntentPath(**{name: " ".join(node.split()) for name, node in self})


class GuessReply(Record):
    """A path and the message that follows it."""

    path: PathReply
    message: Said


class ViewReply(Record):
    """One view: why, and two guesses."""

    reasoning: Said
    guesses: Annotated[tuple[GuessReply, ...], TWO]

    def view(self) -> View:
        """The record for it."""
        first, second = self.guesses
        return View(
            reasoning=self.reasoning,
            paths=(first.path.path(), second.path.path()),
            predictions=(first.message, second.message),
        )


class InsightReply(ModelReply):
    """Both views."""

    mining: ViewReply
    exploration: ViewReply

    @classmethod
    def mend(cls, data: Mapping[str, Any], note: Note) -> Mapping[str, Any]:
        """Views and guesses in other common shapes: see `_view`."""
        return {name: _view(value, note) if name in VIEWS else value for name, value in data.items()}


def _view(data: Any, note: Note) -> Any:
    """A view with its guesses as a list of `{path, message}`, also from `paths` beside `predictions`."""
    data = spelled(data, {"reasoning": None, "guesses": None}, note)
    if not isinstance(data, Mapping):
        return data
    guesses = data.get("guesses")
    paths, said = data.get("paths"), data.get("predictions", data.get("messages"))
    if guesses is None and paths is not None and said is not None:
        paths, said = as_list(paths, note, "paths"), as_list(said, note, "predictions")
        if isinstance(paths, list) and isinstance(said, list) and len(paths) == len(said):
            note("paths given apart from their messages")
            guesses = [{"path": path, "message": text} for path, text in zip(paths, said, strict=True)]
    guesses = as_list(guesses, note, "guesses")
    if isinstance(guesses, list):
        guesses = [_guess(item, note) for item in guesses]
    return {"reasoning": data.get("reasoning"), "guesses": guesses}


def _guess(data: Any, note: Note) -> Any:
    data = spelled(data, _ONE_OF_TWO, note)
    if not isinstance(data, Mapping) or "path" not in data:
        return data
    return {
        "path": path_of(data["path"], note),
        "message": as_text(data.get("message", data.get("prediction"))),
    }


async def see_ahead(
    example: Example,
    tree: IntentTree,
    category: Category,
    reasoning: CategoryReasoning,
    model: ChatModel,
    *,
    max_chars: int = MAX_CHARS,
) -> tuple[Insight, tuple[str, ...]]:
    """Both views of what the user may say next, in the model's order of paths, and what was mended.

    Raises: ParseError, ProviderError, StopRun.
    """
    shown = fenced(
        dialogue=transcript(example.context, max_chars),
        tree=tree_text(tree),
        category_reasoning=reasoning.of(category),
    )
    prompt = PROMPT.render(**shown, category=category.value, language=language(example.lang))
    facts, check = foreseen(example, tree), insight_check(example.context)
    reply = await ask(model, prompt, InsightReply, task="utterance_insight", facts=facts, check=check)
    return Insight(mining=reply.mining.view(), exploration=reply.exploration.view()), reply.repairs


def foreseen(example: Example, tree: IntentTree) -> dict[str, Any]:
    """What the offline model must know to play a forecaster of this message."""
    return {
        "lang": example.lang,
        "tree": tree.as_dict(),
        "gold": example.hindsight.message,
        "dialogue_id": example.dialogue_id,
    }


def insight_check(context: tuple[ChatMessage, ...]) -> Callable[[InsightReply], str]:
    """What is wrong with a reply in this context: a path twice in a view, a prediction twice or said before."""

    def check(reply: InsightReply) -> str:
        views = (reply.mining.view(), reply.exploration.view())
        for name, view in zip(VIEWS, views, strict=True):
            if same_path(*view.paths):
                return f"both paths of the {name} view are '{view.paths[0].text}'; they must differ"
        return repeated([text for view in views for text in view.predictions], context)

    return check


def same_path(one: IntentPath, other: IntentPath) -> bool:
    """Equal nodes but for case, width and punctuation."""
    return [plain(node) for node in one.nodes] == [plain(node) for node in other.nodes]


def repeated(predictions: list[str], context: tuple[ChatMessage, ...]) -> str:
    """The complaint about a prediction that occurs twice or repeats a message of the context; empty when there is none."""
    said = {plain(message.content) for message in context}
    seen: set[str] = set()
    for text in predictions:
        if plain(text) in said:
            return f"the predicted message '{text[:80]}' repeats a message of the dialogue; predict what comes next"
        if plain(text) in seen:
            return f"the predicted message '{text[:80]}' occurs twice; every prediction must differ from the others"
        seen.add(plain(text))
    return ""


def tree_text(tree: IntentTree) -> str:
    """The tree as JSON, as prompts show it."""
    return orjson.dumps(tree.as_dict()).decode()
