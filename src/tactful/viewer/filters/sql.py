"""A filter as a condition of SQL, values as parameters: true, false, or NULL where a fact is unknown."""

from __future__ import annotations

from collections.abc import Callable

from tactful.viewer.filters.grammar import Both, Compare, Has, Holds, In, Known, Name, Not, Tree, type_of
from tactful.viewer.types import FieldType, Scalar

Condition = tuple[str, list[Scalar]]
_TYPEOF = {"yes/no": "('integer')", "number": "('integer','real')", "text": "('text')"}


def to_sql(tree: Tree, column: Callable[[str], str], words: Callable[[str], Condition]) -> Condition:
    """The condition. `column` gives the quoted column of a fact, `words` the condition that the text holds words."""

    def made(tree: Tree) -> Condition:
        match tree:
            case Both():
                parts = [made(part) for part in tree.parts]
                sql = f" {tree.how.upper()} ".join(one for one, _ in parts)
                return f"({sql})", [value for _, values in parts for value in values]
            case Not():
                sql, values = made(tree.part)
                return f"(NOT {sql})", values
            case Holds():
                return f"({column(tree.name.name)} = 1)", []
            case Known():
                return f"({column(tree.name.name)} IS NOT NULL)", []
            case In():
                marks = ",".join("?" * len(tree.values))
                return f"({column(tree.name.name)} IN ({marks}))", [*tree.values]
            case Has(name=None):
                return words(tree.needle)
            case Has(name=Name() as name):
                return f"(instr(folded({column(name.name)}), ?) > 0)", [tree.needle.casefold()]
            case Compare():
                return _compared(tree)
        raise AssertionError(tree)

    def _compared(tree: Compare) -> Condition:
        left = _of_type(tree.left, tree.right)
        if isinstance(tree.right, Name):
            return f"({left} {tree.op} {_of_type(tree.right, tree.left)})", []
        return f"({left} {tree.op} ?)", [tree.right]

    def _of_type(name: Name, other: Name | Scalar) -> str:
        """The column; where it holds several types, NULL for those that cannot be compared."""
        theirs: tuple[FieldType, ...] = other.types if isinstance(other, Name) else (type_of(other),)
        if len(name.types) == 1 and len(theirs) == 1:
            return column(name.name)
        shared = [one for one in name.types if one in theirs]
        tests = " OR ".join(f"typeof({column(name.name)}) IN {_TYPEOF[one]}" for one in shared)
        return f"(CASE WHEN {tests} THEN {column(name.name)} END)"

    return made(tree)
