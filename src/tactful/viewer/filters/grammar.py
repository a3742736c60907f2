"""Expressions over facts: `asked and not needed`, `reward < 0 and persona == "hurried"`, `text ~ "refund"`.

Python's own parser reads them, and what it read is taken apart by a list of what is allowed; nothing is ever evaluated.
A fact that a record does not have is unknown, and an unknown matches neither `needed` nor `not needed`; what is unknown
is found by `needed is None`.
"""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal, TypeAlias

from tactful.errors import UsageError
from tactful.viewer.types import Fact, FieldType, Scalar

Op = Literal["==", "!=", "<", "<=", ">", ">="]
TEXT = "text"
"""In `text ~ "words"`: everything that the record says, not a fact of its own."""
_MOST = 2000
_QUOTED = re.compile(r"\"(?:[^\"\\]|\\.)*\"|'(?:[^'\\]|\\.)*'|~")
_OPS: Mapping[type[ast.cmpop], Op] = {
    ast.Eq: "==", ast.NotEq: "!=", ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=",
}  # fmt: skip
_WORDS: Mapping[str, Scalar | None] = {"true": True, "false": False, "none": None, "null": None}
_SHOWN = 60
_DEEP = 30
"""Brackets and `not` within one another: SQLite's own parser gives up at some ninety."""


class UnknownFact(UsageError):
    """A filter or a sorting asks for a fact that no record here has, or none of that type."""


@dataclass(frozen=True)
class Name:
    """A fact."""

    name: str
    types: tuple[FieldType, ...]


@dataclass(frozen=True)
class Both:
    """All of them, or at least one."""

    how: Literal["and", "or"]
    parts: tuple[Tree, ...]


@dataclass(frozen=True)
class Not:
    """The contrary; of an unknown, unknown."""

    part: Tree


@dataclass(frozen=True)
class Holds:
    """A fact of yes or no that is yes."""

    name: Name


@dataclass(frozen=True)
class Known:
    """Whether the record has this fact at all: `is not None`."""

    name: Name


@dataclass(frozen=True)
class Compare:
    """A fact against a value or another fact."""

    left: Name
    op: Op
    right: Name | Scalar


@dataclass(frozen=True)
class In:
    """A fact among values."""

    name: Name
    values: tuple[Scalar, ...]


@dataclass(frozen=True)
class Has:
    """Words in the record's text, or, of a fact that is text, a part of it in any case."""

    name: Name | None
    needle: str


Tree: TypeAlias = Both | Not | Holds | Known | Compare | In | Has


def parse(expression: str, known: Sequence[Fact]) -> Tree:
    """The expression, checked against the facts of this run. Raises: UsageError, which says what is wrong and what is known."""
    if len(expression) > _MOST:
        raise UsageError(f"the filter has {len(expression)} characters, at most {_MOST} are read")
    source = _QUOTED.sub(lambda found: "@" if found[0] == "~" else found[0], expression).strip()
    if not source:
        raise UsageError("the filter is empty; write, for example, asked and not needed")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of odd escapes in what a user typed
            tree = ast.parse(source, mode="eval").body
    except (SyntaxError, ValueError, MemoryError, RecursionError) as error:
        hint = "; two equal signs compare" if re.search(r"[^=!<>]=[^=]", source) else ""
        raise UsageError(
            f"the filter '{_short(expression)}' cannot be read ({_fault(error)}){hint}"
        ) from None
    return _Reader(known, expression).read(tree)


def type_of(value: Scalar) -> FieldType:
    """As messages name the type of a value."""
    return "yes/no" if isinstance(value, bool) else "text" if isinstance(value, str) else "number"


