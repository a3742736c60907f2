"""What is acknowledged is on the disk; what can be had again need not wait for it."""

from __future__ import annotations

import pytest
from sqlalchemy import text
from tests.annotation.pool import annotator, item

from tactful.annotation.services.assigning import Assigned, assign
from tactful.annotation.store import Store


def waits(store: Store, lasting: bool) -> bool:
    """Whether a commit waits for the disk."""
    with store.write(lasting=lasting) as connection:
        if store.is_sqlite:
            return bool(connection.execute(text("PRAGMA synchronous")).scalar() == 2)
        return bool(connection.execute(text("SHOW synchronous_commit")).scalar() == "on")


@pytest.mark.parametrize("first", [True, False])
def test_only_what_must_last_waits_for_the_disk_on_whatever_connection(store: Store, first: bool) -> None:
    for lasting in (first, not first, first):
        assert waits(store, lasting) is lasting


def test_a_claim_that_did_not_wait_is_there_for_everybody(store: Store) -> None:
    from tactful.annotation.services.loading import load_items

    load_items(store, [item(0)])
    who = annotator(store)
    one = assign(store, who)
    assert isinstance(one, Assigned)
    again = assign(store, who)
    assert isinstance(again, Assigned)
    assert again.slot == one.slot
