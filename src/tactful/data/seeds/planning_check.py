"""Does a plan meet a requirement? Decided by regular expressions, without a model.

Before matching, the plan is brought to one form, so that a check need not list every spelling:

- NFKC: full-width digits, letters and punctuation become ordinary ones (`５００：` reads `500:`);
- every dash is `-`, curly quotes are straight, the emphasis marks `**`, `__` and `` ` `` are gone;
- runs of spaces and tabs are one space; lines are stripped; line breaks stay (`.` does not cross them).

Checks are written in that form. They ignore case, and `^` and `$` stand for the ends of a line. They are searched
for with the package `regex` (the syntax of `re`), since it can give up: `(a+)+$` on forty a's would never return.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache
from typing import TYPE_CHECKING

from tactful.errors import DataError
from tactful.types import Requirement

if TYPE_CHECKING:
    import regex

_PLAIN = {
    **dict.fromkeys(map(ord, "\u2010\u2011\u2012\u2013\u2014\u2015\u2212"), "-"),
    **dict.fromkeys(map(ord, "\u2018\u2019"), "'"),
    **dict.fromkeys(map(ord, "\u201c\u201d"), '"'),
}
_EMPHASIS = re.compile(r"\*\*|__|`")
_SPACES = re.compile(r"[^\S\n]+")
_AROUND_BREAK = re.compile(r" ?\n ?")

TIMEOUT_S = 1.0
"""Longest search for one check, in seconds; those of the bundled tasks take microseconds."""


def check_plan(plan: str, requirement: Requirement) -> bool:
    """True when every check of `requirement` holds for `plan`; an empty plan meets nothing.

    A check is a regular expression that must be found somewhere in the plan; with a leading `!` it must not.

    Raises: DataError, when the requirement has no checks (an empty list never counts as passed), when one of
    them is not a usable expression, or when the search for one takes longer than `TIMEOUT_S`.
    """
    if not requirement.checks:
        raise DataError(
            f"requirement '{requirement.id}' has no checks, so no plan can be checked for it; "
            "add at least one regular expression under 'checks'"
        )
    wanted = [(check, *_compiled(check, requirement.id)) for check in requirement.checks]
    text = normalise_plan(plan)
    return bool(text) and all(
        _found(pattern, text, check, requirement.id) is found for check, pattern, found in wanted
    )


def broken_checks(requirements: Iterable[Requirement]) -> list[str]:
    """What is wrong with checks that no plan could ever be checked by, in the order of the requirements."""
    problems = []
    for requirement in requirements:
        for check in requirement.checks:
            try:
                _compiled(check, requirement.id)
            except DataError as error:
                problems.append(str(error))
    return problems


def normalise_plan(plan: str) -> str:
    """`plan` in the one form that checks are written for (see the head of this module)."""
    text = unicodedata.normalize("NFKC", plan).replace("\r\n", "\n").replace("\r", "\n")
    text = _EMPHASIS.sub("", text.translate(_PLAIN))
    return _AROUND_BREAK.sub("\n", _SPACES.sub(" ", text)).strip()


def _found(pattern: regex.Pattern[str], text: str, check: str, requirement_id: str) -> bool:
    try:
        return pattern.search(text, timeout=TIMEOUT_S) is not None
    except TimeoutError:
        raise DataError(
            f"requirement '{requirement_id}': check {check!r} took longer than {TIMEOUT_S:g} s on one plan, so it "
            "was given up; write it without repeats inside repeats, such as (a+)+"
        ) from None


@lru_cache(maxsize=4096)
def _compiled(check: str, requirement_id: str) -> tuple[regex.Pattern[str], bool]:
    """The expression of one check, and whether it must be found (True) or must be absent (False)."""
    import regex

    source = check.removeprefix("!")
    if not source:
        raise DataError(f"requirement '{requirement_id}': check {check!r} is empty; write what to look for")
    if unicodedata.normalize("NFKC", source).translate(_PLAIN) != source:
        raise DataError(
            f"requirement '{requirement_id}': check {check!r} could never be found, since plans are read with "
            "full-width characters, dashes and curly quotes made plain; write the plain character"
        )
    try:
        return regex.compile(source, regex.IGNORECASE | regex.MULTILINE), source == check
    except regex.error as error:
        raise DataError(
            f"requirement '{requirement_id}': check {check!r} is not a regular expression ({error}); correct it"
        ) from error
