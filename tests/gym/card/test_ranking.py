"""What assistants were worth, per 100 rounds and paired by scene, and whether other users turn their order."""

from __future__ import annotations

import pytest
from tests.gym.made import episode, step

from tactful.gym.card.ranking import advantage, ranking, ranking_check, worth_by_scene

WORTH = {"good": ("accepted", True), "bad": ("rejected", False), "silent": (None, False)}


def played(how: str, scenes: int = 10):
    """Five rounds a scene, with one offer, which comes to one and the same everywhere."""
    verdict, wanted = WORTH[how]
    offer = None if verdict is None else "Shall I?"
    return [
        episode(
            f"s{at}",
            step(0, 0, offer=offer, verdict=verdict, wanted=wanted),
            *(step(number, 10 * number) for number in range(1, 5)),
            end="rounds",
        )
        for at in range(scenes)
    ]


def test_utility_is_told_for_a_hundred_rounds_and_by_scene():
    # one accepted in five rounds: 20 in 100; one rejected at a quarter: -5
    assert worth_by_scene(played("good", 2), false_alarm=0.25) == {"s0": 20.0, "s1": 20.0}
    assert worth_by_scene(played("bad", 1), false_alarm=0.25) == {"s0": -5.0}
    # help is wanted in one of five rounds of another scene, and nothing offered
    silent = [step(number, number) for number in range(1, 5)]
    missed = [episode("m", step(0, 0, wanted=True), *silent, end="rounds")]
    assert worth_by_scene(missed, false_alarm=1, miss=0.5) == {"m": -10.0}


def test_the_act_by_which_somebody_finishes_is_no_round_of_a_hundred():
    offers = [step(at, at, offer="Now?", verdict="accepted") for at in range(4)]
    assert worth_by_scene([episode("s", *offers, step(4, 4), end="goal")], false_alarm=1) == {"s": 100.0}
    assert worth_by_scene([episode("s", step(0, 0), end="goal")], false_alarm=1) == {}


def test_whoever_drives_a_user_away_earns_nothing_by_that():
    long = [episode("s", *(step(at, at, offer="Now?", verdict="rejected") for at in range(10)))]
    short = [episode("s", step(0, 0, offer="Now?", verdict="rejected"), end="left")]
    assert worth_by_scene(long, false_alarm=1) == worth_by_scene(short, false_alarm=1) == {"s": -100.0}


def test_assistants_stand_best_first():
    found = ranking("default", {name: played(name) for name in ("bad", "silent", "good")}, false_alarm=1)
    assert found.order == ("good", "silent", "bad")
    assert [row.offers for row in found.rows] == [10, 0, 10]
    assert found.rows[1].accepted.value is None


def test_an_advantage_is_paired_by_scene():
    found = advantage(played("good"), played("bad", 8), false_alarm=0.25)
    assert found.value == 25
    assert found.groups == 8  # those that both have played


def test_a_ranking_that_holds_and_one_that_turns():
    default = {"a": played("good"), "b": played("bad"), "c": played("silent")}
    holds = ranking_check(default, default, false_alarm=1)
    assert (holds.verdict, holds.figure.value, holds.note) == (
        "ok",
        1.0,
        "3 of 3 pairs are clear under the default users",
    )
    turned = ranking_check(default, {**default, "a": played("bad"), "b": played("good")}, false_alarm=1)
    assert turned.verdict == "unlike"
    # a and b change places, c stays between them: none of the three pairs stands as before
    assert turned.figure.value == 0
    assert turned.note.endswith("; turned: a and b; a and c; b and c")


@pytest.mark.parametrize("scenes", [1, 7])
def test_a_handful_of_scenes_ranks_without_a_verdict(scenes):
    default = {"a": played("good", scenes), "b": played("bad", scenes)}
    assert ranking_check(default, default, false_alarm=1).verdict == "not estimable"


def test_pairs_that_differ_by_chance_under_the_default_users_cannot_turn():
    same = {"a": played("good"), "b": played("good")}
    found = ranking_check(same, {"a": played("good"), "b": played("bad")}, false_alarm=1)
    assert found.verdict == "not estimable"
    assert found.note == "0 of 1 pairs are clear under the default users"
