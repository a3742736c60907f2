"""Acceptances by session and from a file."""

import asyncio

import pytest
from tests.evaluation.acceptance_fixtures import Rule, item, said

from tactful.errors import UserError
from tactful.evaluation.judges.acceptances import BySession, match_judged, seen_sessions

ITEMS = [item(number, "hit", session=f"s{number % 2}") for number in range(6)]
MOMENTS = [one.moment for one in ITEMS]


def test_each_session_has_its_own_judge_made_once():
    made = []

    def judge_for(session):
        made.append(session)
        return Rule(lambda moment: 0.9 if session == "s0" else 0.1)

    judge = BySession("by session", judge_for)
    for _ in range(2):
        found = asyncio.run(judge.judge_batch(MOMENTS))
        assert [one.p_accept for one in found] == [0.9, 0.1] * 3
        assert [one.moment_id for one in found] == [moment.id for moment in MOMENTS]
    assert asyncio.run(judge.judge(MOMENTS[1])).p_accept == 0.1
    assert made == ["s0", "s1"]
    assert judge.name == "by session"


def test_judgements_are_matched_by_moment():
    judged = said(list(reversed(ITEMS[:4])), [0.1, 0.2, 0.3, 0.4]) + said([item(99, "hit")], [0.5])
    both, found, strange = match_judged(ITEMS, judged, source="file")
    assert both == ITEMS[:4]
    assert [one.p_accept for one in found] == [0.4, 0.3, 0.2, 0.1]
    assert strange == 1


def test_judgements_given_twice_or_of_other_moments_are_refused():
    with pytest.raises(UserError, match="judges the moment 'm0' twice"):
        match_judged(ITEMS, said([ITEMS[0], ITEMS[0]], [0.1, 0.2]), source="file")
    with pytest.raises(UserError, match="judges none of these 6 moments"):
        match_judged(ITEMS, said([item(99, "hit")], [0.5]), source="file")


def test_sessions_seen_in_training_are_named():
    assert seen_sessions(ITEMS, ["s1", "elsewhere"]) == ["s1"]
