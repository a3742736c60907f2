"""What a served policy needs is opened, or refused, before it listens."""

from __future__ import annotations

import pytest

import tactful as tf
from tactful.errors import UserError
from tactful.policy import CostPolicy
from tactful.policy.serve import MessagesAsked


@pytest.mark.parametrize("reader", ["encodr", "gpt-4.1-mini", "decisions:http://127.0.0.1:9"])
def test_a_reader_that_would_send_requests_elsewhere_is_refused(reader: str) -> None:
    with (
        pytest.raises(UserError, match=f"reader '{reader}' is unknown"),
        tf.serve_policy(CostPolicy(("LOW", "MID", "HIGH")), reader=reader),
    ):
        pass


def test_questions_that_the_assistant_put_in_the_messages_are_counted() -> None:
    said = [
        ("user", "Book a table"),
        ("assistant", "On it."),
        ("assistant", "For which day?"),
        ("user", "Friday"),
    ]
    more = [
        ("assistant", "How many people?"),
        ("user", "Just book it"),
        ("assistant", "Done."),
        ("user", "Thanks"),
    ]

    def row(talk: list[tuple[str, str]], **known: int) -> dict[str, int]:
        messages = [{"role": role, "content": text} for role, text in talk]
        found = MessagesAsked.model_validate({"messages": messages, **known}).row()
        return {name: found[name] for name in ("questions_asked", "answered", "prev_reject")}

    assert row(said[:1]) == {"questions_asked": 0, "answered": 0, "prev_reject": 0}
    assert row(said) == {"questions_asked": 1, "answered": 1, "prev_reject": 0}
    assert row(said + more, rejected=1) == {"questions_asked": 2, "answered": 1, "prev_reject": 1}
    assert row(said[:1], rejected=1) == {"questions_asked": 1, "answered": 0, "prev_reject": 1}