class _Reader:
    """Takes Python's tree apart."""

    def __init__(self, known: Sequence[Fact], expression: str) -> None:
        self._known = {fact.name: fact for fact in known}
        self._expression = expression

    def read(self, node: ast.expr, deep: int = 0) -> Tree:
        """What is true or false."""
        if deep > _DEEP:
            raise UsageError(f"the filter '{_short(self._expression)}' is nested too deeply")
        match node:
            case ast.BoolOp():
                how: Literal["and", "or"] = "and" if isinstance(node.op, ast.And) else "or"
                return Both(how, tuple(self.read(value, deep + 1) for value in node.values))
            case ast.UnaryOp(op=ast.Not()):
                return Not(self.read(node.operand, deep + 1))
            case ast.Name() if node.id.lower() not in _WORDS:
                name = self._name(node)
                if "yes/no" not in name.types:
                    raise UnknownFact(
                        f"'{node.id}' is {' or '.join(name.types)}, not yes/no; compare it: {node.id} == …"
                    )
                return Holds(name)
            case ast.Compare():
                return self._compared(node)
            case ast.BinOp(op=ast.MatMult()):
                return self._has(node.left, node.right)
            case ast.Call(func=ast.Name(id="has"), args=[needle], keywords=[]):
                return Has(None, self._words(needle))
        raise UsageError(
            f"a filter has no place for '{_short(ast.unparse(node))}'; it is made of names, texts, numbers, "
            'comparisons, and, or, not, in, name ~ "words" and has("words")'
        )

    def _compared(self, node: ast.Compare) -> Tree:
        operands = pairwise((node.left, *node.comparators))
        found = tuple(
            self._pair(left, op, right) for (left, right), op in zip(operands, node.ops, strict=True)
        )
        return found[0] if len(found) == 1 else Both("and", found)

    def _pair(self, left: ast.expr, op: ast.cmpop, right: ast.expr) -> Tree:
        if isinstance(op, ast.In | ast.NotIn):
            among = self._in(left, right)
            return Not(among) if isinstance(op, ast.NotIn) else among
        if isinstance(op, ast.Is | ast.IsNot | ast.Eq | ast.NotEq) and self._is_none(right):
            known = Known(self._name(left))
            return known if isinstance(op, ast.IsNot | ast.NotEq) else Not(known)
        if type(op) not in _OPS:
            raise UsageError("'is' asks only for None: needed is None")
        one, other = self._operand(left), self._operand(right)
        sign = _OPS[type(op)]
        if not isinstance(one, Name):
            if not isinstance(other, Name):
                raise UsageError(f"'{_short(ast.unparse(left))}' is compared with no fact of the record")
            one, other, sign = other, one, _turned(sign)
        self._agree(one, other)
        return Compare(one, sign, other)

    def _in(self, left: ast.expr, right: ast.expr) -> In | Has:
        if isinstance(left, ast.Constant) and isinstance(right, ast.Name):
            return self._has(right, left)
        name = self._name(left)
        if not isinstance(right, ast.Tuple | ast.List | ast.Set) or not right.elts:
            raise UsageError(f"after 'in' stands a list: {name.name} in (…, …)")
        values = tuple(map(self._value, right.elts))
        for value in values:
            self._agree(name, value)
        return In(name, values)

    def _has(self, left: ast.expr, right: ast.expr) -> Has:
        needle = self._words(right)
        if isinstance(left, ast.Name) and left.id == TEXT:
            return Has(None, needle)
        name = self._name(left)
        if "text" not in name.types:
            raise UsageError(f"'{name.name}' is {' or '.join(name.types)}, ~ looks into text")
        return Has(name, needle)

    def _words(self, node: ast.expr) -> str:
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.strip():
            return node.value
        raise UsageError(f"'{_short(ast.unparse(node))}': expected text in quotes that is not blank")

    def _operand(self, node: ast.expr) -> Name | Scalar:
        if isinstance(node, ast.Name) and node.id.lower() not in _WORDS:
            return self._name(node)
        return self._value(node)

    def _value(self, node: ast.expr) -> Scalar:
        match node:
            case ast.Constant(value=bool() | int() | float() | str() as value):
                pass
            case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int() | float() as positive)):
                value = -positive
            case ast.Name() if isinstance(word := _WORDS.get(node.id.lower()), bool):
                value = word
            case _:
                raise UsageError(f"'{_short(ast.unparse(node))}' is no text, number, true or false")
        if isinstance(value, int) and abs(value) >= 2**63:
            raise UsageError(f"the number '{_short(str(value))}' is too large")
        return value

    def _is_none(self, node: ast.expr) -> bool:
        if isinstance(node, ast.Constant):
            return node.value is None
        return isinstance(node, ast.Name) and node.id.lower() in _WORDS and _WORDS[node.id.lower()] is None

    def _name(self, node: ast.expr) -> Name:
        if not isinstance(node, ast.Name):
            raise UsageError(f"'{_short(ast.unparse(node))}': expected the name of a fact; {self._all()}")
        found = self._known.get(node.id)
        if found is None:
            raise UnknownFact(f"no record here has '{_short(node.id)}'; {self._all()}")
        return Name(found.name, found.types)

    def _all(self) -> str:
        if not self._known:
            return "nothing is indexed yet"
        told = (f"{fact.name} ({', '.join(fact.types)})" for fact in self._known.values())
        return f'known are: {", ".join(told)}, and {TEXT} ~ "words"'

    def _agree(self, name: Name, other: Name | Scalar) -> None:
        theirs = other.types if isinstance(other, Name) else (type_of(other),)
        if not set(theirs) & set(name.types):
            shown = other.name if isinstance(other, Name) else repr(other)
            raise UsageError(
                f"'{name.name}' is {' or '.join(name.types)} and cannot be compared with {_short(shown)}, "
                f"which is {' or '.join(theirs)}"
            )


def _turned(op: Op) -> Op:
    turned: Mapping[Op, Op] = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}
    return turned.get(op, op)


def _fault(error: BaseException) -> str:
    return error.msg if isinstance(error, SyntaxError) and error.msg else str(error) or "too deeply nested"


def _short(text: str) -> str:
    return text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"
