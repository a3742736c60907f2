"""Texts of requests that hold the end of a conversation become the whole of it."""

from __future__ import annotations

import time

import pytest
from tests.live.scripted import said

from tactful.live.keeping.texts import KEY, gone_on
from tactful.types import Message


def kept(*requests: str) -> str:
    """What is kept after these requests, a letter a message; the user's and the assistant's alternate, by the letter's case."""
    texts: list[dict[str, str]] = []
    for number, request in enumerate(requests):
        given = [Message(role="user" if one.isupper() else "assistant", content=one) for one in request]
        texts = gone_on(texts, given, str(number))
    return "".join(f"{one['content']}{one.get(KEY, '')}" for one in texts)


@pytest.mark.parametrize(
    ("requests", "whole"),
    [
        (("A", "AbC", "AbCdE"), "A0bC1dE2"),
        (("A", "AbC", "bCdE", "dEfG"), "A0bC1dE2fG3"),  # windows
        (("A", "AbC", "AbX"), "A0bX2"),  # the last message was written anew
        (("A", "AbC", "bCdE", "bCdX"), "A0bC1dX3"),  # the same in a window
        (("A", "AbC", "AbCdE", "X"), "A0bC1dE2X3"),  # nothing in common: nothing is lost
        (("AbC", "AbC"), "AbC1"),  # decided again
        (("O", "OkO", "OkOkO"), "O0kO1kO2"),  # the same words all the time
        (("OkOkO", "kOkO"), "OkOkO1"),
    ],
)
def test_a_request_goes_on_where_it_begins_among_what_is_kept(requests: tuple[str, ...], whole: str) -> None:
    assert kept(*requests) == whole


def test_system_messages_are_those_of_the_last_request() -> None:
    first = [Message(role="system", content="It is 10:00."), *said("Hello")]
    second = [Message(role="system", content="It is 10:05."), *said("Hello", "Hi!", "Go on")]
    texts = gone_on(gone_on([], first, "a"), second, "b")
    assert [one["content"] for one in texts] == ["It is 10:05.", "Hello", "Hi!", "Go on"]
    assert [one.get(KEY) for one in texts] == [None, "a", None, "b"]


@pytest.mark.slow
def test_many_messages_that_are_all_alike_take_no_longer_than_others() -> None:
    long = said(*["ok"] * 40_000)
    old = gone_on([], long, "a")
    started = time.perf_counter()
    assert len(gone_on(old, [*long[:-1], Message(role="user", content="no")], "b")) == 40_000
    assert time.perf_counter() - started < 5
