"""The simulated user as judge: recorded where it was recorded, else what the rule-based worker would have said."""

from __future__ import annotations

import asyncio

import pytest
from tests.gym.made import day, episode, step
from tests.gym.rules.scenes import made_scenes, play_all

from tactful.gym.play.deciding import Every
from tactful.gym.rules.parameters import load_parameters
from tactful.gym.rules.worker import RuleWorker
from tactful.gym.trainset.points import points_of
from tactful.gym.trainset.types import Point
from tactful.gym.trainset.user import UserJudge, played_again
from tactful.runs import Context

CONTEXT = Context("a", 0, "r")
JUDGE = UserJudge()


def said(point: Point, proposal: str | None):
    return asyncio.run(JUDGE.judge(point, proposal, CONTEXT))


def test_the_very_same_offer_gets_the_recorded_verdict_and_an_ignored_one_is_not_accepted():
    taken, _, refused, ignored = points_of(day("a"), 9, 0)
    for point, offer, accepted in (
        (taken, "Fix the error.", True),
        (refused, "Rename it.", False),
        (ignored, "Write a note.", False),
    ):
        found = said(point, offer)
        assert (found.accepted, found.source, found.reason) == (accepted, "recorded", "so it is")


def test_silence_is_right_iff_no_help_was_wanted_and_unscored_where_nobody_knows():
    taken, quiet, *_ = points_of(day("a"), 9, 0)
    assert said(taken, None).accepted is False
    assert said(quiet, None).accepted is True
    [unknown] = points_of(episode("b", step(0, 0, wanted=None), end="rounds"), 9, 0)
    assert said(unknown, None).accepted is None


def test_another_offer_is_unscored_where_the_scene_is_not_known():
    found = said(points_of(day("a"), 9, 0)[0], "Something else.")
    assert found.accepted is None
    assert "does not hold its scene" in found.reason


@pytest.fixture(scope="module")
def played():
    return play_all(made_scenes(), passes=3, decider=Every(4), seed=5)


@pytest.mark.slow
def test_played_again_the_worker_says_of_the_recorded_offers_what_it_said(played):
    shown = 0
    for one in played:
        for point in points_of(one, 99, 0):
            if not point.step.shown:
                continue
            shown += 1
            parameters = load_parameters()
            world, unfolded = asyncio.run(played_again(point, parameters))
            again = asyncio.run(RuleWorker(parameters).react(world, unfolded, point.step.proposal))
            assert (again.verdict, again.reason) == (point.step.outcome.verdict, point.step.outcome.reason)
            assert world.history.shown == point.step.history.shown
    assert shown > 30


def test_other_offers_are_judged_by_what_the_work_is_about(played):
    stuck = [
        point
        for one in played
        if one.lang == "en"
        for point in points_of(one, 99, 0)
        if point.step.outcome.timing == "stuck" and point.step.outcome.help_wanted
    ]
    assert len(stuck) > 5
    fitting = [said(point, f"Shall I solve this: {point.moment.events[-1].text[:60]}") for point in stuck]
    beside = [said(point, "Shall I play the trumpet for seven hours?") for point in stuck]
    assert sum(bool(one.accepted) for one in fitting) > sum(bool(one.accepted) for one in beside) == 0
    assert all(one.reason for one in (*fitting, *beside))
