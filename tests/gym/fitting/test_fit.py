"""Parameters by a log: what the log shows is found again, the rest stays and is named."""

from __future__ import annotations

from dataclasses import replace
from fnmatch import fnmatch
from itertools import accumulate
from random import Random

import pytest
from tests.gym.card.simulators import Simulator
from tests.gym.made import event

from tactful.gym.card.log import Point, Reaction, Recorded, Session, of_episodes
from tactful.gym.fitting.fit import fit_users
from tactful.gym.fitting.gaps import fit_gaps
from tactful.gym.fitting.taking import timing_of
from tactful.gym.fitting.writing import parameters_text, write_parameters
from tactful.gym.rules.parameters import load_parameters

START = load_parameters()


def gaps(rng: Random, share: float, quick: float, slow: float, pace: float) -> list[float]:
    """Of one person, from a mixture that is known."""
    return [
        pace * (rng.lognormvariate(0, 0.4) * (quick if rng.random() < share else slow)) for _ in range(200)
    ]


def test_a_mixture_of_quick_and_slow_gaps_is_found_again():
    rng = Random(1)
    found = fit_gaps([gaps(rng, 0.6, 3.0, 60.0, rng.lognormvariate(0, 0.5)) for _ in range(40)], START.gaps)
    assert found is not None
    assert found.quick_share == pytest.approx(0.6, abs=0.05)
    assert found.quick_median_s == pytest.approx(3.0, rel=0.2)
    assert found.slow_median_s == pytest.approx(60.0, rel=0.2)
    assert found.quick_spread == pytest.approx(0.4, abs=0.1)
    assert found.pace == pytest.approx(0.5, abs=0.15)


def test_persons_of_one_pace_have_no_spread_of_it():
    rng = Random(2)
    found = fit_gaps([gaps(rng, 0.5, 3.0, 30.0, 1.0) for _ in range(30)], START.gaps)
    assert found is not None
    assert found.pace < 0.1


@pytest.mark.parametrize("sessions", [[], [[5.0] * 100], [[1.0, 2.0, 3.0, 4.0]] * 10])
def test_too_few_gaps_or_sessions_are_not_fitted(sessions):
    assert fit_gaps(sessions, START.gaps) is None


def reactions(rng: Random, count: int = 1200) -> list[Reaction]:
    """At a failure 80% are taken, in a flow 10%; wanted or not makes no difference; the words always fit."""
    found = []
    for at in range(count):
        stuck = at % 2 == 0
        text = "An error shows in the parser." if stuck else "The user types a line of the parser."
        found.append(
            Reaction(
                group=f"s{at % 20}",
                user=f"s{at % 20}",
                verdict=None,
                accepted=rng.random() < (0.8 if stuck else 0.1),
                help_wanted=rng.random() < 0.5,
                timing=None,
                refused_before=0,
                recent=(event(0, text),),
                proposal="Fix the parser",
            )
        )
    return found


@pytest.mark.slow
def test_acceptance_by_timing_is_found_again_and_moves_away_from_the_default():
    found = fit_users(Recorded((), tuple(reactions(Random(3)))), START, source="made")
    values = {one.key: one for one in found.fitted}
    assert values["acceptance.stuck"].value == pytest.approx(0.8, abs=0.08)
    assert values["acceptance.flow"].value == pytest.approx(0.1, abs=0.08)
    # nothing of a boundary was seen: the prior stands
    assert values["acceptance.boundary"].value == pytest.approx(START.acceptance.boundary, abs=0.02)
    assert values["acceptance.need"].value < 0.4 < START.acceptance.need
    low, high = values["acceptance.stuck"].estimate.low, values["acceptance.stuck"].estimate.high
    assert low < 0.8 < high


