"""Several servers or windows at one database write at the same moment: what follows from what stands there stays right."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from threading import Barrier
from typing import Any

import pytest
from sqlalchemy import func, select
from tests.annotation.pool import annotator, item

from tactful.annotation.services import logins
from tactful.annotation.services.accounts import LastAdministrator, disable, invite, single_person, use_link
from tactful.annotation.services.loading import load_items
from tactful.annotation.services.logins import FREE_BY_NAME, TooManyTries, WrongLogin, sign_in
from tactful.annotation.services.project import Project, app_secret, keep_project
from tactful.annotation.store import open_store
from tactful.annotation.store.tables import items, slots

AT_ONCE = 8


def at_once(address: str, does: Callable[..., Any]) -> list[Any]:
    """What `does` gives or raises in each of several processes' stores, all begun together."""
    barrier = Barrier(AT_ONCE, timeout=60)

    def one(number: int) -> Any:
        with open_store(address) as store:
            barrier.wait()
            try:
                return does(store, number)
            except (WrongLogin, TooManyTries, LastAdministrator) as error:
                return type(error)

    with ThreadPoolExecutor(AT_ONCE) as pool:
        return list(pool.map(one, range(AT_ONCE)))


@pytest.mark.slow
def test_servers_that_start_together_with_the_same_files_load_each_item_once(address: str) -> None:
    given = [item(number) for number in range(300)]
    loaded = at_once(address, lambda store, _: load_items(store, given).new)
    assert sum(loaded) == len(given)
    with open_store(address) as store, store.read() as connection:
        numbers = connection.execute(select(items.c.number)).scalars().all()
        assert sorted(numbers) == list(range(len(given)))
        assert connection.execute(select(func.count()).select_from(slots)).scalar() == 3 * len(given)


@pytest.mark.slow
def test_servers_that_start_together_agree_on_settings_and_on_what_signs_their_tokens(address: str) -> None:
    def start(store: Any, number: int) -> bytes:
        keep_project(store, Project(title=f"Project {number}"))
        return app_secret(store)

    assert len(set(at_once(address, start))) == 1


def test_a_single_user_is_one_person_in_every_window(address: str) -> None:
    assert len(set(at_once(address, lambda store, _: single_person(store)))) == 1


def test_many_guesses_at_the_same_moment_are_no_more_than_one_after_the_other(
    address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logins, "is_password", lambda *_: False)
    now = datetime.now(UTC)
    found = at_once(address, lambda store, _: sign_in(store, "Ann", "wrong wrong", "", now=now))
    assert found.count(WrongLogin) == FREE_BY_NAME
    assert found.count(TooManyTries) == AT_ONCE - FREE_BY_NAME


@pytest.mark.slow
def test_administrators_who_shut_each_other_out_leave_one(address: str) -> None:
    with open_store(address) as store:
        people = [
            use_link(
                store, invite(store, role="admin"), name=f"Ada {number}", password="four words are enough"
            ).id
            for number in range(AT_ONCE)
        ]
        annotator(store)
    found = at_once(address, lambda store, number: disable(store, people[number], True))
    assert found.count(LastAdministrator) == 1
