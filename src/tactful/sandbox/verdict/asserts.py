"""Could any program fail this test? Not where its asserts are never reached, or are true of everything."""

from __future__ import annotations

import ast
from collections.abc import Iterator

_REFLECTION = frozenset(("eval", "exec", "getattr", "globals", "locals", "vars"))
"""A test that uses one of these may call functions without writing their names."""


def cannot_fail(statements: list[ast.stmt]) -> str:
    """Why no program can fail the test; empty where one can."""
    nodes = [node for statement in statements for node in ast.walk(statement)]
    if not any(isinstance(node, ast.Assert | ast.Raise) for node in nodes):
        return "the test asserts nothing"
    if any(isinstance(node, ast.Assert) and _is_filled_tuple(node.test) for node in nodes):
        return "the test asserts a tuple, which is always true: take away its brackets"
    if not any(isinstance(node, ast.Assert | ast.Raise) for node in _reached(statements)):
        return (
            "no assert of the test is ever reached: at its end, call the functions that hold them"
            " (`__name__` is not '__main__' here)"
        )
    return ""


def _is_filled_tuple(node: ast.expr) -> bool:
    return isinstance(node, ast.Tuple) and bool(node.elts)


def _reached(statements: list[ast.stmt]) -> Iterator[ast.AST]:
    """Nodes that may run: bodies of functions only where something that runs names the function."""
    todo: list[tuple[ast.AST, str]] = [(statement, "") for statement in statements]
    functions: list[tuple[ast.FunctionDef | ast.AsyncFunctionDef, str]] = []
    names: set[str] = set()
    while todo:
        node, owner = todo.pop()
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            functions.append((node, owner))
        else:
            yield node
            names |= _named(node)
            owner = node.name if isinstance(node, ast.ClassDef) else owner
            todo += [(child, owner) for child in _children(node)]
        if not todo:
            called = [pair for pair in functions if _is_called(*pair, names)]
            functions = [pair for pair in functions if pair not in called]
            todo = [(child, "") for function, _ in called for child in function.body]


def _named(node: ast.AST) -> set[str]:
    match node:
        case ast.Name(name) | ast.Attribute(_, name):
            return {name}
    return set()


def _children(node: ast.AST) -> list[ast.AST]:
    match node:
        case ast.If(ast.Compare(ast.Name("__name__"), [ast.Eq()], [ast.Constant("__main__")])):
            return list(node.orelse)
    return list(ast.iter_child_nodes(node))


def _is_called(function: ast.FunctionDef | ast.AsyncFunctionDef, owner: str, names: set[str]) -> bool:
    """Where a class is used, Python calls its special methods."""
    special = function.name.startswith("__") and owner in names
    return special or function.name in names or not _REFLECTION.isdisjoint(names)
