"""What readings hold."""

from __future__ import annotations

import numpy as np
import pytest

from tactful.errors import UsageError
from tactful.reading import REACTIONS
from tactful.reading.opening import open_reader
from tactful.reading.types import reaction_of


def test_a_certain_complaint_is_one_though_its_shares_are_rounded_up() -> None:
    # 0.4 + 0.35 + 0.2500001: the three negative labels; as single-precision shares they pass 1
    shares = np.array([0.4, 0.35, 0.2500001, 0, 0, 0, 0], dtype=np.float32)
    assert float(sum(shares)) > 1
    reading = reaction_of(shares)
    assert reading.complaint == 1.0
    assert reading.label == "neg_constraint_restate"
    assert list(reading.probabilities) == list(REACTIONS)


def test_the_complaint_is_the_three_negative_labels_together() -> None:
    # 0.1 + 0.2 + 0.3
    assert reaction_of([0.1, 0.2, 0.3, 0.1, 0.1, 0.1, 0.1]).complaint == pytest.approx(0.6)


@pytest.mark.parametrize("name", ["encoder", "surface", "estimate", "gpt-4.1-mini"])
@pytest.mark.parametrize("given", [["Sort my people"], "Sort my people"])
def test_a_bare_text_is_no_request_and_the_sentence_says_how_to_write_one(name: str, given: object) -> None:
    with pytest.raises(UsageError, match=r"'Sort my people' is no request; write \[Request\(text='…'\)\]"):
        open_reader(name).needs_now(given)  # type: ignore[arg-type]
