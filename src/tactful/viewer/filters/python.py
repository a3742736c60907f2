"""The same filter as Python, to paste into a notebook: it finds what the viewer finds, without the viewer's index."""

from __future__ import annotations

from tactful.viewer.filters.grammar import Both, Compare, Has, Holds, In, Known, Name, Not, Tree, type_of


def to_python(tree: Tree, *, wanted: bool = True) -> str:
    """An expression over `unit`, a mapping from fact to value: true exactly where the tree is known to be `wanted`, as SQL's
    is then, and false where that is NULL. An unknown matches neither a condition nor its contrary."""
    match tree:
        case Both():
            how = tree.how if wanted else {"and": "or", "or": "and"}[tree.how]
            return f" {how} ".join(_bracketed(part, wanted) for part in tree.parts)
        case Not():
            return to_python(tree.part, wanted=not wanted)
        case Holds():
            return f"{_get(tree.name)} is {wanted}"
        case Known():
            return f"{_get(tree.name)} {'is not' if wanted else 'is'} None"
        case In():
            value, inside = _get(tree.name), "in" if wanted else "not in"
            return f"{value} is not None and {value} {inside} {tree.values!r}"
        case Has(name=None):
            return f"{'' if wanted else 'not '}unit.has({tree.needle!r})"
        case Has(name=Name() as name):
            value = _get(name)
            inside = "in" if wanted else "not in"
            return f"{value} is not None and {tree.needle.casefold()!r} {inside} str({value}).casefold()"
        case Compare():
            return _compared(tree, wanted)
    raise AssertionError(tree)


def _bracketed(tree: Tree, wanted: bool) -> str:
    code = to_python(tree, wanted=wanted)
    return f"({code})" if " and " in code or " or " in code else code


def _compared(tree: Compare, wanted: bool) -> str:
    value = _get(tree.left)
    known = [f"{value} is not None"]
    if isinstance(tree.right, Name):
        other = _get(tree.right)
        known.append(f"{other} is not None")
        if len(tree.left.types) > 1 or len(tree.right.types) > 1:
            known.append(f"isinstance({value}, str) == isinstance({other}, str)")
    else:
        other = repr(tree.right)
        if len(tree.left.types) > 1:
            known.append(f"isinstance({value}, str) is {type_of(tree.right) == 'text'}")
    comparison = f"{value} {tree.op} {other}"
    return " and ".join([*known, comparison if wanted else f"not {comparison}"])


def _get(name: Name) -> str:
    return f"unit.get({name.name!r})"
