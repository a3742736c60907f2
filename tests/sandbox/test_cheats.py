"""X12 and X13: programs that want to pass without solving, and values that lie or cannot be compared."""

from __future__ import annotations

import json

import pytest

from tactful.sandbox import Job, Outcome, Tier

TESTS = (
    "assert total([1, 2, 3]) == 6",
    "assert total([10, 20]) == 30",
    "assert abs(total([0.5, 0.25]) - 0.75) < 1e-9",
    "assert total([]) == 0",
)
HONEST = "def total(numbers):\n    return sum(numbers)\n"

ALWAYS_EQUAL = """
class Anything(BASE):
    __eq__ = __ge__ = __le__ = __lt__ = __gt__ = lambda self, other: True
    __ne__ = lambda self, other: False
    __hash__ = lambda self: 0
    __sub__ = __rsub__ = __abs__ = lambda self, *other: self
    __bool__ = lambda self: True
    __repr__ = lambda self: "6"
def total(numbers):
    return Anything()
"""
WRONG = "def total(numbers):\n    return -1\n"

CHEATS = {
    "leaves_with_success": "import os, sys\nsys.stdout.flush()\nos._exit(0)",
    "raises_system_exit": "raise SystemExit(0)",
    "leaves_from_the_function": "import os\ndef total(numbers):\n    os._exit(0)",
    "equals_everything": ALWAYS_EQUAL.replace("BASE", "object"),
    "an_int_that_equals_everything": ALWAYS_EQUAL.replace("BASE", "int").replace(
        "Anything()", "Anything(-1)"
    ),
    "a_mock_that_equals_everything": "from unittest.mock import ANY\ndef total(numbers):\n    return ANY",
    "swallows_assertion_errors": "import builtins\nbuiltins.AssertionError = None\n"
    "import sys\nsys.excepthook = lambda *_: None\n" + WRONG,
    "prints_what_a_judge_might_read": "print('all tests passed')\nprint('PASSED 4/4')\n" + WRONG,
    "writes_to_every_descriptor": "import os, struct\nfor fd in range(3, 64):\n"
    "    for message in (b'D', b'K', b'V' + b'i' + struct.pack('<I', 1) + b'\\x06'):\n"
    "        try: os.write(fd, struct.pack('<I', len(message)) + message)\n        except OSError: pass\n"
    + WRONG,
    "forges_a_ready_and_an_end": "import os, struct\n"
    "for message in (b'R', b'K', b'K', b'K', b'K', b'D'):\n"
    "    os.write(3, struct.pack('<I', len(message)) + message)\nos._exit(0)",
    "looks_for_the_answer_in_the_frames": "import sys, gc\ndef total(numbers):\n    frame = sys._getframe()\n"
    "    while frame:\n        for value in list(frame.f_locals.values()):\n"
    "            if isinstance(value, str) and '==' in value:\n"
    "                return eval(value.split('==')[1].strip(' )'))\n        frame = frame.f_back\n"
    "    for item in gc.get_objects():\n"
    "        if isinstance(item, (list, tuple)) and any(isinstance(x, str) and 'total([1' in x and '==' in x"
    " for x in item):\n            return 6\n    return -1",
    "replaces_the_tools_of_the_judge": "import builtins, operator, json, math, types\n"
    "builtins.abs = lambda x: 0\nmath.isclose = lambda *a, **k: True\nbuiltins.isinstance = lambda *a: True\n"
    "operator.eq = lambda a, b: True\nbuiltins.eval = builtins.exec = lambda *a: 7\n" + WRONG,
    "replaces_the_encoder": "import sys\nfor name, module in list(sys.modules.items()):\n"
    "    if name.startswith('inside') and hasattr(module, 'encode'):\n"
    "        module.encode = lambda value: b'T'\n" + WRONG,
    "reads_the_tests_from_the_command_line": "import sys, os\ndef total(numbers):\n"
    "    for place in ('/proc/self/cmdline', '/proc/self/environ', '/proc/self/mem', '/proc/self/fd/3'):\n"
    "        try:\n            text = open(place).read()\n            if '== 6' in text: return 6\n"
    "        except (OSError, ValueError): pass\n    return -1",
}


@pytest.mark.parametrize("name", CHEATS)
def test_X12_cheats_do_not_pass(name, sandbox):
    assert sandbox.tier is not Tier.NONE
    verdict = sandbox.run(Job(code=CHEATS[name], tests=TESTS, timeout_s=3))
    assert not verdict.passed
    assert not verdict.weak
    assert all(test.outcome is not Outcome.PASSED for test in verdict.tests), verdict
    assert not verdict.unscored


def test_X12_there_are_fourteen_cheats_and_the_honest_solution_passes(sandbox):
    assert len(CHEATS) == 14
    verdict = sandbox.run(Job(code=HONEST, tests=TESTS))
    assert verdict.passed
    assert verdict.share_passed == 1.0