def test_how_often_help_is_wanted_is_counted_by_timing():
    flow, stuck = (event(0, "The user types a line."),), (event(0, "The build fails."),)
    points = [Point(f"s{at % 10}", flow, at % 4 == 0, None) for at in range(400)]
    points += [Point(f"s{at % 10}", stuck, True, None) for at in range(180)]
    found = fit_users(Recorded((), (), tuple(points)), START, source="made")
    values = {one.key: one.value for one in found.fitted}
    # each default is worth 20 points: (100 + 20 · 0.15) / 420, (180 + 20 · 0.85) / 200
    assert values["need.flow"] == pytest.approx((100 + 20 * START.need.flow) / 420, abs=1e-4)
    assert values["need.stuck"] == pytest.approx((180 + 20 * START.need.stuck) / 200, abs=1e-4)
    assert values["need.boundary"] == START.need.boundary


@pytest.mark.parametrize(
    ("texts", "timing"),
    [
        (("The user opens the file.", "The build fails with an error."), "stuck"),
        (("The build fails.", "The user searches for the message."), "stuck"),
        (("The build fails.", "The user saves the file."), "boundary"),
        (("The user types a line.", "The user switches to the mail."), "boundary"),
        (("The user saves the file.", "The user types a line."), "flow"),
        ((), "flow"),
        (("构建失败。",), "stuck"),
        (("用户保存了文件。",), "boundary"),
    ],
)
def test_where_the_work_stands_is_told_by_its_last_events(texts, timing):
    assert timing_of([event(at, text) for at, text in enumerate(texts)]) == timing


def test_what_a_log_does_not_show_stays_and_is_named():
    few = Recorded((Session("a", "a", (event(0, "The user types."), event(9, "The user reads."))),))
    found = fit_users(few, START, source="few")
    assert found.fitted == ()
    assert {
        "gaps, traits.pace",
        "work.*.trouble",
        "work.*.subtasks",
        "need",
        "acceptance",
    } <= found.left.keys()
    assert "patience, course" in found.left
    assert all(found.left.values())


@pytest.mark.slow
@pytest.mark.parametrize("recorded", [Recorded(()), of_episodes(Simulator().episodes(scenes=10, passes=3))])
def test_every_value_of_the_table_is_fitted_or_named(recorded):
    found = fit_users(recorded, START, source="runs/a")
    told = {one.key for one in found.fitted} | {name for names in found.left for name in names.split(", ")}

    def untold(key: str, value: object) -> list[str]:
        if any(fnmatch(key, name) for name in told):
            return []
        if isinstance(value, dict):
            return [one for name, held in value.items() for one in untold(f"{key}.{name}".lstrip("."), held)]
        return [key]

    assert untold("", START.model_dump()) == []


@pytest.mark.slow
def test_the_spread_of_openness_says_how_many_offers_it_was_counted_on():
    rng = Random(5)
    offers = [
        replace(one, accepted=rng.random() < 0.1 + 0.8 * (int(one.group[1:]) % 2)) for one in reactions(rng)
    ]
    found = {one.key: one for one in fit_users(Recorded((), tuple(offers)), START, source="made").fitted}
    assert found["traits.openness"].estimate.items == len(offers)


@pytest.mark.slow
def test_the_interval_of_the_spread_of_openness_holds_its_value():
    def offers(rng: Random) -> list[Reaction]:
        """40 sessions of four offers each, whose users hardly differ: drawn twice, a session is no user of eight alike."""
        [like, *_] = reactions(rng, 1)
        chances = [rng.gauss(0.5, 0.1) for _ in range(40)]
        return [
            replace(like, group=f"s{at}", user=f"s{at}", accepted=rng.random() < chance)
            for at, chance in enumerate(chances)
            for _ in range(4)
        ]

    for seed in (1, 2):
        found = fit_users(Recorded((), tuple(offers(Random(seed)))), START, source="made")
        [spread] = [one for one in found.fitted if one.key == "traits.openness"]
        assert spread.estimate.low == pytest.approx(0.0, abs=0.15)
        assert spread.estimate.low <= spread.value[1] <= spread.estimate.high < 0.5


