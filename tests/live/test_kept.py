"""What is kept: counted, exported, corrected, removed when it is old; on SQLite and PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import orjson
import pytest
from sqlalchemy import select, update

from tactful.audit.judging.signs import signs_of
from tactful.live.advisor import ACTIONS, Advisor
from tactful.live.deciding.unread import NoReader
from tactful.live.settings import LiveSettings
from tactful.live.showing.exporting import kept_conversations
from tactful.live.showing.status import status_of
from tactful.live.storing.tables import advice, conversations, observations, tastes
from tactful.live.types import Advice
from tactful.mend.turns import PROPENSITY
from tactful.policy import open_policy
from tactful.types import Message

REQUEST = "Write a function that reads the sales file and sends the report to the team."


def said(*texts: str) -> list[Message]:
    return [Message(role=("user", "assistant")[at % 2], content=text) for at, text in enumerate(texts)]


@pytest.fixture
def advisor(address: str) -> Iterator[Advisor]:
    settings = LiveSettings(mode="advise", keep_texts=True, timeout_ms=20_000, retention_days=30)
    policy = open_policy("random", ACTIONS)  # draws, so that what it does has a propensity
    with Advisor(address, policy=policy, reader=NoReader(), settings=settings) as made:
        yield made


def test_figures_and_conversations_are_the_same_in_every_database(advisor: Advisor) -> None:
    for number in range(3):
        first = advisor.decide(said(f"{REQUEST} {number}"), user="ann")
        answer = "Which file is it?" if first.choice == "ask" else "Done: it reads sales.csv."
        advisor.decide(said(f"{REQUEST} {number}", answer, "I told you already. Just do it!"), user="ann")
    advisor.settle()
    found = status_of(advisor._memory.store)
    assert (found.turns, found.conversations, found.with_texts, found.named_users) == (6, 3, 3, 1)
    assert (sum(found.observed.values()), found.treated, found.share) == (3, 6, 1.0)
    assert found.bytes > 10_000
    talks = list(kept_conversations(advisor._memory.store))
    assert [talk.turns[0].content for talk in talks] == [f"{REQUEST} {number}" for number in range(3)]
    assert [len(talk.turns) for talk in talks] == [3, 3, 3]
    assert all(talk.turns[1].meta[PROPENSITY] == pytest.approx(0.5) for talk in talks)


def test_a_conversation_whose_requests_hold_its_end_alone_is_exported_whole_with_each_advice_in_its_place(
    advisor: Advisor,
) -> None:
    whole, given = said(*(f"{('Ask', 'Done')[at % 2]} {at}" for at in range(21))), {}
    for end in range(1, 22, 2):
        window = whole[max(0, end - 5) : end]
        given[end - 1] = advisor.decide(window, user="ann", conversation="c1")
    advisor.settle()
    (talk,) = kept_conversations(advisor._memory.store)
    assert [one.content for one in talk.turns] == [one.content for one in whole]
    found = {at - 1: turn.meta["advice"] for at, turn in enumerate(talk.turns) if turn.meta}
    assert found == {at: one.id for at, one in given.items() if at < 20}  # the last is not answered yet
    assert [turn.at for turn in talk.turns if turn.role == "user"] == [one.at for one in given.values()]


def test_conversations_kept_by_an_earlier_version_are_exported_by_what_they_say(advisor: Advisor) -> None:
    first = advisor.decide(said(REQUEST), user="ann")
    talked = said(REQUEST, "Done.", "Go on.")
    advisor.decide(talked, user="ann")
    advisor.settle()
    old = orjson.dumps([one.model_dump() for one in talked]).decode()
    with advisor._memory.store.write() as connection:
        connection.execute(update(conversations).values(texts=old))
    (talk,) = kept_conversations(advisor._memory.store)
    assert [turn.meta.get("advice") for turn in talk.turns] == [None, first.id, None]


def test_what_an_assistant_was_not_told_after_all_is_no_propensity_of_ours(advisor: Advisor) -> None:
    first = advisor.decide(said(REQUEST))
    advisor.untold(first)
    answer = "Which file is it?" if first.choice == "ask" else "Done: it reads sales.csv."
    advisor.decide(said(REQUEST, answer, "Just do it!"))
    advisor.settle()
    (talk,) = kept_conversations(advisor._memory.store)
    assert talk.turns[1].meta == {"advice": first.id, "choice": first.choice, "treated": False}
    with advisor._memory.store.read() as connection:
        record = connection.execute(select(advice.c.record).where(advice.c.id == first.id)).scalar_one()
    assert (Advice.model_validate_json(record).treated, Advice.model_validate_json(record).behaviour) == (
        False,
        "",
    )


def test_what_is_older_than_the_retention_goes_and_what_was_learned_stays(advisor: Advisor) -> None:
    advisor.decide(said(REQUEST), user="ann")
    advisor.decide(said(REQUEST, "Which file is it?", "I told you already. Just do it!"), user="ann")
    advisor.settle()
    old = datetime.now(UTC) - timedelta(days=31)
    with advisor._memory.store.write() as connection:
        for table in (advice, conversations, observations):
            connection.execute(update(table).values(at=old))
    advisor._prune_at = 0.0  # an hour later
    advisor.decide(said("Something else, today."), user="ann")
    advisor.settle()
    found = status_of(advisor._memory.store)
    assert (found.turns, found.conversations, found.observed) == (1, 1, {})
    with advisor._memory.store.read() as connection:
        assert len(connection.execute(select(tastes)).all()) == 1


def test_a_reader_that_is_none_knows_nothing_and_never_asks(address: str) -> None:
    with Advisor(address, reader=NoReader(), settings=LiveSettings(timeout_ms=20_000)) as advisor:
        found = advisor.decide(said("Book it."), user="ann")
        assert (found.choice, found.need, found.reader) == ("answer", None, "none")
        assert found.need_unknown


def test_texts_that_were_judged_are_let_go_of_also_in_memory(advisor: Advisor, monkeypatch) -> None:
    monkeypatch.setattr("tactful.live.deciding.judging._EMPTIED_AFTER", 4)
    for number in range(8):
        advisor.decide(said(f"{REQUEST} {number}"))
        advisor.decide(said(f"{REQUEST} {number}", "Which file?", f"The file {number}, as I said."))
    advisor.settle()
    assert signs_of.cache_info().currsize <= 4