@pytest.mark.parametrize("kind", [[], {}, None, 1, "other"])
def test_program_cannot_make_itself_unscored_by_a_report_of_an_odd_kind(kind, sandbox):
    report = json.dumps({"kind": kind, "text": ""}).encode()
    code = f"import os, struct\nos.write(3, struct.pack('<I', {len(report) + 1}) + b'E' + {report!r})"
    verdict = sandbox.run(Job(code=code, tests=TESTS))
    assert (verdict.unscored, verdict.share_passed) == (False, 0.0)
    assert "an error report of another form" in verdict.error


@pytest.mark.parametrize(
    ("returned", "test", "detail"),
    [
        ("True", "assert f() == 1", "returned True == 1"),
        ("1", "assert f() == True", "returned 1 == True"),
        ("1", "assert f() is True", "returned 1 == True"),
        ("[True]", "assert f() == [1]", "returned [True] == [1]"),
        ("{1: True}", "assert f() == {1: 1}", "returned {1: True}"),
        ("float('nan')", "assert f() == 3", "returned nan == 3"),
        ("float('nan')", "assert abs(f() - 3) < 1e9", "nan has no order"),
        ("float('nan')", "assert not f() > 3", "nan has no order"),
        ("float('nan')", "assert f() == float('nan')", "returned nan == nan"),
        ("True", "assert abs(f() - 1) < 0.1", "cannot compute with True"),
        ("(1, 2)", "assert f() == [1, 2]", "returned (1, 2) == [1, 2]"),
        ("object()", "assert f() == 3", "a value of type object"),
        ("lambda: 3", "assert f() == 3", "a value of type function"),
        ("'x' * (1 << 21)", "assert f() == 'x'", "a text of 2,097,152 characters"),
        ("list(range(1 << 21))", "assert f() == [0]", "a container of 2,097,152 items"),
        ("['x' * 1000] * 5000", "assert f() == [0]", "a value larger than"),
        ("1 << 2_000_000", "assert f() == 1", "an integer of 2,000,001 bits"),
        ("1 << 100_000", "assert f() == 1", "returned <integer of 100,001 bits> == 1"),
        ("deep()", "assert f() == []", "a value nested deeper than 64"),
        ("knot()", "assert f() == []", "a value nested deeper than 64"),
        ("10 ** 400", "assert abs(f() - 0.5) < 1", "OverflowError"),
        ("'\\ud800'", "assert f() == 'x'", "returned '\\ud800' == 'x'"),
    ],
)
def test_X13_a_value_that_cannot_be_right_fails_and_says_why(returned, test, detail, sandbox):
    code = f"""
def deep():
    value = []
    for _ in range(100_000):
        value = [value]
    return value
def knot():
    value = []
    value.append(value)
    return value
def f():
    return {returned}
"""
    verdict = sandbox.run(Job(code=code, tests=(test,)))
    assert verdict.tests[0].outcome is Outcome.FAILED, verdict
    assert detail in verdict.tests[0].detail
    assert not verdict.tests[0].weak


def test_X13_a_lying_repr_is_not_asked(sandbox):
    code = """
class Liar(list):
    __repr__ = lambda self: "[6]"
    __iter__ = lambda self: iter([6])
    __len__ = lambda self: 1
    __getitem__ = lambda self, index: 6
    __eq__ = lambda self, other: True
class Named(type):
    __name__ = property(lambda cls: 1 / 0)
class Odd(metaclass=Named):
    __class__ = int
    def __getattribute__(self, name):
        raise SystemExit
f = lambda: Liar([1, 2])
g = lambda: Odd()
"""
    verdict = sandbox.run(
        Job(code=code, tests=("assert f() == [6]", "assert g() == 6", "assert f() == [1, 2]"))
    )
    assert [test.outcome for test in verdict.tests] == [Outcome.FAILED, Outcome.FAILED, Outcome.PASSED]
    assert verdict.tests[0].detail.startswith("returned [1, 2] == [6]")


def test_X13_chosen_hash_collisions_cost_the_parent_nothing(sandbox):
    code = "def f():\n    return [{i * (2**61 - 1) for i in range(2000)}, dict.fromkeys(range(60000))]\n"
    verdict = sandbox.run(Job(code=code, tests=("assert f() == [{1}, {}]",), timeout_s=10))
    assert verdict.tests[0].outcome is Outcome.FAILED


def test_X13_an_exception_that_lies_about_itself_is_an_error(sandbox):
    code = """
class Sly(Exception):
    def __str__(self):
        raise SystemExit(0)
def f():
    raise Sly
"""
    verdict = sandbox.run(Job(code=code, tests=("assert f() == 1",)))
    assert verdict.tests[0].outcome is Outcome.ERROR
    assert verdict.tests[0].detail == "Sly"
