"""What is known of users: shown, begun anew, removed, taken over from a log."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import pytest

import tactful as tf
from tactful.data.io import write_jsonl
from tactful.data.logs.users import Names
from tactful.errors import UsageError
from tactful.live.advisor import Advisor
from tactful.live.deciding.unread import NoReader
from tactful.live.keeping.memory import Memory
from tactful.live.keeping.tastes import change_tastes
from tactful.live.learning.patience import Population, learned
from tactful.live.settings import LiveSettings
from tactful.live.storing import open_live_store
from tactful.mend.learning.results import KnownUser
from tactful.mend.types import Outcome
from tactful.policy import CostPolicy
from tactful.policy.cost import Costs
from tactful.types import UserHistory

BOB: tuple[Outcome, ...] = ("rejected", "rejected", "rejected")
ANN: tuple[Outcome, ...] = ("welcome", "welcome")


@pytest.fixture
def database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """One in which ann and bob were asked."""
    monkeypatch.chdir(tmp_path)
    memory, now, names = Memory(open_live_store("live.sqlite"), LiveSettings()), datetime.now(UTC), Names()
    with memory.store.write() as connection:
        for name, outcomes in (("ann", ANN), ("bob", BOB)):
            for outcome in outcomes:
                teaches = partial(learned, outcome=outcome, at=now, population=Population())
                change_tastes(connection, {names.hashed(name): [teaches]}, now)
    memory.offered(names.hashed("ann"), "summary", False, now)
    memory.close()
    return tmp_path / "live.sqlite"


def test_the_least_patient_stand_first_with_what_is_believed_of_them(tactful, database: Path) -> None:
    found = json.loads(tactful("live", "users", "--database", database, "--json").stdout)
    bob, ann = found["users"]
    assert (bob["user"], ann["user"]) == (Names().hashed("bob"), Names().hashed("ann"))
    assert bob["low"] < bob["rejects"] < bob["high"]
    assert bob["rejects"] > ann["rejects"]
    assert (bob["rejected"], bob["answered"], bob["streak"]) == (3, 0, 3)
    assert bob["peace_until"] is not None
    assert ann["peace_until"] is None
    assert ann["offers"]["summary"] > 0.5
    shown = tactful("live", "users", "--database", database).stdout
    assert "a new user rejects 22% of needed questions" in shown
    assert "left in peace until" in shown
    assert "dismisses summary" in shown
    assert "and 1 more user" in tactful("live", "users", "--database", database, "--limit", 1).stdout


def test_a_user_begins_anew_by_name(tactful, database: Path) -> None:
    done = tactful("live", "users", "--database", database, "--reset", "bob")
    assert f"{Names().hashed('bob')} begins anew" in done.stderr
    assert Names().hashed("bob") not in done.stdout
    assert Names().hashed("ann") in done.stdout


def test_a_user_is_removed_by_hash(tactful, database: Path) -> None:
    user = Names().hashed("bob")
    done = tactful("live", "users", "--database", database, "--remove", user)
    assert f"{user} is removed: 1 row" in done.stderr
    again = tactful("live", "users", "--database", database, "--remove", user)
    assert again.returncode == 1
    assert "no user" in again.stderr
    assert user.encode() not in b"".join(path.read_bytes() for path in database.parent.glob("live.sqlite*"))


def test_what_a_log_taught_begins_for_users_that_are_not_known(
    tactful, database: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "learned"
    folder.mkdir()
    costs = Costs(rejects=(3.0, 3.0), needless=0.1)
    CostPolicy(("Execute", "Clarify"), costs, training={"source": "a log"}).save(folder / "policy.json")
    history = UserHistory(tasks=9, questions=8, answered=8, rejected=0)
    names = [Names().hashed(name) for name in ("bob", "cal", "dot")]
    silent = KnownUser(user="u-0000000000", history=UserHistory(tasks=4))
    write_jsonl(folder / "users.jsonl", [*(KnownUser(user=name, history=history) for name in names), silent])
    done = tactful("live", "users", "--database", database, "--learned", folder, "--json")
    assert "2 of 3 users of the log were not known yet" in done.stderr
    found = json.loads(done.stdout)
    users = {one["user"]: one for one in found["users"]}
    assert users[names[0]]["rejected"] == 3  # bob is known, and stays as he is
    assert users[names[1]]["answered"] == 8
    assert silent.user not in users
    assert 0.25 < found["population"]["no"] / (found["population"]["no"] + found["population"]["yes"]) < 0.5


def test_a_fresh_database_can_begin_with_a_log(
    tactful, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    CostPolicy(("Execute", "Clarify"), Costs(rejects=(3.0, 3.0)), training={"source": "x"}).save(
        tmp_path / "policy.json"
    )
    shown = tactful("live", "users", "--database", "new.sqlite", "--learned", tmp_path).stdout
    assert "a new user rejects 50% of needed questions: Beta(3, 3), from a log" in shown
    assert "nothing is known of any user yet" in shown


def test_a_new_user_is_shown_as_the_advisors_policy_has_them(
    tactful, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    policy = CostPolicy(("Execute", "Clarify"), Costs(rejects=(3.0, 3.0)), training={"source": "x"})
    with Advisor("live.sqlite", policy=policy, reader=NoReader()) as advisor:
        advisor.ready()
    shown = tactful("live", "users", "--database", "live.sqlite").stdout
    assert "a new user rejects 50% of needed questions: Beta(3, 3), from a log" in shown


def test_a_folder_without_a_policy_is_named(tactful, database: Path, tmp_path: Path) -> None:
    done = tactful("live", "users", "--database", database, "--learned", tmp_path / "nowhere")
    assert done.returncode == 1
    assert "tactful learn" in done.stderr


def test_a_database_that_is_not_there_is_named(tactful, tmp_path: Path) -> None:
    done = tactful("live", "users", "--database", tmp_path / "no.sqlite")
    assert done.returncode == 1
    assert "no such database" in done.stderr


def test_one_thing_is_done_at_a_time(database: Path) -> None:
    with pytest.raises(UsageError, match="exclude each other"):
        tf.live_users(database, reset="ann", remove="bob")
