"""What a served policy needs is opened, or refused, before it listens."""

from __future__ import annotations

import pytest

import tactful as tf
from tactful.errors import UserError
from tactful.policy import CostPolicy


@pytest.mark.parametrize("reader", ["encodr", "gpt-4.1-mini", "decisions:http://127.0.0.1:9"])
def test_a_reader_that_would_send_requests_elsewhere_is_refused(reader: str) -> None:
    with (
        pytest.raises(UserError, match=f"reader '{reader}' is unknown"),
        tf.serve_policy(CostPolicy(("LOW", "MID", "HIGH")), reader=reader),
    ):
        pass
