"""The code of an answer: what a reader would run of a message that holds fences, prose, usage examples and drafts.

Taken is the last block that defines what the tests use, with what it needs from earlier blocks; if none does, the
Python blocks joined. Blocks tagged as Python go before untagged ones, those before any other. Without a fence, the
definitions that stand between the prose. The names that tests use are not shown to anyone: only the choice of the block
knows them, as a person who copies the answer into a file does.
"""

from __future__ import annotations

import ast
import builtins
import re
import textwrap
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache

from tactful.text.loose_code import DEFINITIONS, bare, cleaned, is_code, parsed, salvaged, unpacked
from tactful.text.thoughts import strip_thoughts

_PYTHON = re.compile(r"(?i)^\{?\.?(?:i?python[\d.]*|py[\d.]*|pycon|python-repl|sage)\b\}?")
_MARKDOWN = re.compile(r"(?i)^(?:markdown|md)\b")
_FENCE = re.compile(
    r"^(?P<quote>(?:[ \t]*>)*)[ \t]*(?:(?:[-*+•]|\d{1,2}[.)])[ \t]+)?(?P<fence>`{3,}|~{3,})(?P<info>.*)$"
)
_ONE_LINE = re.compile(r"(?m)(?<!`)(`{3,9}+)[ \t]*(?:python[\d.]*|py)?[ \t]+([^`\n]+?)[ \t]*\1(?!`)")
_TAGS = re.compile(
    r"(?is)(?:\[(python|code)\]|<(python|code)(?:\s[^>]*)?>|\\begin\{(code|python)\})(.*?)"
    r"(?:\[/(?:\1)\]|</(?:\2)>|\\end\{(?:\3)\}|\Z)"
)
_DEFINES = re.compile(r"(?m)^(?:(?:async[ \t]+)?def|class)[ \t]+(\w+)|^(\w+)[ \t]*(?::[^=\n]+)?=(?!=)")
_MOST_ENDS = 12  # closing fences tried for one block: those before the right one stand in strings


@dataclass(frozen=True)
class _Block:
    code: str
    rank: int
    """0 tagged as Python, 1 untagged, 2 tagged as something else."""

    @property
    def tree(self) -> ast.Module | None:
        return parsed(self.code)


def extract_code(answer: str, wanted: Collection[str] = ()) -> str | None:
    """The code of `answer`, ending in a newline; None where it has none. `wanted`: `names_under_test`."""
    text = unpacked(strip_thoughts(answer).replace("\r\n", "\n").replace("\r", "\n"))
    blocks = [block for block in _blocks(text) if block.code.strip()]
    if not blocks:
        return bare(text)
    best = min(block.rank for block in blocks)
    for rank in range(3) if wanted else ():
        defining = [block for block in blocks if block.rank == rank and set(wanted) <= _defined(block.code)]
        if defining:
            whole = [block for block in defining if not _is_stub(block, wanted)]
            return _complete((whole or defining)[-1], blocks)
    if best == 2:  # tagged as another language: Python only where it reads as Python
        blocks = [block for block in blocks if block.tree is not None and _has_definition(block)]
        return blocks[-1].code if blocks and not wanted else None
    chosen = [block for block in blocks if block.rank == best]
    if wanted:
        sound = [block for block in chosen if block.tree is not None] or chosen
        return "\n\n".join(block.code.rstrip() for block in sound) + "\n"
    last = next((block for block in reversed(chosen) if _has_definition(block)), chosen[-1])
    return _complete(last, blocks)


@lru_cache(maxsize=4096)
def names_under_test(tests: tuple[str, ...], setup: str = "") -> frozenset[str]:
    """The names that `tests` use and that neither they, nor `setup`, nor Python define."""
    used: set[str] = set()
    bound: set[str] = set(dir(builtins))
    for source in (setup, *tests):
        tree = parsed(source)
        nodes = list(ast.walk(tree)) if tree else []
        modules = {id(node.value) for node in nodes if isinstance(node, ast.Attribute)}
        for node in nodes:
            match node:
                case ast.Name(name, ast.Load()) if id(node) not in modules:
                    used.add(name)
                case ast.Name(name, ast.Store()) | ast.arg(name):
                    bound.add(name)
        bound |= _defined(source)
    return frozenset(used - bound)


# ---------------------------------------------------------------- blocks


def _blocks(text: str) -> list[_Block]:
    """The fenced blocks of a text, in order. An unclosed one runs to the end."""
    text = _TAGS.sub(lambda found: f"\n```python\n{found[4].strip(chr(10))}\n```\n", text)
    text = _ONE_LINE.sub(lambda found: f"\n```python\n{found[2]}\n```\n", text)
    lines = text.split("\n")
    found: list[_Block] = []
    at = 0
    while at < len(lines):
        opening = _FENCE.match(lines[at])
        if opening is None or "`" in opening["info"]:
            at += 1
            continue
        code, at = _body(lines, at + 1, opening)
        info = opening["info"].strip()
        rank = 0 if _PYTHON.match(info) else 1 if not info or is_code(info) else 2
        rest = _PYTHON.sub("", info).strip()
        if rank < 2 and is_code(rest):
            code = f"{rest}\n{code}"
        elif (
            rank < 2 and rest.endswith(":") and is_code(opened := f"{rest}\n{textwrap.indent(code, '    ')}")
        ):
            code = opened
        if _MARKDOWN.match(info):
            found += _blocks(code)
        else:
            found.append(_Block(salvaged(unpacked(code)), rank))
    return found


