"""What a predicting model is taught to say, and how its reply is read.

    <think>
    [Intent tree]
    {"hotel": {"area": ["north"]}}

    [Category]
    …why…
    Category: Question

    [Mining view]
    …why…
    1. hotel → price → moderate
    2. hotel → parking

    [Exploration view]
    …
    </think>
    <predict>…</predict>      four times: mining's two, then exploration's

`target_text` writes it, `parse_target` reads it: from any model, so it takes what is there, says in words what it
could not read, and never raises. Headings are English in every language; the texts under them are the dialogue's.
"""

from __future__ import annotations

import re
import unicodedata
from itertools import islice

import orjson
from pydantic import ValidationError

from tactful.types import Record
from tactful.utterance.types import VIEWS, Category, CategoryReasoning, Insight, IntentTree, View, ViewName

PER_VIEW = 2
"""Predictions of each view."""
HEADINGS: dict[str, str] = {
    "tree": "[Intent tree]",
    "category": "[Category]",
    "mining": "[Mining view]",
    "exploration": "[Exploration view]",
}

_NAME = r"\s*([/／]?)\s*(think(?:ing)?|predict(?:ion)?)[\s_-]*\d*"
_ANY_TAG = re.compile(rf"[<＜]{_NAME}(?:\s[^<>＜＞]*)?[>＞]", re.IGNORECASE)
_ENTITIES = {"<": "&lt;", "＜": "&#65308;"}
_BRACKETS = {entity: bracket for bracket, entity in _ENTITIES.items()}
_OPENING = re.compile(rf"(?:&(?:amp;)*(?:lt|#65308);|[<＜])(?=(?i:{_NAME})[\s>＞])")
"""What begins a tag, or an entity in the same place: `_guard` escapes each once more, `_unguard` takes that back."""
_TRIES = 50  # opening braces that are tried: thoughts about code hold many
_SECTION = re.compile(
    r"\[Category\](.*?)(?=\[(?:Intent tree|Mining view|Exploration view)\]|\Z)", re.I | re.S
)
_LINE = re.compile(r"^\W*(?:category|类别|类型)\W*:\W*(statement|question|instruction)\b", re.I | re.M)
_CATEGORY = re.compile(r"(?:category|类别|类型)\W{1,12}(statement|question|instruction)\b", re.I)


class ParsedTarget(Record):
    """What could be read from a model's reply."""

    predictions: tuple[str, ...] = ()
    """In the order given; empty ones left out."""
    views: tuple[ViewName, ...] = ()
    """The view of each prediction. Empty unless exactly four were given, for then the order does not tell."""
    category: Category | None = None
    """None: the reply names none, or its thoughts were not sent."""
    tree: IntentTree | None = None
    """None: no tree could be read."""
    problems: tuple[str, ...] = ()
    """What was unparsable, in words."""

    @property
    def usable(self) -> bool:
        """There is at least one prediction."""
        return bool(self.predictions)


# ---------------------------------------------------------------- writing


def target_text(tree: IntentTree, reasoning: CategoryReasoning, category: Category, insight: Insight) -> str:
    """The whole reply. `parse_target` reads the predictions back as they are, but for white space around them."""
    thoughts = "\n\n".join(
        (
            f"{HEADINGS['tree']}\n{orjson.dumps(tree.as_dict()).decode()}",
            f"{HEADINGS['category']}\n{reasoning.of(category)}\nCategory: {category.value}",
            *(f"{HEADINGS[name]}\n{_view_text(insight.view(name))}" for name in VIEWS),
        )
    )
    predictions = "\n".join(f"<predict>{_guard(text)}</predict>" for text in insight.predictions)
    return f"<think>\n{_guard(thoughts)}\n</think>\n{predictions}"


def _view_text(view: View) -> str:
    paths = "\n".join(f"{number}. {path.text}" for number, path in enumerate(view.paths, start=1))
    return f"{view.reasoning}\n{paths}"


def _guard(text: str) -> str:
    """A text in which nothing is read as a tag of ours: `</predict>` becomes `&lt;/predict>`."""
    return _OPENING.sub(lambda match: _ENTITIES.get(match[0]) or f"&amp;{match[0][1:]}", text)


def _unguard(text: str) -> str:
    return _OPENING.sub(lambda match: _BRACKETS.get(match[0]) or match[0].replace("amp;", "", 1), text)


# ---------------------------------------------------------------- reading


