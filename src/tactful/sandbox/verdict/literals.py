"""Which expressions of a test the parent can compute from the test alone."""

from __future__ import annotations

import ast

TYPES = frozenset(
    ("bool", "bytes", "complex", "dict", "float", "frozenset", "int", "list", "set", "str", "tuple")
)
_CALLS = TYPES | {"sorted"}
_OF_ITEMS = frozenset(("frozenset", "list", "set", "sorted", "tuple"))
"""Calls to which a range is the same as the list of its items."""
ARITHMETIC = (ast.Add, ast.Sub, ast.Mult, ast.Div, ast.FloorDiv, ast.Mod, ast.Pow)


def is_literal(node: ast.expr) -> bool:
    """True for what the parent can compute from the test alone: literals, and built-in calls on literals."""
    match node:
        case ast.Constant(value):
            return value is not Ellipsis
        case ast.List(items) | ast.Tuple(items) | ast.Set(items):
            return all(map(is_literal, items))
        case ast.Dict(keys, items):
            return all(key is not None and is_literal(key) for key in keys) and all(map(is_literal, items))
        case ast.UnaryOp(ast.UAdd() | ast.USub(), operand):
            return is_literal(operand)
        case ast.BinOp(left, op, right):
            known = isinstance(op, ARITHMETIC) and not fills_in(node)
            return known and is_literal(left) and is_literal(right)
        case ast.Call(ast.Name(name), args, keywords) if name in _CALLS:
            fine = all(keyword.arg is not None and is_literal(keyword.value) for keyword in keywords)
            fine = fine and not any(_shows_order_of_a_set(name, item) for item in args)
            return fine and all(map(is_literal_of_items if name in _OF_ITEMS else is_literal, args))
        case ast.Call(ast.Attribute(ast.Name("math"), "sqrt"), [argument], []):
            return is_literal(argument)
        case ast.Attribute(ast.Name("math"), "pi" | "e" | "inf" | "nan" | "tau"):
            return True
    return False


def is_literal_of_items(node: ast.expr) -> bool:
    """A literal, or a range where nothing but its items counts."""
    match node:
        case ast.Call(ast.Name("range"), args, []):
            return all(map(is_literal, args))
    return is_literal(node)


def _shows_order_of_a_set(call: str, argument: ast.expr) -> bool:
    """The order of a set, and how it is written, differ between the program's process and the parent."""
    if call == "str":
        return any(isinstance(node, ast.expr) and _is_set(node) for node in ast.walk(argument))
    return call in ("bytes", "list", "tuple") and _is_set(argument)


def _is_set(node: ast.expr) -> bool:
    match node:
        case ast.Set() | ast.Call(ast.Name("frozenset" | "set")):
            return True
        case ast.BinOp(left):
            return _is_set(left)
    return False


def fills_in(node: ast.BinOp) -> bool:
    """`"%d items" % f(x)`, which the parent does not compute."""
    return isinstance(node.op, ast.Mod) and _is_text(node.left)


def _is_text(node: ast.expr) -> bool:
    match node:
        case ast.Constant(str() | bytes()):
            return True
        case ast.BinOp(left, _, right):
            return _is_text(left) or _is_text(right)
    return False
