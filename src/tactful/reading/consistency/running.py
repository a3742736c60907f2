"""Solutions on the same inputs, in the cage: what each returned, and how often two of them differ."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

from tactful.sandbox import Job, Outcome, Sandbox, TestResult, Verdict

TIMEOUT_S = 4.0
"""For one solution on all inputs."""
MOST_CALLS = 12
_MOST_CHARS = 2000
_SHOWN = "_tactful_shown"
_SETUP = f"""
def {_SHOWN}(*arguments):
    import copy, hashlib
    def plain(value, depth=0):
        if isinstance(value, bool) or value is None or depth > 20:
            return repr(value)
        if isinstance(value, (int, float)):
            whole = isinstance(value, float) and value.is_integer() and abs(value) < 1e15
            return repr(int(value)) if whole or isinstance(value, int) else format(value, ".9g")
        if isinstance(value, (list, tuple)):
            return "[" + ", ".join(plain(item, depth + 1) for item in value) + "]"
        if isinstance(value, (set, frozenset)):
            return "set " + ", ".join(sorted(plain(item, depth + 1) for item in value))
        if isinstance(value, dict):
            return "map " + ", ".join(sorted(plain(k, depth + 1) + ": " + plain(v, depth + 1) for k, v in value.items()))
        if isinstance(value, (str, bytes)):
            return repr(value)
        if hasattr(value, "__next__"):
            return plain([item for item, _ in zip(value, range(1000))], depth + 1)
        return type(value).__name__ + " " + repr(getattr(value, "__dict__", ""))
    text = plain(NAME(*copy.deepcopy(arguments)))
    return text if len(text) < 120 else hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()
"""
"""What a solution returned, as one short text: 2 and 2.0, and a list and a tuple, count as the same."""


@dataclass(frozen=True)
class Disagreement:
    """How far solutions differ."""

    share: float
    """Of the pairs of solutions, that differ on some input, in [0, 1]; 0 = all agree on all."""
    worst: str
    """The input on which most pairs differ, as Python writes its arguments; empty when none does."""
    solutions: int
    """That ran."""
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
    tests = tuple(f"assert {_SHOWN}({call}) == ''" for call in calls)
    setup = _SETUP.replace("NAME(", f"{name}(")
    jobs = [Job(code=code, tests=tests, setup=setup, timeout_s=TIMEOUT_S) for code in solutions]
    verdicts = [verdict for verdict in sandbox.run_many(jobs) if _ran(verdict)]
    said = [[_said(test) for test in verdict.tests] for verdict in verdicts]
    differ = [0] * len(calls)
    apart = total = 0
    for one, other in combinations(said, 2):
        places = [at for at, pair in enumerate(zip(one, other, strict=True)) if _differ(*pair)]
        for at in places:
            differ[at] += 1
        apart += bool(places)
        total += 1
    worst = calls[differ.index(max(differ))] if apart else ""
    return Disagreement(apart / total if total else 0.0, worst, len(verdicts), len(jobs))


def _differ(one: str | None, other: str | None) -> bool:
    return one is not None and other is not None and one != other


def _ran(verdict: Verdict) -> bool:
    """Whether it returned something for some input: a solution that is broken tells nothing about the request."""
    return not verdict.unscored and any(test.outcome is Outcome.FAILED for test in verdict.tests)


def _said(test: TestResult) -> str | None:
    """What came back, or how it failed; None where it was not run."""
    if test.outcome is Outcome.NOT_RUN:
        return None
    if test.outcome is Outcome.FAILED:
        return test.detail
    return f"{test.outcome.value}: {test.detail.partition(':')[0] if test.outcome is Outcome.ERROR else ''}"


def _is_literal(call: str) -> bool:
    try:
        tree = ast.parse(f"f({call})", mode="eval").body
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
