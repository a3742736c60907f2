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
import warnings
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache

_PYTHON = re.compile(r"(?i)^\{?\.?(?:i?python[\d.]*|py[\d.]*|pycon|python-repl|sage)\b\}?")
_FENCE = re.compile(
    r"^(?P<quote>(?:[ \t]*>)*)[ \t]*(?:(?:[-*+•]|\d{1,2}[.)])[ \t]+)?(?P<fence>`{3,}|~{3,})(?P<info>.*)$"
)
_ONE_LINE = re.compile(r"(?m)(?<!`)(`{3,9}+)[ \t]*(?:python[\d.]*|py)?[ \t]+([^`\n]+?)[ \t]*\1(?!`)")
_TAGS = re.compile(
    r"(?is)(?:\[(python|code)\]|<(python|code)(?:\s[^>]*)?>|\\begin\{(code|python)\})(.*?)"
    r"(?:\[/(?:\1)\]|</(?:\2)>|\\end\{(?:\3)\}|\Z)"
)
_PROMPT = re.compile(r"^\s*(?:>>>|\.\.\.)(?: |$)", re.MULTILINE)
_ODD_SPACES = str.maketrans(
    {**dict.fromkeys("\u00a0\u2007\u202f\u3000", " "), **dict.fromkeys("\u200b\ufeff\u2060", "")}
)
_CONTINUES = re.compile(r"^(?:else\b|elif\b|except\b|finally\b|[)\]}])")
_DEFINES = re.compile(r"(?m)^(?:(?:async[ \t]+)?def|class)[ \t]+(\w+)|^(\w+)[ \t]*(?::[^=\n]+)?=(?!=)")
_MOST_ENDS = 12  # closing fences tried for one block: those before the right one stand in strings
_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


@dataclass(frozen=True)
class _Block:
    code: str
    rank: int
    """0 tagged as Python, 1 untagged, 2 tagged as something else."""

    @property
    def tree(self) -> ast.Module | None:
        return _parsed(self.code)


def extract_code(answer: str, wanted: Collection[str] = ()) -> str | None:
    """The code of `answer`, ending in a newline; None where it has none. `wanted`: `names_under_test`."""
    text = answer.replace("\r\n", "\n").replace("\r", "\n")
    blocks = [block for block in _blocks(text) if block.code.strip()]
    if not blocks:
        return _bare(text)
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
        tree = _parsed(source)
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
        rank = 0 if _PYTHON.match(info) else 1 if not info or _is_code(info) else 2
        if rank < 2 and (rest := _PYTHON.sub("", info).strip()) and _is_code(rest):
            code = f"{rest}\n{code}"
        found.append(_Block(code, rank))
    return found


def _body(lines: list[str], start: int, opening: re.Match[str]) -> tuple[str, int]:
    """A block's code and the line after it: to the first closing fence with which it parses, else the first."""
    ends = _ends(lines, start, opening["fence"])
    depth = opening["quote"].count(">")
    candidates: list[tuple[str, int]] = []
    for end, last in ends:
        body = [*lines[start:end], *([last] if last else [])]
        code = _cleaned([_unquoted(line, depth) for line in body])
        candidates.append((code, min(end + 1, len(lines))))
        if _parsed(code) is not None:
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


def _cleaned(lines: list[str]) -> str:
    """Dedented; of a Python session the input alone; spaces that Python refuses made plain where that helps."""
    code = textwrap.dedent("\n".join(lines)).rstrip()
    if _PROMPT.search(code) and _parsed(code) is None:
        kept = [line for line in code.split("\n") if _PROMPT.match(line)]
        code = "\n".join(_PROMPT.sub("", line, count=1) for line in kept)
    if _parsed(code) is None:
        plain = textwrap.dedent(code.translate(_ODD_SPACES))
        if _parsed(plain) is not None:
            code = plain
    return code + "\n"


# ---------------------------------------------------------------- what a block defines and needs


@lru_cache(maxsize=512)
def _parsed(code: str) -> ast.Module | None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(code)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _defined(code: str) -> set[str]:
    """The names that the code binds at its top level; guessed from the lines where it does not parse."""
    tree = _parsed(code)
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
    """The block after the earlier ones that define names which it uses and does not define."""
    parts = [block]
    missing = _needed(block)
    for other in reversed(blocks[: blocks.index(block)]):
        if other.rank < 2 and other.tree is not None and missing & _defined(other.code):
            parts.insert(0, other)
            missing = (missing - _defined(other.code)) | _needed(other)
    return "\n\n".join(part.code.rstrip() for part in parts) + "\n"


def _has_definition(block: _Block) -> bool:
    tree = block.tree
    return any(isinstance(node, _DEFINITIONS) for node in tree.body) if tree else "def " in block.code


def _is_stub(block: _Block, wanted: Collection[str]) -> bool:
    """Whether a wanted definition has no body (`...`, `pass` or a docstring alone): a signature repeated."""
    return any(
        isinstance(node, _DEFINITIONS)
        and node.name in wanted
        and all(isinstance(inner, ast.Pass) or _is_constant(inner) for inner in node.body)
        for node in (block.tree.body if block.tree else ())
    )


def _is_constant(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


# ---------------------------------------------------------------- code without a fence


def _is_code(text: str) -> bool:
    """Whether the text parses and does more than name things: prose such as `Sure` or `Note: fine` parses too."""
    tree = _parsed(text)
    return tree is not None and any(
        not isinstance(node, ast.Expr) and not (isinstance(node, ast.AnnAssign) and node.value is None)
        for node in tree.body
    )


def _bare(text: str) -> str | None:
    """The text itself if it is Python, else the definitions and imports that stand between its prose."""
    for whole in (text.strip("\n"), _cleaned(text.split("\n"))):
        if _is_code(whole):
            return whole.strip() + "\n"
    kept = [chunk for chunk in _chunks(textwrap.dedent(text.translate(_ODD_SPACES))) if _is_kept(chunk)]
    if not any(isinstance(node, _DEFINITIONS) for chunk in kept for node in _parsed(chunk).body):  # type: ignore[union-attr]
        return None
    return "\n".join(chunk.rstrip() for chunk in kept) + "\n"


def _is_kept(chunk: str) -> bool:
    tree = _parsed(chunk)
    return tree is not None and any(
        isinstance(node, (*_DEFINITIONS, ast.Import, ast.ImportFrom, ast.Assign)) for node in tree.body
    )


def _chunks(text: str) -> Iterator[str]:
    """The text cut before each line that starts at the margin, save those that go on with a statement."""
    lines: list[str] = []
    for line in text.split("\n"):
        starts = bool(line) and not line[0].isspace() and not _CONTINUES.match(line)
        if starts and lines and not lines[-1].startswith("@"):
            yield "\n".join(lines)
            lines = []
        lines.append(line)
    yield "\n".join(lines)
