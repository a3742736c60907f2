"""Split a test: what the program must compute stays apart from what its value is compared with.

`assert abs(f(3) - 2.5) < 1e-6` becomes the hole `f(3)`, evaluated in the cage, and the check
`abs(□ - 2.5) < 1e-6`, evaluated by the parent (`check.py`). So the expected value never enters the program's
process, and nothing that a returned object claims about itself counts.

An assert is *weak*, and runs in the cage as a whole, when the program's side decides by itself: both sides call
it, the truth of a built-in predicate or method is asked (`assert f(x).startswith("a")`), or it depends on one value
whether Python calls for the next (`assert f(x) or g(x)`). A test may be several statements; each top-level
assert is split, and asserts inside other statements are weak.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Literal

from tactful.sandbox.verdict.asserts import cannot_fail
from tactful.sandbox.verdict.literals import ARITHMETIC, TYPES, fills_in, is_literal, is_literal_of_items

HOLE = "□"
"""Name of a hole in a check's tree, followed by its number; no Python identifier contains it."""

_CLOSE = frozenset(("isclose", "math.isclose", "cmath.isclose"))
_PREDICATES = frozenset(("all", "any", "bool", "callable", "hasattr", "isinstance", "issubclass", "eval"))
_METHODS = frozenset(
    name for base in (str, bytes, list, tuple, dict, set, int, float) for name in dir(base) if name[0] != "_"
)


@dataclass(frozen=True)
class Part:
    """One statement of a test. `run` and `assert` are executed in the cage, `check` is decided by the parent."""

    kind: Literal["run", "assert", "check"]
    sources: tuple[str, ...]
    """The statement; for a check one expression per hole."""
    tree: ast.expr | None = None

    @cached_property
    def steps(self) -> tuple[tuple[str, str], ...]:
        """What the child does for it. Plans are kept, so it is worked out once a test, not once a program."""
        if self.tree is None:
            return tuple((self.kind, source) for source in self.sources)
        searched = _searched(self.tree)
        return tuple(
            ("items" if f"{HOLE}{number}" in searched else "value", source)
            for number, source in enumerate(self.sources)
        )


@dataclass(frozen=True)
class Plan:
    """A test, split."""

    parts: tuple[Part, ...]
    weak: bool
    problem: str = ""
    """Why the test cannot be run at all."""


class _Weak(Exception):
    """This assert must be decided by the child."""


