"""Filters over two runs: `a.asked and not b.asked`, `b.reward > a.reward`, `differs`."""

from __future__ import annotations

import re
from collections.abc import Mapping

from tactful.errors import UsageError
from tactful.viewer.filters.grammar import parse
from tactful.viewer.filters.sql import Condition, to_sql
from tactful.viewer.types import Fact

DIFFERS = "differs"
Known = Mapping[str, tuple[str, Fact]]
"""Name of a fact → its column, and what is known of it."""
_PIECE = re.compile(r"(\"(?:[^\"\\]|\\.)*\"|'(?:[^'\\]|\\.)*')|(?<![\w.])([ab])\s*\.\s*(?=[^\W\d])")
_SIDE = re.compile(r"\b([ab])__(?=\w)")


def paired_condition(expression: str, a: Known, b: Known) -> Condition:
    """The filter as a condition over `ua` and `ub`, the turns of the two, and `pairs`.

    Raises: UsageError, as a filter of one run does.
    """
    source = _PIECE.sub(lambda found: found[1] or f"{found[2]}__", expression)
    known = [Fact(name=DIFFERS, types=("yes/no",))]
    columns = {DIFFERS: "pairs.differs"}
    for side, facts in (("a", a), ("b", b)):
        for name, (column, fact) in facts.items():
            known.append(Fact(name=f"{side}__{name}", types=fact.types))
            columns[f"{side}__{name}"] = f"u{side}.{column}"
    try:
        return to_sql(parse(source, known), columns.__getitem__, _no_words)
    except UsageError as error:
        raise UsageError(_SIDE.sub(r"\1.", str(error))) from None


def _no_words(needle: str) -> Condition:
    raise UsageError(
        f"'{needle}': words are searched in one run; compare facts, as in a.asked and not b.asked"
    )
