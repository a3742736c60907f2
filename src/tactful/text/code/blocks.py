"""Which block of an answer's code counts: what a block defines and needs, and whether it is whole."""

from __future__ import annotations

import ast
import builtins
import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass

from tactful.text.code.loose import DEFINITIONS, parsed

_LEFT_OUT = re.compile(r"(?m)^[ \t]+#[ \t]*(?:\.{3}|…)")
_DEFINES = re.compile(r"(?m)^(?:(?:async[ \t]+)?def|class)[ \t]+(\w+)|^(\w+)[ \t]*(?::[^=\n]+)?=(?!=)")


@dataclass(frozen=True)
class Block:
    """One block of code of an answer."""

    code: str
    rank: int
    """0 tagged as Python, 1 untagged, 2 tagged as something else."""
    disowned: bool = False
    """The line over it says that it is not the answer."""

    @property
    def tree(self) -> ast.Module | None:
        """None where it is no Python."""
        return parsed(self.code)


def defining(blocks: list[Block], wanted: Collection[str]) -> list[Block]:
    """The last block that defines all that is wanted and defined at all, of the best rank; else the last for each name."""
    names = set(wanted) & {name for block in blocks for name in defined(block.code)}
    if not names:
        return []
    for rank in range(3):
        every = [block for block in blocks if block.rank == rank and names <= defined(block.code)]
        if every:
            return [_soundest(every, names)]
    last = [_soundest([block for block in blocks if name in defined(block.code)], {name}) for name in names]
    return [block for block in blocks if any(block is one for one in last)]


def _soundest(blocks: list[Block], wanted: set[str]) -> Block:
    """The last that is not disowned, is whole and parses; where none is, the last of those that come closest."""
    blocks = [block for block in blocks if not block.disowned] or blocks
    blocks = [block for block in blocks if not _is_stub(block, wanted)] or blocks
    return next((block for block in reversed(blocks) if block.tree is not None), blocks[-1])


def defined(code: str) -> set[str]:
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


def _needed(block: Block) -> set[str]:
    tree = block.tree
    if tree is None:
        return set()
    used = {
        node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)
    }
    return used - defined(block.code) - set(dir(builtins))


def complete(chosen: list[Block], blocks: list[Block]) -> str:
    """The chosen blocks with the others that define names which they use and do not define, these first."""
    parts = list(chosen)
    if len(blocks) == len(chosen):
        return joined(parts)
    own = {name for block in chosen for name in defined(block.code)}
    missing = {name for block in chosen for name in _needed(block)} - own
    first = next(index for index, block in enumerate(blocks) if block is chosen[0])
    for other in reversed(blocks[:first]):
        names = defined(other.code)
        if other.rank < 2 and other.tree is not None and missing and (missing & names or "*" in names):
            parts.insert(0, other)
            missing = (missing - names) | (_needed(other) - own)
    for other in blocks[first + 1 :]:  # a helper that is shown afterwards
        names = defined(other.code)
        if other.rank < 2 and has_definition(other, imports=True) and missing & names:
            parts.insert(len(parts) if _needed(other) & own else 0, other)
            missing -= names
    return joined(parts)


def joined(blocks: list[Block]) -> str:
    """Their code, one after the other."""
    return "\n\n".join(block.code.rstrip() for block in blocks) + "\n"


def has_definition(block: Block, *, imports: bool = False) -> bool:
    """Whether it defines a function or a class; with `imports`, also where it only imports."""
    tree, kinds = block.tree, (*DEFINITIONS, *((ast.Import, ast.ImportFrom) if imports else ()))
    return any(isinstance(node, kinds) for node in tree.body) if tree else "def " in block.code


def _is_stub(block: Block, wanted: Collection[str]) -> bool:
    """Whether a wanted definition has no body, leaves part of it out (`...`) or is only imported: no answer."""
    if _LEFT_OUT.search(block.code):
        return True
    return any(
        (
            isinstance(node, DEFINITIONS)
            and node.name in wanted
            and (all(map(_is_nothing, node.body)) or any(map(_is_dots, node.body)))
        )
        or (isinstance(node, ast.ImportFrom) and any(name.name in wanted for name in node.names))
        for node in (block.tree.body if block.tree else ())
    )


def _is_dots(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and node.value.value is ...


def _is_nothing(node: ast.stmt) -> bool:
    match node:
        case ast.Pass() | ast.Return(None | ast.Constant(None)) | ast.Expr(ast.Constant()):
            return True
        case ast.Raise(ast.Name("NotImplementedError") | ast.Call(ast.Name("NotImplementedError"))):
            return True
        case _:
            return False
