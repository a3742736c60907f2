"""Decide a check in the parent: a small interpreter over plain values. Nothing of the program runs here."""

from __future__ import annotations

import ast
import builtins
import cmath
import math
import operator
from collections.abc import Callable
from typing import Any

from tactful.sandbox.inside.values import MAX_BYTES, Pairs, Unordered
from tactful.sandbox.verdict.compare import CannotCompare, contains, difference, equal, kind, ordered, show
from tactful.sandbox.verdict.literals import TYPES
from tactful.sandbox.verdict.plan import HOLE

_CALLABLE = (*TYPES, "range", "sorted", "abs", "round")
_BUILTINS: dict[str, Any] = {name: getattr(builtins, name) for name in _CALLABLE}
_OPERATORS: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
    ast.Pow: operator.pow,
}
_COMPARISONS: dict[type[ast.cmpop], tuple[str, Callable[[Any, Any], bool]]] = {
    ast.Eq: ("==", equal),
    ast.NotEq: ("!=", lambda left, right: not equal(left, right)),
    ast.Lt: ("<", lambda left, right: operator.lt(*ordered(left, right))),
    ast.LtE: ("<=", lambda left, right: operator.le(*ordered(left, right))),
    ast.Gt: (">", lambda left, right: operator.gt(*ordered(left, right))),
    ast.GtE: (">=", lambda left, right: operator.ge(*ordered(left, right))),
    ast.In: ("in", lambda left, right: contains(right, left)),
    ast.NotIn: ("not in", lambda left, right: not contains(right, left)),
}
"""How it is written, and whether it holds."""
_KINDS = {
    "bool": ("bool",),
    "int": ("number", "bool"),
    "float": ("number",),
    "complex": ("number",),
    "str": ("str",),
    "bytes": ("bytes",),
    "list": ("list",),
    "tuple": ("tuple",),
    "set": ("set",),
    "frozenset": ("set",),
    "dict": ("dict",),
}
_MAX_POWER_BITS = 1 << 20
_MAX_WORK_BITS = 1 << 34
"""Product of the sizes of two integers that are multiplied or divided: some 30 ms. The program chose the numbers, and
nothing of its own time limit holds here."""
_MAX_REPEATED = MAX_BYTES
"""Items of a sequence that is repeated; no longer one is compared."""


class Raised(Exception):
    """Touching this hole raises what the program raised."""

    def __init__(self, report: dict[str, str]) -> None:
        super().__init__(report["text"])
        self.kind = report["kind"]


class Hole:
    """What came back for a hole: a value, or what was raised instead."""

    def __init__(self, value: Any = None, raised: Raised | None = None) -> None:
        self._value = value
        self._raised = raised

    def get(self) -> Any:
        """The value. Raises Raised."""
        if self._raised is not None:
            raise self._raised
        return self._value


def holds(tree: ast.expr, holes: list[Hole]) -> tuple[bool, str]:
    """Whether the check holds, and if not, why. Raises Raised, or CannotCompare for what has no answer."""
    checker = _Checker(holes)
    try:
        return bool(checker.truth(tree)), checker.detail
    except (ArithmeticError, TypeError, ValueError, RecursionError, MemoryError) as error:
        raise CannotCompare(f"{type(error).__name__}: {error}") from error


