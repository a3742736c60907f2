"""What a person by rules makes of an offer: by timing, fit, need, patience and what came before."""

import asyncio
from dataclasses import replace
from functools import lru_cache

import pytest
from tests.gym.rules.scenes import made_scenes

from tactful.gym.play.episode import MORNING
from tactful.gym.play.parts import Unfolded, World
from tactful.gym.rules.environment import next_work
from tactful.gym.rules.parameters import load_parameters
from tactful.gym.rules.worker import RuleWorker
from tactful.gym.types import Play, Traits
from tactful.types import Event

PARAMETERS = load_parameters()
ENGLISH, CHINESE, _ = made_scenes()
DRAWS = 300
BEAT = {"boundary": "open", "flow": "work", "stuck": "error", "late": "fix"}
OFFER = "I can check the Ruby script in 'CheckName.rb' for mistakes."
EVENT = "The user types the next lines of the Ruby script at line 4 of 'CheckName.rb'."


def reactions(
    offer=OFFER, *, timing="flow", wanted=False, scene=ENGLISH, event=EVENT, traits=None, seeds=DRAWS, **work
):
    """What so many people do with an offer."""
    worker, found = RuleWorker(PARAMETERS), []
    for seed in range(seeds):
        play = Play(id="p", scene=scene)
        world = World(play=play, traits=traits or Traits(), seed=seed, clock=MORNING)
        state = replace(
            next_work(world, PARAMETERS), beat=BEAT[timing], late=timing == "late", wanted=wanted, **work
        )
        seen = Unfolded((Event(at=MORNING, text=event),), {}, timing, wanted, state)
        found.append(worker.react(world, seen, offer))

    async def answered():
        return [await reaction for reaction in found]

    return asyncio.run(answered())


@lru_cache
def begun_work(scene_id):
    """Work at its first act."""
    scene = next(scene for scene in made_scenes() if scene.id == scene_id)
    return next_work(
        World(play=Play(id="p", scene=scene), traits=Traits(), seed=0, clock=MORNING), PARAMETERS
    )


def accepted(*args, **given):
    """Share of people who accept."""
    found = reactions(*args, **given)
    return sum(one.verdict == "accepted" for one in found) / len(found)


@pytest.mark.slow
def test_a_boundary_is_a_better_moment_than_a_flow_and_trouble_better_than_its_end():
    # the table gives 0.52, 0.25, 0.82 and 0.25 where help is wanted as often as it is; four standard errors are 0.11
    by_timing = {timing: accepted(timing=timing) for timing in BEAT}
    assert by_timing["boundary"] > by_timing["flow"] + 0.1
    assert by_timing["stuck"] > by_timing["late"] + 0.1


def test_who_wants_help_accepts_more_often():
    assert accepted(wanted=True) > accepted(wanted=False) + 0.15


@pytest.mark.slow
def test_an_offer_that_has_nothing_to_do_with_the_work_is_accepted_less():
    elsewhere = "I can collect the person names."
    assert accepted(elsewhere, timing="boundary", event=EVENT) > 0
    assert accepted(timing="boundary") > accepted(elsewhere, timing="boundary") + 0.1


def test_each_unwelcome_offer_in_a_row_makes_the_next_less_welcome():
    shares = [accepted(timing="boundary", refused=refused) for refused in (0, 4)]
    assert shares[0] > shares[1] + 0.1


@pytest.mark.slow
def test_once_patience_is_out_nothing_is_accepted_and_some_leave():
    found = reactions(timing="stuck", wanted=True, patience=0.0, seeds=1500)
    assert not any(one.verdict == "accepted" for one in found)
    # eight in a thousand: 12 of 1,500, four standard errors are 14
    assert 1 <= sum(one.leaves for one in found) <= 26
    assert sum(one.leaves for one in reactions(timing="stuck", wanted=True, seeds=1500)) < 5


def test_patience_that_wears_thin_makes_offers_less_welcome():
    assert accepted(timing="boundary") > accepted(timing="boundary", patience=0.5) + 0.1


def test_open_people_accept_more():
    assert (
        accepted(timing="boundary", traits=Traits(openness=1.0))
        > accepted(timing="boundary", traits=Traits(openness=0.0)) + 0.1
    )


@pytest.mark.parametrize(
    "offer",
    [
        "asdf qwer zxcv uiop",
        "CheckName.rb Ruby script lines types mistakes",
        "!!! ???",
        "Ruby Ruby Ruby Ruby Ruby",
        "Shall I tidy up the desktop icons?",
        EVENT,
        "哈哈哈",
    ],
)
def test_nonsense_what_has_nothing_to_do_with_anything_and_repetition_are_never_accepted(offer):
    assert accepted(offer, timing="stuck", wanted=True, seeds=60) == 0


@pytest.mark.parametrize(
    ("offer", "reason"),
    [
        ("asdf qwer zxcv", "sense"),
        ("Shall I tidy up the desktop icons?", "nothing to do"),
        (EVENT, "already"),
    ],
)
def test_a_refusal_says_why(offer, reason):
    refusals = [
        one.reason
        for one in reactions(offer, timing="boundary", seeds=40)
        if one.verdict == "rejected" and not one.leaves
    ]
    assert refusals
    assert all(reason in text for text in refusals)


def test_offers_in_chinese_are_held_against_work_in_chinese():
    told = {
        "scene": CHINESE,
        "event": "用户在“调研报告.docx”里写了一句关于分析销量数据的话。",
        "timing": "boundary",
    }
    assert accepted("要不要我检查销量数据？", **told) > accepted("要不要我比较品牌？", **told) + 0.1
    assert accepted("下午想听点音乐吗？", **told, seeds=60) == 0


@pytest.mark.slow
def test_refusal_costs_patience_in_a_flow_the_most_and_acceptance_gives_some_back():
    def left(timing, verdict, **more):
        return {
            round(one.work.patience, 6)
            for one in reactions(timing=timing, patience=5.0, **more)
            if one.verdict == verdict
        }

    assert left("boundary", "rejected") == {4.0}
    assert left("boundary", "ignored") == {4.5}
    assert left("flow", "rejected") == {3.5}
    assert left("boundary", "accepted") == {6.0}


def test_accepted_help_ends_trouble_and_shortens_the_piece():
    found = [
        one for one in reactions(timing="stuck", wanted=True, stuck=4, left=6) if one.verdict == "accepted"
    ]
    assert found
    assert {(one.work.stuck, one.work.timing) for one in found} == {(0, "flow")}
    assert all(one.work.left < 6 for one in found)
