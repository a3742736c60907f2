from __future__ import annotations

import pytest

from tactful.text.objections import objects


@pytest.mark.parametrize(
    "text",
    [
        "You deleted them?! Undo that right now",
        "please revert",
        "No, the other one",
        "不对",
        "别再问了",
        "Stop.",
        "你删了？！",
        "撤销一下",
    ],
)
def test_an_undo_a_shock_and_a_negation_at_the_head_are_signs(text: str) -> None:
    assert objects(text)


@pytest.mark.parametrize(
    "text", ["Perfect, thanks!", "great, now the next one", "太好了", "I know nothing better", "ok?"]
)
def test_plain_words_are_none(text: str) -> None:
    assert not objects(text)