class _Checker:
    def __init__(self, holes: list[Hole]) -> None:
        self.holes = holes
        self.detail = ""

    def truth(self, node: ast.expr) -> bool:
        match node:
            case ast.BoolOp(ast.And(), values):
                return all(self.truth(value) for value in values)
            case ast.BoolOp(_, values):
                return any(self.truth(value) for value in values)
            case ast.UnaryOp(ast.Not(), operand):
                held = self.truth(operand)
                self.detail = self.detail or "the condition held, expected not"
                return not held
            case ast.Compare():
                return self.compare(node)
        value = self.value(node)
        if not value:
            self.detail = f"returned {show(value)}, expected something true"
        return bool(value)

    def compare(self, node: ast.Compare) -> bool:
        left = self.value(node.left)
        for op, side in zip(node.ops, node.comparators, strict=True):
            right = self.value(side)
            if not _compare(op, left, right):
                sign, _ = _COMPARISONS[type(op)]
                self.detail = f"{_word(node.left, left)} {sign} {_word(side, right)} does not hold"
                return False
            left = right
        return True

    def value(self, node: ast.expr) -> Any:
        match node:
            case ast.Constant(value):
                return value
            case ast.Name(name) if name.startswith(HOLE):
                return self.holes[int(name[len(HOLE) :])].get()
            case ast.Name(name):
                return _BUILTINS[name]
            case ast.List(items):
                return [self.value(item) for item in items]
            case ast.Tuple(items):
                return tuple([self.value(item) for item in items])
            case ast.Set(items):
                return Unordered(dict.fromkeys(self.value(item) for item in items))
            case ast.Dict(keys, items):
                return {
                    self.value(key): self.value(item) for key, item in zip(keys, items, strict=True) if key
                }
            case ast.UnaryOp(ast.USub(), operand):
                return -_number(self.value(operand))
            case ast.UnaryOp(ast.UAdd(), operand):
                return +_number(self.value(operand))
            case ast.BinOp(left, op, right):
                return _arithmetic(op, self.value(left), self.value(right))
            case ast.Attribute(_, name):
                return getattr(math, name)
            case ast.Call(func, args, keywords):
                return self.call(func, args, keywords)
        return self.truth(node)

    def call(self, func: ast.expr, args: list[ast.expr], keywords: list[ast.keyword]) -> Any:
        name = func.id if isinstance(func, ast.Name) else "sqrt"
        if name == "isinstance":
            return _is_instance(self.value(args[0]), args[1])
        values = [_python(self.value(arg)) for arg in args]
        named = {str(keyword.arg): _python(self.value(keyword.value)) for keyword in keywords}
        if name == "type":
            return _type_of(values[0])
        if name == "cmath.isclose":
            return cmath.isclose(*map(_number, values), **named)
        if name in ("isclose", "isnan", "isinf", "sqrt"):
            numbers = [_number(value) for value in values]
            if name == "isclose" and any(isinstance(number, complex) for number in numbers):
                raise CannotCompare("complex numbers are not compared by isclose")
            return getattr(math, name)(*numbers, **named)
        if name in ("abs", "round"):
            _number(values[0])
        result = _BUILTINS[name](*values, **named)
        return list(result) if isinstance(result, range) else result


def _python(value: Any) -> Any:
    """Literals only ever reach built-in calls; a returned set or dict is not turned back into one."""
    return list(value) if isinstance(value, Unordered) else value


def _number(value: Any) -> Any:
    if kind(value) != "number":
        raise CannotCompare(f"{show(value)} is not a number")
    return value


def _arithmetic(op: ast.operator, left: Any, right: Any) -> Any:
    kinds = (kind(left), kind(right))
    if kinds == ("number", "number"):
        if type(left) is int and type(right) is int:
            _refuse_long_work(op, left, right)
        return _OPERATORS[type(op)](left, right)
    if isinstance(op, ast.Add) and kinds[0] == kinds[1] and kinds[0] in ("str", "list", "tuple", "bytes"):
        return left + right
    if isinstance(op, ast.Sub) and kinds == ("set", "set"):
        return difference(left, right)
    sequence, times = (left, right) if kinds[1] == "number" else (right, left)
    if (
        isinstance(op, ast.Mult)
        and kind(sequence) in ("str", "list", "tuple", "bytes")
        and type(times) is int
    ):
        if len(sequence) * times > _MAX_REPEATED:
            raise CannotCompare("a sequence too long to build")
        return sequence * times
    raise CannotCompare(f"cannot compute with {show(left)} and {show(right)}")


def _refuse_long_work(op: ast.operator, left: int, right: int) -> None:
    if isinstance(op, ast.Pow):
        if left.bit_length() * abs(right) > _MAX_POWER_BITS and abs(left) > 1:
            raise CannotCompare("a power too large to compute")
    elif not isinstance(op, ast.Add | ast.Sub) and left.bit_length() * right.bit_length() > _MAX_WORK_BITS:
        raise CannotCompare("integers too large to compute with")


def _compare(op: ast.cmpop, left: Any, right: Any) -> bool:
    if isinstance(left, type) or isinstance(right, type):
        return (left is right) == isinstance(op, ast.Eq)
    return _COMPARISONS[type(op)][1](left, right)


def _type_of(value: Any) -> type:
    if isinstance(value, Pairs):
        return dict
    return set if isinstance(value, Unordered) else type(value)


def _is_instance(value: Any, types: ast.expr) -> bool:
    """bool is an int here as in Python: this asks for the type, it compares no values."""
    names = [
        item.id
        for item in (types.elts if isinstance(types, ast.Tuple) else [types])
        if isinstance(item, ast.Name)
    ]
    if kind(value) == "number":
        return type(value).__name__ in names
    return any(kind(value) in _KINDS[name] for name in names)


def _word(node: ast.expr, value: Any) -> str:
    if isinstance(value, type):
        return value.__name__
    returned = isinstance(node, ast.Name) and node.id.startswith(HOLE)
    return f"returned {show(value)}" if returned else show(value)
