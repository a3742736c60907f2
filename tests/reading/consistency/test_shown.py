"""What solutions return, shown in the cage: unlike values never look alike, and like values never differ."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tactful.reading.consistency.running import disagreement
from tactful.reading.consistency.shown import NOTHING, OPAQUE, shown
from tactful.sandbox import Sandbox, Tier, current_tier

pytestmark = pytest.mark.skipif(current_tier() is Tier.NONE, reason="no cage on this machine")

IMPORTS = (
    "from collections import deque\nfrom datetime import date, timedelta\nfrom decimal import Decimal\n"
    "from enum import Enum\nfrom fractions import Fraction\nimport math\n"
)
SLOTS = "class Pair:\n    __slots__ = ('x', '__y')\n    def __init__(self, x, y): self.x, self.__y = x, y\n"
COLOR = "class Color(Enum):\n    RED = 1\n    BLUE = 2\n"
OWN_DATE = "class Day(date): pass\n"
OWN_ERROR = "class Bad(Exception): pass\n"
NODE = "class Node:\n    def __init__(self, value, next=None): self.value, self.next = value, next\n"

UNLIKE = {
    "date": ("date(2020, 1, n)", "date(2020, 2, n)"),
    "decimal": ("Decimal(n) * 2", "Decimal(n) * 3"),
    "fraction": ("Fraction(n, 3)", "Fraction(n, 7)"),
    "timedelta": ("timedelta(days=n)", "timedelta(hours=n)"),
    "complex": ("complex(n, 1)", "complex(1, -n)"),
    "range": ("range(n)", "range(1, n + 1)"),
    "deque": ("deque([n, 2])", "deque([2, n])"),
    "values": ("{1: n}.values()", "{n: 1, 2: 2}.values()"),
    "bytearray": ("bytearray([n])", "bytearray([n + 1])"),
    "large_integer": ("math.factorial(2000)", "math.factorial(2000) * 2"),
    "late_backslashes": ("'\\\\' * 80 + 'x'", "'\\\\' * 80 + 'y'"),
    "class": ("Pair(n, 1)", "Pair(n, 2)"),
    "enum": ("Color.RED", "Color.BLUE"),
    "own_date": ("Day(2020, 1, n)", "Day(2020, 2, n)"),
    "own_error": ("Bad(n)", "Bad(n, n)"),
    "none": ("None", "0"),
}


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(workers=1) as opened:
        yield opened


@pytest.mark.parametrize("name", UNLIKE)
def test_unlike_values_differ_and_each_is_like_itself(name: str, sandbox: Sandbox) -> None:
    before = IMPORTS + SLOTS + COLOR + OWN_DATE + OWN_ERROR
    one, other = (before + f"def f(n): return {value}" for value in UNLIKE[name])
    # three pairs: the equal one agrees, two differ
    found = disagreement([one, one, other], "f", ["3"], sandbox)
    assert (found.share, found.solutions) == (pytest.approx(2 / 3), 3)


LISTS = (
    "def f(l):\n    head = None\n    for v in reversed(l): head = Node(v, head)\n    return head",
    "junk = [object() for _ in range(100)]\ndef f(l): return Node(l[0], f(l[1:])) if l else None",
)
RINGS = (
    "def f(l):\n    ring = Node(l[0])\n    ring.next = Node(l[1], ring)\n    return ring",
    "def f(l):\n    last = Node(l[1])\n    last.next = Node(l[0], last)\n    return last.next",
)


@pytest.mark.parametrize("bodies", [LISTS, RINGS])
def test_objects_of_like_fields_agree_whatever_their_place_in_memory(
    bodies: tuple[str, str], sandbox: Sandbox
) -> None:
    solutions = [NODE + body for body in bodies]
    found = disagreement(solutions, "f", ["[1, 2, 3]", "[5, 4, 3]"], sandbox)
    assert (found.share, found.solutions) == (0.0, 2)
    other = NODE + bodies[0].replace("Node(l[0])", "Node(l[2])").replace("reversed(l)", "l")
    assert disagreement([solutions[0], other], "f", ["[1, 2, 3]"], sandbox).share == 1.0


def test_a_function_that_returns_nothing_differs_by_what_it_prints_and_changes(sandbox: Sandbox) -> None:
    up, down = "def f(l): l.sort()", "def f(l): l.sort(reverse=True)"
    one, other = "def f(l): print(l)", "def f(l): print(l, l)"
    # six pairs, all differ; twice the same does not
    assert disagreement([up, down, one, other], "f", ["[3, 1]"], sandbox).share == 1.0
    assert disagreement([up, up], "f", ["[3, 1]"], sandbox).share == 0.0


def test_side_effects_do_not_count_where_values_are_returned(sandbox: Sandbox) -> None:
    plain = "def f(l): return l[0] if l else None"
    noisy = "def f(l):\n    print('looking')\n    return l[0] if l else None"
    assert disagreement([plain, noisy], "f", ["[]", "[1]"], sandbox).share == 0.0


def test_what_cannot_be_compared_counts_neither_way(sandbox: Sandbox) -> None:
    opaque = [f"def f(n): return (lambda: {value}) if n else {value}" for value in "12"]
    assert disagreement(opaque, "f", ["1"], sandbox).solutions == 0
    assert disagreement(opaque, "f", ["0", "1"], sandbox).worst == "0"


@pytest.mark.parametrize("name", ["copy", "shown", "text", "hashlib"])
def test_a_solution_may_bear_any_name(name: str, sandbox: Sandbox) -> None:
    one, other = (f"def {name}(n): return n + {more}" for more in (1, 2))
    found = disagreement([one, other], name, ["1 # one", "2"], sandbox)
    assert (found.share, found.solutions) == (1.0, 2)


def test_short_texts_by_hand() -> None:
    assert shown(lambda x: [x, 2.0, (True, {"b"})], (10,)) == "[0xa, 0x2, [True, set 'b']]"
    assert shown(lambda x: x.append(2), ([1],)) == NOTHING + "[[[0x1, 0x2]], '']"
    assert shown(lambda: object(), ()) == OPAQUE
    deep: list[object] = []
    deep.append(deep)
    assert shown(lambda: deep, ()) == OPAQUE
