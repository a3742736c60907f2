"""Patterns compiled at their first use."""

from __future__ import annotations

import copy
import pickle
import re

import pytest

from tactful.text.later import later


def test_a_pattern_finds_what_a_compiled_one_finds() -> None:
    text = "Please wait. PLEASE!"
    lazy, compiled = later(r"please\b", re.IGNORECASE), re.compile(r"please\b", re.IGNORECASE)
    assert lazy.findall(text) == compiled.findall(text)
    assert lazy.sub("-", text) == compiled.sub("-", text)
    assert (lazy.pattern, lazy.flags) == (compiled.pattern, compiled.flags)


def test_a_wrong_pattern_is_told_at_its_first_use() -> None:
    lazy = later("(")
    with pytest.raises(re.error):
        lazy.search("(")


def test_it_can_be_copied_and_sent_to_another_process_before_and_after_its_first_use() -> None:
    lazy = later("a+")
    for _ in range(2):
        for other in (copy.copy(lazy), copy.deepcopy(lazy), pickle.loads(pickle.dumps(lazy))):
            assert other.findall("aa b a") == ["aa", "a"]
        assert lazy.search("a")
