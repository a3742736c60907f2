"""Solutions on the same inputs, in the cage: what each returned, and how often two of them differ."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

from tactful.reading.consistency import shown
from tactful.sandbox import Job, Outcome, Sandbox, TestResult, Verdict

TIMEOUT_S = 4.0
"""For one solution on all inputs."""
MOST_CALLS = 12
_MOST_CHARS = 2000
_SHOWN = "_tactful_shown"
_SOURCE = inspect.getsource(shown)


@dataclass(frozen=True)
class Disagreement:
    """How far solutions differ."""

    share: float
    """Of the pairs of solutions, that differ on some input, in [0, 1]; 0 = all agree on all."""
    worst: str
    """The input on which most pairs differ, as Python writes its arguments; empty when none does."""
    solutions: int
    """That ran and gave something that can be compared."""
    runs: int
    """Programs that were run."""


def usable_calls(calls: Sequence[str], name: str, request: str = "") -> list[str]:
    """Argument lists of plain literals, once each; those that the request itself shows (`name(…)`) come first."""
    found = [call.strip() for call in (*_shown_calls(request, name), *calls)]
    return [call for call in dict.fromkeys(found) if len(call) <= _MOST_CHARS and _is_literal(call)][
        :MOST_CALLS
    ]


def disagreement(solutions: Sequence[str], name: str, calls: Sequence[str], sandbox: Sandbox) -> Disagreement:
    """Run every solution on every input and compare. Those that cannot be run at all are left out. Blocks."""
    tests = tuple(f"assert {_SHOWN}({call}\n) == ''" for call in calls)
    jobs = [Job(code=code, tests=tests, setup=_setup(name), timeout_s=TIMEOUT_S) for code in solutions]
    said = [_said(verdict) for verdict in sandbox.run_many(jobs) if _ran(verdict)]
    differ = [0] * len(calls)
    apart = total = 0
    for one, other in combinations(said, 2):
        compared = [at for at, pair in enumerate(zip(one, other, strict=True)) if None not in pair]
        places = [at for at in compared if one[at] != other[at]]
        for at in places:
            differ[at] += 1
        apart += bool(places)
        total += bool(compared)
    worst = calls[differ.index(max(differ))] if apart else ""
    return Disagreement(apart / total if total else 0.0, worst, len(said), len(jobs))


def _setup(name: str) -> str:
    """Names of the solution's own cannot stand in the way: what shows values has a namespace of its own."""
    return f"""
_tactful = {{"__name__": "tactful"}}
exec({_SOURCE!r}, _tactful)
def {_SHOWN}(*arguments):
    return _tactful["shown"]({name}, arguments)
"""


def _ran(verdict: Verdict) -> bool:
    """Whether some input gave what can be compared: a broken solution tells nothing about the request."""
    return not verdict.unscored and any(_returned(test) for test in verdict.tests)


def _said(verdict: Verdict) -> list[str | None]:
    """What came back of each input, or how it failed; None where it was not run or cannot be compared.

    Side effects count where nothing is ever returned.
    """
    returned = [_returned(test) for test in verdict.tests]
    if any(text and not text.startswith(shown.NOTHING) for text in returned):
        returned = [shown.NOTHING if text and text.startswith(shown.NOTHING) else text for text in returned]
    return [text or _failure(test) for text, test in zip(returned, verdict.tests, strict=True)]


def _returned(test: TestResult) -> str | None:
    if test.outcome is not Outcome.FAILED:
        return None
    text = test.detail.removeprefix("returned ")[1:]  # the first quote
    return None if text.startswith(shown.OPAQUE) else text


def _failure(test: TestResult) -> str | None:
    if test.outcome in (Outcome.FAILED, Outcome.NOT_RUN):
        return None
    return f"{test.outcome.value}: {test.detail.partition(':')[0] if test.outcome is Outcome.ERROR else ''}"


def _is_literal(call: str) -> bool:
    try:
        tree = ast.parse(f"f({call}\n)", mode="eval").body
        assert isinstance(tree, ast.Call)
        for value in tree.args:
            ast.literal_eval(value)
    except (SyntaxError, ValueError, RecursionError, MemoryError, AssertionError, TypeError):
        return False
    return not tree.keywords and isinstance(tree.func, ast.Name) and tree.func.id == "f"


def _shown_calls(request: str, name: str) -> list[str]:
    """What stands between the brackets of `name(…)` in the request, up to the bracket that closes it."""
    found = []
    start = request.find(f"{name}(")
    while start >= 0:
        at, depth = start + len(name) + 1, 1
        first = at
        while at < len(request) and depth and at - first <= _MOST_CHARS:
            depth += {"(": 1, ")": -1}.get(request[at], 0)
            at += 1
        if not depth:
            found.append(request[first : at - 1])
        start = request.find(f"{name}(", start + 1)
    return found
