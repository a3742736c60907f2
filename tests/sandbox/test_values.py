from __future__ import annotations

import math
from collections import Counter, OrderedDict

import pytest

from tactful.sandbox.inside import seccomp
from tactful.sandbox.inside.values import Malformed, NotPlain, Unordered, decode, encode
from tactful.sandbox.verdict.compare import CannotCompare, contains, equal, ordered, show

PLAIN = [
    None,
    True,
    0,
    -1,
    2**200,
    -(2**63),
    1.5,
    -0.0,
    math.inf,
    2 + 3j,
    "",
    "é\ud800",
    b"\0",
    [],
    [[1]],
    (1,),
    {1: "a"},
]


@pytest.mark.parametrize("value", PLAIN, ids=repr)
def test_values_come_back_equal_and_of_their_type(value):
    back = decode(encode(value))
    assert equal(back, value)
    assert isinstance(value, dict) or type(back) is type(value)


@pytest.mark.parametrize(
    "data",
    [b"", b"x", b"i", b"i\xff\xff\xff\xff", b"NN", b"s\x01\0\0\0\xff", b"l\x02\0\0\0N", b"l\x01\0\0\0" * 70],
)
def test_what_is_not_a_value_is_refused(data):
    with pytest.raises(Malformed):
        decode(data)


@pytest.mark.parametrize(
    "value", [object(), len, type, iter([]), range(3)], ids=lambda value: type(value).__name__
)
def test_other_types_are_not_plain(value):
    with pytest.raises(NotPlain, match="a value of type"):
        encode(value)


@pytest.mark.parametrize(
    ("left", "right", "same"),
    [
        (1, 1.0, True),
        (1, True, False),
        (0, False, False),
        (1 + 0j, 1, True),
        ([1], (1,), False),
        ({1}, frozenset({1.0}), True),
        ({True}, {1}, False),
        ({1: [2]}, {1.0: [2.0]}, True),
        ({1: True}, {1: 1}, False),
        ({True: 1}, {1: 1}, False),
        (Counter("aa"), {"a": 2}, True),
        (OrderedDict([(1, 2), (3, 4)]), {3: 4, 1: 2}, True),
        (math.nan, math.nan, False),
        ([float("nan")], [float("nan")], False),
        (None, 0, False),
        ("1", 1, False),
        (b"a", bytearray(b"a"), True),
        (2**53 + 1, float(2**53), False),
        ({(1, 2): {3}}, {(1, 2): {3}}, True),
    ],
)
def test_equality_is_pythons_but_for_bool(left, right, same):
    assert equal(decode(encode(left)), right) is same


def test_sets_of_another_size_are_unequal_before_anything_is_hashed():
    many = decode(encode({i * (2**61 - 1) for i in range(3000)}))
    assert not equal(many, {1})


def test_membership_and_order():
    assert contains("abc", "b")
    assert contains({1: 2}, 1.0)
    assert not contains([1], True)
    assert ordered(1, 2.0) == (1, 2.0)
    for left, right in ((True, 2), (math.nan, 1), (None, None), ("a", 1)):
        with pytest.raises(CannotCompare):
            ordered(left, right)
    with pytest.raises(CannotCompare):
        contains(3, 3)


def test_sets_so_large_that_chosen_collisions_would_cost_are_not_ordered():
    assert ordered(Unordered(range(1000)), {1})
    with pytest.raises(CannotCompare, match="too large to be ordered"):
        ordered(Unordered(range(1001)), {1})


def test_values_are_shown_short():
    assert show([1, ("a",), {2: {3}}]) == "[1, ('a',), {2: {3}}]"
    assert len(show(["x" * 50] * 1000)) <= 201
    assert show(1 << 5000) == "<integer of 5,001 bits>"


@pytest.mark.parametrize("machine", ["x86_64", "aarch64"])
def test_the_filter_is_whole_instructions_and_ends_by_refusing(machine):
    program = seccomp.build(machine)
    assert len(program) % 8 == 0
    assert len(program) // 8 < 400
    assert program[-8:] == b"\x06\0\0\0\x01\0\x05\0"
    assert seccomp.for_process(program, 4242) != program
