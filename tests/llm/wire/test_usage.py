"""Which usage is believed."""

from __future__ import annotations

from typing import Any

import pytest
from tests.llm.asking import prompt

from tactful.llm.wire.usage import reported_tokens


def reported(
    said: Any, *, sent: int = 640, text: int = 640, limit: int | None = 100
) -> tuple[int, int] | None:
    return reported_tokens(said, prompt("x" * sent), most_prompt=1000, most_completion=limit, text="y" * text)


def usage(prompt_tokens: Any, completion_tokens: Any) -> dict[str, Any]:
    return {"prompt_tokens": prompt_tokens, "completion_tokens": completion_tokens}


def test_the_bounds_themselves_are_believed() -> None:
    # 640 characters are at least 10 tokens of 64 characters
    assert reported(usage(10, 10)) == (10, 10)
    assert reported(usage(1000, 100)) == (1000, 100)
    assert reported(usage(10, 2_000_000), limit=None) == (10, 2_000_000)


@pytest.mark.parametrize(
    "said",
    [usage(1001, 50), usage(50, 101), usage(9, 50), usage(50, 9), usage(0, 50), usage(50, -1), usage("50", 50),
     usage(50.0, 50), usage(True, 50), {"prompt_tokens": 50}, None, [], "many"],
)  # fmt: skip
def test_more_than_was_sent_or_allowed_too_little_for_the_texts_and_no_numbers_are_not(said: Any) -> None:
    assert reported(said) is None
    assert reported(usage(50, 2_000_001), limit=None) is None