class _Splitter:
    """Lowers the condition of one assert; collects its holes."""

    def __init__(self) -> None:
        self.holes: list[str] = []
        self.calls = 0
        """Holes that call something."""

    def hole(self, node: ast.expr, form: str = "({})") -> ast.expr:
        self.holes.append(form.format(ast.unparse(node)))
        self.calls += any(isinstance(inner, ast.Call) for inner in ast.walk(node))
        return ast.Name(f"{HOLE}{len(self.holes) - 1}", ast.Load())

    def truth(self, node: ast.expr) -> ast.expr:
        """A condition: something whose truth is asked."""
        match node:
            case ast.BoolOp(op, [first, *later]):
                lowered = [self.truth(first)]
                before = self.calls
                lowered += [self.truth(value) for value in later]
                if self.calls > before:  # Python may not make these calls
                    raise _Weak
                return ast.BoolOp(op, lowered)
            case ast.UnaryOp(ast.Not(), operand):
                return ast.UnaryOp(ast.Not(), self.truth(operand))
            case ast.Compare():
                return self.comparison(node)
            case ast.Call(ast.Name("isinstance"), [subject, types], []) if _is_type(types):
                return ast.Call(ast.Name("isinstance", ast.Load()), [self.operand(subject), types], [])
            case ast.Call(func, args, keywords) if _dotted(func) in _CLOSE:
                lowered = [self.operand(item) for item in args]
                known = all(item.arg and is_literal(item.value) for item in keywords)
                if sum(map(has_hole, lowered)) > 1 or not known:
                    raise _Weak
                return ast.Call(ast.Name(_dotted(func).removeprefix("math."), ast.Load()), lowered, keywords)
            case ast.Call(func, [subject], []) if _dotted(func) in ("math.isnan", "math.isinf"):
                return ast.Call(ast.Name(func.attr, ast.Load()), [self.operand(subject)], [])  # type: ignore[attr-defined]
        if is_literal(node) or not _asks_the_program(node):
            raise _Weak
        return self.hole(node, "True if ({}) else False")

    def comparison(self, node: ast.Compare) -> ast.expr:
        sides = [node.left, *node.comparators]
        if any(isinstance(op, ast.Is | ast.IsNot) for op in node.ops):
            return self.identity(node)
        lowered = []
        for op, side in zip([None, *node.ops], sides, strict=True):
            searched = isinstance(op, ast.In | ast.NotIn) and is_literal_of_items(side)
            a_type = _is_type(side) and _asks_type(sides)
            lowered.append(side if searched or a_type else self.operand(side))
        asking = [side for side in lowered if has_hole(side)]
        if not asking:
            lowered[0] = self.hole(node.left)
        elif len(asking) > 1 or (
            any(_is_bool(side) for side in lowered) and not _asks_the_program_of(sides, lowered)
        ):
            raise _Weak
        return ast.Compare(lowered[0], node.ops, lowered[1:])

    def identity(self, node: ast.Compare) -> ast.expr:
        """`is None`, `is True`, `is False` and `type(x) is T`; anything else is weak."""
        match node:
            case ast.Compare(subject, [op], [ast.Constant(None)]) if not is_literal(subject):
                found = self.hole(subject, "({}) is None")
                return found if isinstance(op, ast.Is) else ast.UnaryOp(ast.Not(), found)
            case ast.Compare(subject, [op], [other]) if _is_bool(other) or (
                _is_type(other) and _asks_type([subject])
            ):
                plain: ast.cmpop = ast.Eq() if isinstance(op, ast.Is) else ast.NotEq()
                return self.comparison(ast.Compare(subject, [plain], [other]))
        raise _Weak

    def operand(self, node: ast.expr) -> ast.expr:
        """A value. Only where a literal takes part in computing it does the parent compute; else it is a hole."""
        if is_literal(node):
            return node
        match node:
            case ast.Compare() | ast.UnaryOp(ast.Not(), _):
                return self.truth(node)
            case ast.BoolOp():  # its value is one of its sides, not their truth
                raise _Weak
            case ast.BinOp(_, op, _) if isinstance(op, ARITHMETIC):
                return self.arithmetic(node)
            case ast.UnaryOp(ast.UAdd() | ast.USub() as op, ast.BinOp() as inner):
                return ast.UnaryOp(op, self.operand(inner))
            case ast.Call(ast.Name("abs" | "round" as name), [ast.BinOp() as first, *rest], []) if all(
                map(is_literal, rest)
            ):
                return ast.Call(ast.Name(name, ast.Load()), [self.operand(first), *rest], [])
            case ast.Call(ast.Name("type"), [subject], []):
                return ast.Call(ast.Name("type", ast.Load()), [self.operand(subject)], [])
        if isinstance(node, ast.Starred) or any(
            isinstance(inner, ast.Await | ast.Yield | ast.YieldFrom | ast.NamedExpr)
            for inner in ast.walk(node)
        ):
            raise _Weak
        return self.hole(node)

    def arithmetic(self, node: ast.BinOp) -> ast.expr:
        """Sums and products of the program's values alone are its own, and so is a text that it fills in.

        Where it computes both sides of another operator, it may compare them itself: weak.
        """
        before = len(self.holes)
        left, right = self.operand(node.left), self.operand(node.right)
        theirs = [isinstance(side, ast.Name) for side in (left, right)]
        if has_hole(left) and has_hole(right) and not isinstance(node.op, ast.Add | ast.Mult):
            raise _Weak
        if all(theirs) or (fills_in(node) and theirs[1]):
            del self.holes[before:]
            return self.hole(node)
        if fills_in(node):
            raise _Weak
        return ast.BinOp(left, node.op, right)


