"""Logs that keep every version: messages form a tree, and the conversation is the path that was taken last."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import dropwhile
from typing import Any, Generic, TypeVar

from tactful.data.logs.drafting.drafts import Draft

T = TypeVar("T")


@dataclass
class Node(Generic[T]):
    """One message in a tree."""

    id: str
    parent: str | None
    message: T
    children: list[str] = field(default_factory=list)


def nested(tops: Sequence[Any], id: str, below: str) -> Iterator[tuple[Any, str | None]]:
    """(message, id of what it answers) where answers lie in what they answer, under the key `below`: each before its answers,
    however deep they lie."""
    waiting: list[tuple[Any, str | None]] = [(top, None) for top in reversed(tops)]
    while waiting:
        row, parent = waiting.pop()
        yield row, parent
        waiting += [(answer, str(row.get(id))) for answer in reversed(row.get(below) or ())]


def tree_of(nodes: Sequence[Node[T]]) -> dict[str, Node[T]]:
    """The nodes by their ids, each knowing its children in their order. A parent that is not there is none."""
    found = {node.id: node for node in nodes}
    for node in nodes:
        node.children = [child for child in node.children if child in found]
    for node in nodes:
        parent = found.get(node.parent or "")
        if parent is not None and parent is not node and node.id not in parent.children:
            parent.children.append(node.id)
    return found


def path_to(tree: Mapping[str, Node[T]], end: str | None) -> list[Node[T]]:
    """From the root to `end`; to the last node's last child where `end` is not there."""
    if end not in tree:
        roots = [node for node in tree.values() if node.parent not in tree]
        if not roots:
            return []
        end = _last(tree, roots[-1].id)
    path: list[Node[T]] = []
    seen: set[str] = set()
    at = end or ""
    while at in tree and at not in seen:
        seen.add(at)
        path.append(tree[at])
        at = tree[at].parent or ""
    return path[::-1]


def _last(tree: Mapping[str, Node[T]], start: str) -> str:
    seen = {start}
    while children := [child for child in tree[start].children if child not in seen]:
        start = children[-1]
        seen.add(start)
    return start


def say_path(
    draft: Draft, tree: Mapping[str, Node[T]], end: str | None, say: Callable[[Draft, T], Any]
) -> Draft:
    """The path to `end` as turns, and every sibling of it as a branch, followed to its own last message."""
    path = path_to(tree, end)
    roots = [node.id for node in tree.values() if node.parent not in tree]
    for node in path:
        parent = tree.get(node.parent or "")
        siblings = parent.children if parent is not None else roots
        start, last = len(draft.turns), draft.turns[-1:]
        say(draft, node.message)
        if draft.turns[-1:] != last:  # it may have taken the place of thoughts before it
            start = min(start, len(draft.turns) - 1)
        for sibling in siblings:
            if sibling != node.id:
                other = Draft(skipped=draft.skipped)
                for step in _from(path_to(tree, _last(tree, sibling)), sibling):
                    say(other, step.message)
                if other.turns:
                    draft.branches.append((start, other.turns))
    return draft


def _from(path: list[Node[T]], top: str) -> Iterable[Node[T]]:
    """The path from `top` on; nothing where it does not lead over it."""
    return dropwhile(lambda node: node.id != top, path)