def parse_target(text: str, thoughts: str = "") -> ParsedTarget:
    """What a reply says; `thoughts` where the door or the endpoint has parted them from it.

    Tags may be in any case, full-width, numbered, or never closed. Nothing is made up: what is missing is None or
    left out, and named in `problems`.
    """
    problems: list[str] = []
    inside, outside = _split(text, problems)
    inside = f"{_without_tags(thoughts)}\n{inside}".strip()
    predictions = _predictions(outside, problems)
    if not predictions and (drafts := _predictions(inside, [])):
        predictions = drafts
        problems.append("the predictions stand inside <think>")
    if not predictions:
        problems.append("no <predict> holds a text")
    elif len(predictions) != PER_VIEW * len(VIEWS):
        problems.append(f"{len(predictions)} predictions, expected {PER_VIEW * len(VIEWS)}")
    in_order = len(predictions) == PER_VIEW * len(VIEWS)
    return ParsedTarget(
        predictions=tuple(predictions),
        views=tuple(name for name in VIEWS for _ in range(PER_VIEW)) if in_order else (),
        category=_category(inside, problems) if inside else None,
        tree=_tree(inside, problems) if inside else None,
        problems=tuple(problems),
    )


def _split(text: str, problems: list[str]) -> tuple[str, str]:
    """(what stands inside <think>, the rest). A block that never closes ends at the first <predict>."""
    tags = [(match, *_kind(match)) for match in _ANY_TAG.finditer(text)]
    opened = next((match for match, name, closes in tags if name == "think" and not closes), None)
    closed = next((match for match, name, closes in reversed(tags) if name == "think" and closes), None)
    if closed is not None:
        start = opened.end() if opened is not None and opened.start() < closed.start() else 0
        return text[start : closed.start()], text[closed.end() :]
    if opened is None:
        return "", text
    problems.append("<think> is not closed")
    after = next(
        (match for match, name, _ in tags if name == "predict" and match.start() > opened.end()), None
    )
    end = after.start() if after is not None else len(text)
    return text[opened.end() : end], text[end:]


def _predictions(text: str, problems: list[str]) -> list[str]:
    """The texts between <predict> tags. An unclosed one ends at the next tag, or at the end."""
    found: list[str] = []
    tags = [match for match in _ANY_TAG.finditer(text) if _kind(match)[0] == "predict"]
    for at, match in enumerate(tags):
        if _kind(match)[1]:
            continue
        following = tags[at + 1] if at + 1 < len(tags) else None
        if following is None or not _kind(following)[1]:
            problems.append("a <predict> is not closed")
        said = _unguard(text[match.end() : following.start() if following is not None else len(text)]).strip()
        if said:
            found.append(said)
        else:
            problems.append("an empty <predict>")
    return found


def _kind(match: re.Match[str]) -> tuple[str, bool]:
    """(`think` or `predict`, whether the tag closes)."""
    return "think" if match[2].lower().startswith("think") else "predict", bool(match[1])


def _without_tags(text: str) -> str:
    return _ANY_TAG.sub(lambda match: "" if _kind(match)[0] == "think" else match[0], text)


def _category(thoughts: str, problems: list[str]) -> Category | None:
    """The last category that is named as such: in its own section before elsewhere, in a line of its own before in prose."""
    said = unicodedata.normalize("NFKC", thoughts)
    for text in ("\n".join(_SECTION.findall(said)), said):
        for pattern in (_LINE, _CATEGORY):
            if named := pattern.findall(text):
                return Category(named[-1].capitalize())
    problems.append("no category is named")
    return None


def _tree(thoughts: str, problems: list[str]) -> IntentTree | None:
    """The first JSON object that is a tree: topic → attribute → values."""
    for match in islice(re.finditer(r"\{", thoughts), _TRIES):
        end = _object_end(thoughts, match.start())
        try:
            return tree_of(orjson.loads(_unguard(thoughts[match.start() : end])))
        except (orjson.JSONDecodeError, ValidationError, ValueError):
            continue
    problems.append("no intent tree can be read")
    return None


def _object_end(text: str, start: int) -> int:
    """Just after the brace that closes the one at `start`; the end of the text where none does."""
    depth, quoted, at = 0, False, start
    while at < len(text):
        char = text[at]
        if quoted:
            at += char == "\\"
            quoted = char != '"'
        elif char == '"':
            quoted = True
        elif char in "{}":
            depth += 1 if char == "{" else -1
            if depth == 0:
                return at + 1
        at += 1
    return at


def tree_of(data: object) -> IntentTree:
    """A tree from `IntentTree.as_dict()`; values may also be a single text. Raises: ValueError."""
    if not isinstance(data, dict):
        raise ValueError("an intent tree is an object")
    return IntentTree.model_validate(
        {"topics": [_topic(name, attributes) for name, attributes in data.items()]}
    )


def _topic(name: str, attributes: object) -> dict[str, object]:
    if not isinstance(attributes, dict):
        raise ValueError(f"topic '{name}' holds no attributes")
    listed = {key: values if isinstance(values, list) else [values] for key, values in attributes.items()}
    return {
        "name": name,
        "attributes": [
            {"name": key, "values": [str(value) for value in values if str(value).strip()]}
            for key, values in listed.items()
        ],
    }
