"""Stage 1, intent tree: what the dialogue has been about so far, as topics → attributes → short values.

Source: ProUtt (arXiv:2601.09713), intent tree; prompt our own. The tree is data here, never prose.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import Field

from tactful.llm.replies.words import Said
from tactful.llm.types import ChatModel
from tactful.prompts import load_prompt
from tactful.types import Record
from tactful.utterance.asking import ask
from tactful.utterance.replies import ModelReply, Note, as_list, as_text, spelled
from tactful.utterance.transcript import MAX_CHARS, fenced, language, transcript
from tactful.utterance.types import Attribute, Example, IntentTree, Topic

PROMPT = load_prompt(__file__, fields={"mark", "dialogue", "language"})
LONGEST_NODE = 120
"""Characters of a name or value; longer ones are prose and asked for again."""


class AttributeReply(Record):
    """One side of a topic."""

    name: Said
    values: tuple[Said, ...]


class TopicReply(Record):
    """One topic."""

    name: Said
    attributes: tuple[AttributeReply, ...]


class TreeReply(ModelReply):
    """The model's reply."""

    bare = "topics"

    topics: tuple[TopicReply, ...] = Field(min_length=1)

    @classmethod
    def mend(cls, data: Mapping[str, Any], note: Note) -> Mapping[str, Any]:
        """Nested objects (topic → attribute → values) where lists belong, values that stand alone, numbers."""
        if "topics" not in data and data and all(map(_is_node, data.values())):
            note("topics given without their key")
            data = {"topics": data}
        if "topics" in data:
            return {**data, "topics": _named(data["topics"], "attributes", _attributes, note)}
        return data


def _is_node(value: Any) -> bool:
    return isinstance(value, Mapping | list)


def _named(nodes: Any, children: str, mend: Any, note: Note) -> Any:
    """A list of `{name, children}`, also from `{name: children}`."""
    if isinstance(nodes, Mapping) and {"name", children} <= nodes.keys():
        note("one node given without its list")
        nodes = [nodes]
    if isinstance(nodes, Mapping) and not all(
        isinstance(node, Mapping) and "name" in node for node in nodes.values()
    ):
        note(f"names given as keys beside their {children}")
        nodes = [{"name": name, children: below} for name, below in nodes.items()]
    nodes = as_list(nodes, note, f"a list of nodes with {children}")
    if not isinstance(nodes, list):
        return nodes
    mended = []
    for node in nodes:
        node = spelled(node, {"name": None, children: None}, note)
        if isinstance(node, Mapping) and "name" in node:
            below = mend(node.get(children) or [], note)
            node = {"name": as_text(node["name"]), children: below}
        mended.append(node)
    return mended


def _attributes(nodes: Any, note: Note) -> Any:
    if isinstance(nodes, list) and nodes and all(isinstance(node, str) for node in nodes):
        note("attributes given without values")
        nodes = [{"name": name, "values": []} for name in nodes]
    return _named(nodes, "values", _values, note)


def _values(values: Any, note: Note) -> Any:
    if isinstance(values, str | int | float) and not isinstance(values, bool):
        note("a value given without its list")
        values = [values]
    values = as_list(values, note, "a list of values")
    if not isinstance(values, list):
        return values
    said = [as_text(value) for value in values if value is not None]
    return [value for value in said if not isinstance(value, str) or value.strip()]


async def grow_tree(
    example: Example, model: ChatModel, *, max_chars: int = MAX_CHARS
) -> tuple[IntentTree, tuple[str, ...]]:
    """The intent tree of the context, equal names merged, and what was mended in the reply.

    Raises: ParseError, ProviderError, StopRun.
    """
    shown = fenced(dialogue=transcript(example.context, max_chars))
    prompt = PROMPT.render(**shown, language=language(example.lang))
    facts = {"context": [message.content for message in example.context], "lang": example.lang}
    reply = await ask(model, prompt, TreeReply, task="utterance_tree", facts=facts, check=_too_long)
    return _merged(reply), reply.repairs


def _too_long(reply: TreeReply) -> str:
    for topic in reply.topics:
        for attribute in topic.attributes:
            for text in (topic.name, attribute.name, *attribute.values):
                if len(text) > LONGEST_NODE:
                    return f"'{text[:40]}…' is too long for a node of the tree; write a few words"
    return ""


def _merged(reply: TreeReply) -> IntentTree:
    """The tree with every topic, attribute and value once, in the order of first mention."""
    tree: dict[str, dict[str, list[str]]] = {}
    for topic in reply.topics:
        attributes = tree.setdefault(topic.name, {})
        for item in topic.attributes:
            values = attributes.setdefault(item.name, [])
            values.extend(value for value in dict.fromkeys(item.values) if value not in values)
    return IntentTree(
        topics=tuple(
            Topic(
                name=name,
                attributes=tuple(Attribute(name=key, values=tuple(values)) for key, values in below.items()),
            )
            for name, below in tree.items()
        )
    )