def has_hole(node: ast.expr) -> bool:
    """True when the program must compute part of it."""
    return any(isinstance(inner, ast.Name) and inner.id.startswith(HOLE) for inner in ast.walk(node))


def _searched(tree: ast.expr) -> set[str]:
    """Holes that `in` looks into: what iterates there is as good as a list."""
    found = set()
    for node in ast.walk(tree):
        match node:
            case ast.Compare(_, [ast.In() | ast.NotIn()], [ast.Name(name)]):
                found.add(name)
    return found


def _dotted(node: ast.expr) -> str:
    return ast.unparse(node) if isinstance(node, ast.Name | ast.Attribute) else ""


def _is_type(node: ast.expr) -> bool:
    if isinstance(node, ast.Tuple):
        return bool(node.elts) and all(map(_is_type, node.elts))
    return isinstance(node, ast.Name) and node.id in TYPES


def _asks_type(sides: list[ast.expr]) -> bool:
    return any(isinstance(side, ast.Call) and _dotted(side.func) == "type" for side in sides)


def _is_bool(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, bool)


def _asks_the_program_of(sides: list[ast.expr], lowered: list[ast.expr]) -> bool:
    """Compared with True or False: the truth must come from the program's own function."""
    pairs = zip(sides, lowered, strict=True)
    return all(not isinstance(new, ast.Name) or _asks_the_program(old) for old, new in pairs if has_hole(new))


def _asks_the_program(node: ast.expr) -> bool:
    """True when the truth asked for is the answer of the program's function, not of a built-in about it."""
    if any(isinstance(inner, ast.Compare | ast.NamedExpr | ast.Await) for inner in ast.walk(node)):
        return False
    match node:
        case ast.Call(ast.Name(name)):
            return name not in _PREDICATES
        case ast.Call(ast.Attribute(_, name)):
            return name not in _METHODS
        case ast.Name() | ast.Subscript() | ast.Attribute():
            return True
    return False


def _split_assert(statement: ast.Assert) -> Part:
    splitter = _Splitter()
    try:
        needed = [splitter.truth(condition) for condition in _needed(statement.test)]
    except _Weak:
        return Part("assert", (ast.unparse(statement),))
    if not splitter.holes:  # no value of the program's is asked for
        return Part("assert", (ast.unparse(statement),))
    tree = needed[0] if len(needed) == 1 else ast.BoolOp(ast.And(), needed)
    return Part("check", tuple(splitter.holes), tree)


def _needed(condition: ast.expr) -> list[ast.expr]:
    """The conditions that must all hold. All are asked for: where one does not hold, the test has failed."""
    match condition:
        case ast.BoolOp(ast.And(), values):
            return [part for value in values for part in _needed(value)]
    return [condition]


@lru_cache(maxsize=4096)
def split(test: str) -> Plan:
    """The plan of a test. A test that is no Python, or that nothing can fail, has a `problem` and is never passed."""
    try:
        statements = ast.parse(test).body
        parts = [
            _split_assert(item) if isinstance(item, ast.Assert) else Part("run", (ast.unparse(item),))
            for item in statements
        ]
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        return Plan((), weak=False, problem=f"the test is not Python: {type(error).__name__}: {error}"[:200])
    if problem := cannot_fail(statements):
        return Plan((), weak=False, problem=problem)
    inner = any(isinstance(node, ast.Assert | ast.Raise) for item in statements for node in _below(item))
    return Plan(tuple(parts), weak=inner or any(part.kind == "assert" for part in parts))


def _below(statement: ast.stmt) -> list[ast.AST]:
    return [] if isinstance(statement, ast.Assert) else list(ast.walk(statement))