@pytest.mark.slow
def test_sessions_cut_at_one_length_say_nothing_of_length_and_others_do():
    def session(at: int, length: int) -> Session:
        events = tuple(event(20 * second, f"The user types line {second}.") for second in range(length))
        return Session(f"s{at}", f"s{at}", events)

    cut = fit_users(Recorded(tuple(session(at, 20 - at % 2) for at in range(12))), START, source="cut")
    assert "work.*.subtasks" in cut.left
    whole = fit_users(Recorded(tuple(session(at, 20 + 20 * at) for at in range(12))), START, source="whole")
    values = {one.key: one.value for one in whole.fitted}
    # quartiles 75 and 185 events, in pieces of 9 acts on average
    each = sum(START.work["coding"].acts) / 2
    assert values["work.coding.subtasks"] == (round(75 / each), round(185 / each))


def test_why_nothing_was_fitted_is_what_the_log_lacks():
    times = accumulate(Random(1).lognormvariate(3, 1) for _ in range(300))
    alone = Session("a", "a", tuple(event(second, "The user types.") for second in times))
    liked = [replace(one, accepted=True) for one in reactions(Random(1), 60)]
    found = fit_users(Recorded((alone,), tuple(liked)), START, source="made")
    assert "4 in each of 2 sessions or more; found 299 in 1 such session" in found.left["gaps, traits.pace"]
    assert found.left["acceptance"] == "all 60 offers were taken, which tells nothing of what moves it"
    few = fit_users(Recorded((), tuple(liked[:9])), START, source="made")
    assert few.left["acceptance"] == "fewer than 40 offers that people took or refused"


@pytest.mark.slow
def test_one_setting_leaves_the_others_alone():
    played = of_episodes(Simulator().episodes(scenes=9, passes=2))
    found = fit_users(played, START, source="runs/a", settings=["writing"])
    assert {one.key for one in found.fitted if one.key.endswith("trouble")} == {"work.writing.trouble"}


@pytest.mark.slow
def test_the_file_is_read_by_the_rules_and_says_what_it_was(tmp_path):
    played = of_episodes(Simulator().episodes(scenes=10, passes=3))
    found = fit_users(played, START, source="runs/a\n[evil]")
    write_parameters(found, tmp_path / "users.toml")
    read = load_parameters(tmp_path / "users.toml")
    values = {one.key: one.value for one in found.fitted}
    assert read.gaps.quick_median_s == values["gaps.quick_median_s"]
    assert read.traits.pace == values["traits.pace"]
    assert read.patience == START.patience
    text = parameters_text(found)
    assert f"was {START.gaps.quick_share}" in text
    assert "# What is not here stays" in text
    assert "\n[evil]" not in text


@pytest.mark.slow
def test_fitting_is_the_same_at_every_time():
    played = of_episodes(Simulator().episodes(scenes=9, passes=2))
    assert fit_users(played, START, source="a") == fit_users(played, START, source="a")


@pytest.mark.slow
def test_offers_that_fit_and_those_that_do_not_are_told_apart():
    rng = Random(4)
    fitting = reactions(rng)
    off = [replace(one, proposal="Water the plants") for one in reactions(rng)]
    # what is offered makes no difference here, where the default takes three logits from what does not fit
    found = fit_users(Recorded((), (*fitting, *off)), START, source="made")
    assert {one.key: one.value for one in found.fitted}["acceptance.irrelevance"] < 0.5
    minded = [replace(one, accepted=False) for one in off]
    found = fit_users(Recorded((), (*fitting, *minded)), START, source="made")
    assert {one.key: one.value for one in found.fitted}[
        "acceptance.irrelevance"
    ] > START.acceptance.irrelevance


def test_a_log_that_sees_no_failure_says_nothing_of_mistakes():
    session = Session("a", "a", tuple(event(at, f"The user types line {at}.") for at in range(150)))
    assert (
        "0 events tell of a failure"
        in fit_users(Recorded((session,)), START, source="a").left["work.*.trouble"]
    )
