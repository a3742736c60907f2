"""Sessions end; guessing is slowed, by name and by address, and tells nothing."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from tests.annotation.pool import START

from tactful.annotation.services import accounts
from tactful.annotation.services.accounts import invite, use_link
from tactful.annotation.services.logins import (
    FREE_BY_ADDRESS,
    FREE_BY_NAME,
    IDLE,
    LONGEST,
    TooManyTries,
    WrongLogin,
    begin_session,
    person_of,
    sign_in,
    sign_out,
)
from tactful.annotation.store import Store, open_store

GOOD = "four words are enough"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """With one annotator, Ann."""
    with open_store(tmp_path / "annotations.sqlite") as one:
        use_link(one, invite(one, now=START), name="Ann", password=GOOD, now=START)
        yield one


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> list[str | None]:
    """Passwords are compared as they are; every comparison is noted."""
    looked: list[str | None] = []

    def compared(password: str, hashed: str | None) -> bool:
        looked.append(hashed)
        return hashed is not None and password == GOOD

    monkeypatch.setattr("tactful.annotation.services.logins.is_password", compared)
    return looked


def wrong(store: Store, name: str, at: datetime, address: str = "10.0.0.1") -> None:
    with pytest.raises(WrongLogin):
        sign_in(store, name, "wrong wrong wrong", address, now=at)


def wait(store: Store, name: str, at: datetime, address: str = "10.0.0.1") -> float:
    with pytest.raises(TooManyTries) as caught:
        sign_in(store, name, GOOD, address, now=at)
    return caught.value.wait.total_seconds()


def test_a_session_is_renewed_while_it_is_used_and_ends_all_the_same(store: Store) -> None:
    token = sign_in(store, " ann ", GOOD, "127.0.0.1", now=START)
    at = START
    while at + IDLE / 2 < START + LONGEST:
        at += IDLE / 2
        found = person_of(store, token, now=at)
        assert found is not None
        assert found.name == "Ann"
    assert person_of(store, token, now=START + LONGEST) is None
    unused = sign_in(store, "Ann", GOOD, "127.0.0.1", now=START)
    assert person_of(store, unused, now=START + IDLE) is None


def test_a_session_ends_when_one_signs_out_and_no_other_with_it(store: Store) -> None:
    first, second = (sign_in(store, "Ann", GOOD, "127.0.0.1") for _ in range(2))
    sign_out(store, first)
    assert person_of(store, first) is None
    assert person_of(store, second) is not None
    assert person_of(store, "invented") is None


def test_after_a_few_wrong_tries_at_a_name_one_waits_longer_and_longer(
    store: Store, quick: list[str | None]
) -> None:
    at = START
    for _ in range(FREE_BY_NAME):
        wrong(store, "Ann", at)
    waits = []
    for _ in range(10):
        waits.append(wait(store, "ANN", at))
        at += timedelta(seconds=waits[-1])
        wrong(store, "Ann", at)
    assert waits[:4] == [5, 10, 20, 40]
    assert waits[-1] == 900
    assert wait(store, "Ann", at, "10.9.9.9") == 900, "from another address too"


def test_a_password_is_not_even_looked_at_while_one_must_wait(store: Store, quick: list[str | None]) -> None:
    for _ in range(FREE_BY_NAME):
        wrong(store, "Ann", START)
    looked = len(quick)
    wait(store, "Ann", START)
    assert len(quick) == looked
    sign_in(store, "Ann", GOOD, "10.0.0.1", now=START + timedelta(seconds=5))
    for _ in range(FREE_BY_NAME):
        wrong(store, "Ann", START + timedelta(seconds=6))


def test_one_address_that_tries_many_names_waits_and_others_do_not(
    store: Store, quick: list[str | None]
) -> None:
    for number in range(FREE_BY_ADDRESS):
        wrong(store, f"name {number}", START)
    assert wait(store, "Ann", START) == 5
    sign_in(store, "Ann", GOOD, "10.0.0.2", now=START)


def test_where_an_address_tells_nobody_apart_names_alone_are_slowed(
    store: Store, quick: list[str | None]
) -> None:
    for number in range(FREE_BY_ADDRESS):
        wrong(store, f"name {number}", START, "")
    sign_in(store, "Ann", GOOD, "", now=START)


def test_waiting_survives_a_restart(store: Store, tmp_path: Path, quick: list[str | None]) -> None:
    for _ in range(FREE_BY_NAME):
        wrong(store, "Ann", START)
    store.close()
    with open_store(tmp_path / "annotations.sqlite") as again:
        assert wait(again, "Ann", START) == 5


def test_an_unknown_name_costs_what_a_known_one_costs_and_is_told_alike(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    compared: list[str] = []

    class Hasher:
        def verify(self, hashed: str, password: str) -> bool:
            compared.append(hashed)
            return False

    monkeypatch.setattr(accounts, "_HASHER", Hasher())
    told = set()
    for name in ("Ann", "nobody"):
        with pytest.raises(WrongLogin) as caught:
            sign_in(store, name, "wrong wrong wrong", "127.0.0.1", now=START)
        told.add(str(caught.value))
    assert len(compared) == 2
    assert len({one.rsplit("$", 2)[0] for one in compared}) == 1, "the same work"
    assert len(told) == 1


def test_who_comes_by_a_link_has_a_session(store: Store) -> None:
    bob = use_link(store, invite(store), name="Bob", password=GOOD)
    assert person_of(store, begin_session(store, bob)) == bob