def _body(lines: list[str], start: int, opening: re.Match[str]) -> tuple[str, int]:
    """A block's code and the line after it: to the first closing fence with which it parses, else the first."""
    ends = _ends(lines, start, opening["fence"])
    depth = opening["quote"].count(">")
    candidates: list[tuple[str, int]] = []
    for end, last in ends:
        body = [*lines[start:end], *([last] if last else [])]
        code = cleaned([_unquoted(line, depth) for line in body])
        candidates.append((code, min(end + 1, len(lines))))
        if parsed(code) is not None:
            return candidates[-1]
    return candidates[0]


def _ends(lines: list[str], start: int, fence: str) -> Iterator[tuple[int, str]]:
    """Where a block may end, with the code that stands before the fence on that line; the end of the text last."""
    tried = 0
    closing = re.compile(rf"^(?:[ \t]*>)*[ \t]*{re.escape(fence[0])}{{{len(fence)},}}(?P<after>.*)$")
    for index in range(start, len(lines)):
        found = closing.match(lines[index])
        stripped = lines[index].rstrip()
        if found and not (tried == 0 and _PYTHON.match(found["after"].strip())):
            yield index, ""
        elif stripped.endswith(fence) and lines[index].count(fence) == 1 and not found:
            yield index, stripped[: -len(fence)].rstrip(fence[0])
        else:
            continue
        tried += 1
        if tried >= _MOST_ENDS:
            return
    if not tried:
        yield len(lines), ""


def _unquoted(line: str, depth: int) -> str:
    return re.sub(rf"^(?:[ \t]*> ?){{1,{depth}}}", "", line) if depth else line


# ---------------------------------------------------------------- what a block defines and needs


def _defined(code: str) -> set[str]:
    """The names that the code binds at its top level; guessed from the lines where it does not parse."""
    tree = parsed(code)
    if tree is None:
        return {name for found in _DEFINES.finditer(code) for name in found.groups() if name}
    names: set[str] = set()
    for node in _top(tree.body):
        match node:
            case ast.FunctionDef(name) | ast.AsyncFunctionDef(name) | ast.ClassDef(name):
                names.add(name)
            case ast.Import(aliases) | ast.ImportFrom(names=aliases):
                names |= {(alias.asname or alias.name).split(".")[0] for alias in aliases}
            case ast.Assign() | ast.AnnAssign(value=ast.expr()) | ast.AugAssign():
                names |= {
                    inner.id
                    for inner in ast.walk(node)
                    if isinstance(inner, ast.Name) and isinstance(inner.ctx, ast.Store)
                }
    return names


def _top(body: Iterable[ast.stmt]) -> Iterator[ast.stmt]:
    """The statements that run in the module's own scope, also inside `if` and `try`."""
    for node in body:
        yield node
        if isinstance(node, ast.If | ast.Try | ast.With):
            inner = [*node.body, *getattr(node, "orelse", []), *getattr(node, "finalbody", [])]
            yield from _top(inner)
            for handler in getattr(node, "handlers", []):
                yield from _top(handler.body)


def _needed(block: _Block) -> set[str]:
    tree = block.tree
    if tree is None:
        return set()
    used = {
        node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)
    }
    return used - _defined(block.code) - set(dir(builtins))


def _complete(block: _Block, blocks: list[_Block]) -> str:
    """The block with the others that define names which it uses and does not define, the earlier ones first."""
    parts = [block]
    missing = _needed(block)
    for other in reversed(blocks[: blocks.index(block)]):
        if other.rank < 2 and other.tree is not None and missing & _defined(other.code):
            parts.insert(0, other)
            missing = (missing - _defined(other.code)) | _needed(other)
    for other in blocks[blocks.index(block) + 1 :]:  # a helper that is shown afterwards
        if other.rank < 2 and _has_definition(other) and missing & _defined(other.code):
            parts.append(other)
            missing -= _defined(other.code)
    return "\n\n".join(part.code.rstrip() for part in parts) + "\n"


def _has_definition(block: _Block) -> bool:
    tree = block.tree
    return any(isinstance(node, DEFINITIONS) for node in tree.body) if tree else "def " in block.code


def _is_stub(block: _Block, wanted: Collection[str]) -> bool:
    """Whether a wanted definition has no body (`...`, `pass`, a docstring alone) or is only imported: no answer."""
    return any(
        (
            isinstance(node, DEFINITIONS)
            and node.name in wanted
            and all(_is_nothing(inner) for inner in node.body)
        )
        or (isinstance(node, ast.ImportFrom) and any(name.name in wanted for name in node.names))
        for node in (block.tree.body if block.tree else ())
    )


def _is_nothing(node: ast.stmt) -> bool:
    raised = (
        node.exc.func
        if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call)
        else getattr(node, "exc", None)
    )
    return (
        isinstance(node, ast.Pass)
        or (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant))
        or (isinstance(raised, ast.Name) and raised.id == "NotImplementedError")
    )
