"""Links are good once and not for ever; nobody gets a password that they did not choose; a person is a UUID."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select
from tests.annotation.pool import START

from tactful.annotation.services.accounts import (
    BadLink,
    BadName,
    BadPassword,
    LastAdministrator,
    NameTaken,
    disable,
    invite,
    look_up_link,
    reset_token,
    setup_token,
    single_person,
    use_link,
    withdraw_link,
)
from tactful.annotation.services.logins import WrongLogin, begin_session, person_of, sign_in
from tactful.annotation.store import Store, open_store
from tactful.annotation.store.tables import annotators, invitations, logins
from tactful.errors import UserError

GOOD = "four words are enough"
OTHER = "another four words here"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """A new database; what differs between the two kinds is tested with the pool."""
    with open_store(tmp_path / "annotations.sqlite") as one:
        yield one


def token_of(link: str | None) -> str:
    assert link is not None
    return link


def test_the_setup_link_makes_the_administrator_once_and_there_is_no_other(store: Store) -> None:
    token = token_of(setup_token(store, now=START))
    assert look_up_link(store, token, now=START).role == "admin"
    ada = use_link(store, token, name=" Ada  L ", password=GOOD, now=START)
    assert (ada.name, ada.role) == ("Ada L", "admin")
    assert str(uuid.UUID(ada.id)) == ada.id
    with pytest.raises(BadLink):
        use_link(store, token, name="Eve", password=GOOD, now=START)
    assert setup_token(store, now=START) is None


def test_a_setup_link_ends_after_a_day_and_when_the_next_one_is_made(store: Store) -> None:
    first = token_of(setup_token(store, now=START))
    second = token_of(setup_token(store, now=START))
    with pytest.raises(BadLink):
        look_up_link(store, first, now=START)
    look_up_link(store, second, now=START + timedelta(hours=23))
    with pytest.raises(BadLink):
        use_link(store, second, name="Ada", password=GOOD, now=START + timedelta(hours=24))


def test_an_invitation_lets_in_as_many_as_it_says_and_can_be_withdrawn(store: Store) -> None:
    token = invite(store, uses=2, now=START)
    people = [use_link(store, token, name=name, password=GOOD, now=START) for name in ("Ann", "Bob")]
    assert [one.role for one in people] == ["annotator", "annotator"]
    with pytest.raises(BadLink):
        use_link(store, token, name="Cy", password=GOOD, now=START)
    other = invite(store, now=START)
    with store.read() as connection:
        [left] = connection.execute(
            select(invitations.c.token_hash).where(invitations.c.uses_left > 0)
        ).scalars()
    assert other not in left
    withdraw_link(store, left)
    with pytest.raises(BadLink):
        look_up_link(store, other, now=START)


def test_a_name_or_password_that_does_not_do_leaves_the_link_good(store: Store) -> None:
    use_link(store, invite(store), name="Ann", password=GOOD)
    token = invite(store)
    for name in ("ann", "Ａｎｎ", " ANN "):
        with pytest.raises(NameTaken):
            use_link(store, token, name=name, password=GOOD)
    for name in ("", "  ", "a" * 81, "a\u202eb", "a\x00b", "\u200b"):
        with pytest.raises(BadName):
            use_link(store, token, name=name, password=GOOD)
    for password in ("", "nine char", "p" * 513):
        with pytest.raises(BadPassword):
            use_link(store, token, name="Bob", password=password)
    assert use_link(store, token, name="李雷", password="a" * 10).name == "李雷"


def test_passwords_are_kept_as_argon2_hashes_and_links_and_sessions_as_hashes(store: Store) -> None:
    token = invite(store)
    ann = use_link(store, token, name="Ann", password=GOOD)
    session = begin_session(store, ann)
    with store.read() as connection:
        kept = connection.execute(select(annotators.c.password_hash)).scalar_one()
        hashes = [*connection.execute(select(invitations.c.token_hash)).scalars()]
        hashes += connection.execute(select(logins.c.token_hash)).scalars()
    assert kept.startswith("$argon2id$")
    assert not {token, session} & set(hashes)


def test_a_reset_link_sets_the_password_anew_and_ends_every_session(store: Store) -> None:
    ann = use_link(store, invite(store), name="Ann", password=GOOD)
    session = begin_session(store, ann)
    old, token = reset_token(store, ann.id), reset_token(store, ann.id)
    assert look_up_link(store, token).name == "Ann"
    with pytest.raises(BadLink):
        look_up_link(store, old)
    assert person_of(store, session) == ann
    assert use_link(store, token, name="ignored", password=OTHER) == ann
    assert person_of(store, session) is None
    with pytest.raises(WrongLogin):
        sign_in(store, "Ann", GOOD, "127.0.0.1")
    sign_in(store, "Ann", OTHER, "127.0.0.1")
    with pytest.raises(UserError, match="no such annotator"):
        reset_token(store, str(uuid.uuid4()))


def test_whoever_is_shut_out_has_no_session_and_the_last_administrator_stays(store: Store) -> None:
    ada = use_link(store, token_of(setup_token(store)), name="Ada", password=GOOD)
    ann = use_link(store, invite(store), name="Ann", password=GOOD)
    session = begin_session(store, ann)
    disable(store, ann.id, True)
    assert person_of(store, session) is None
    with pytest.raises(WrongLogin):
        sign_in(store, "Ann", GOOD, "127.0.0.1")
    renewed = use_link(store, reset_token(store, ann.id), password=GOOD)
    assert person_of(store, begin_session(store, renewed)) is None, "by no link either"
    disable(store, ann.id, False)
    assert person_of(store, session) is None, "a session that was ended does not come back"
    sign_in(store, "Ann", GOOD, "127.0.0.1")
    with pytest.raises(LastAdministrator):
        disable(store, ada.id, True)
    sign_in(store, "Ada", GOOD, "127.0.0.1")


def test_a_single_user_is_one_person_whom_no_password_lets_in(store: Store) -> None:
    me = single_person(store)
    assert single_person(store) == me
    for name in ("", "single user"):
        with pytest.raises(WrongLogin):
            sign_in(store, name, "", "127.0.0.1")
    assert setup_token(store) is not None, "served for others later, it needs an administrator all the same"
