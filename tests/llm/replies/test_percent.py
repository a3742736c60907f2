from __future__ import annotations

import pytest

from tactful.llm.replies.percent import Percent, SignedPercent
from tactful.llm.replies.structured import Unusable, parse_reply, schema_text
from tactful.types import Record


class Said(Record):
    sure: Percent
    liking: SignedPercent = 0.0


@pytest.mark.parametrize(
    ("said", "share"),
    [
        ("90", 0.9),
        ("90.0", 0.9),
        ("100", 1.0),
        ("0", 0.0),
        ("0.9", 0.9),
        ("1.0", 1.0),
        ("1", 0.01),
        ("2", 0.02),
    ],
)
def test_whole_percent_are_asked_for_and_shares_are_understood(said: str, share: float) -> None:
    assert parse_reply(f'{{"sure": {said}}}', Said, complete=True).value.sure == share
    assert parse_reply(f'{{"sure": 1, "liking": -{said}}}', Said, complete=True).value.liking == -share


@pytest.mark.parametrize(
    "said", ["-1.3", "-0.1", "101", "1.2", "62.5", '"90"', "true", "NaN", "Infinity", "1e999", "null"]
)
def test_anything_else_is_asked_for_again(said: str) -> None:
    with pytest.raises(Unusable, match=r"sure: .*(whole number of percent|percent from 0 to 100)"):
        parse_reply(f'{{"sure": {said}}}', Said, complete=True)


def test_the_schema_asks_for_what_a_grammar_can_enforce() -> None:
    assert '"sure":{"maximum":100,"minimum":0,"type":"integer"}' in schema_text(Said)
