"""Simulators that are broken on purpose are found by the check for it, which the sound one passes."""

from dataclasses import replace

import pytest
from tests.gym.card.simulators import Simulator
from tests.gym.made import day, episode, event, step

from tactful.errors import DataError
from tactful.gym.card.limits import LIMITS
from tactful.gym.card.page import card_lines, render_page
from tactful.gym.card.pipeline import card_of
from tactful.gym.card.types import Card

SOUND = Simulator()
FAULTS = {
    "takes_everything": "accepts everything",
    "takes_needless": "too cooperative",
    "blind_to_timing": "timing without price",
    "never_cools": "never frustrated",
    "never_leaves": "never leaves",
    "never_ends": "never ends",
    "ends_mid_flow": "ends too early",
    "drops_accepted": "ends too early",
    "only_claims": "claims done",
    "without_persons": "persons alike",
    "exaggerates": "persons exaggerated: pace",
    "ticks": "uniform timing",
    "repeats": "repeats itself",
    "one_sentence": "uniform in style",
    "other_events": "mix of events",
}


@pytest.fixture(scope="module")
def sound() -> Card:
    return card_of(SOUND.episodes(), SOUND.people(), source="sound", against="people")


def test_the_sound_simulator_passes_every_check(sound):
    assert {one.name: one.figure.short() for one in sound.checks if one.verdict != "ok"} == {}


@pytest.mark.slow
@pytest.mark.parametrize("fault", FAULTS)
def test_a_broken_simulator_is_found_by_the_check_for_its_fault(fault, sound):
    found = card_of(Simulator(**{fault: True}).episodes(), SOUND.people(), source=fault, against="people")
    assert found.check(FAULTS[fault]).verdict == "unlike", found.check(FAULTS[fault]).figure.short()
    assert sound.check(FAULTS[fault]).verdict == "ok"


@pytest.mark.slow
@pytest.mark.parametrize("fault", ["ticks", "one_sentence", "other_events"])
def test_generated_sessions_that_differ_are_told_from_recorded_ones_and_by_what(fault, sound):
    found = card_of(Simulator(**{fault: True}).episodes(), SOUND.people(), source=fault, against="people")
    assert found.check("told from people").verdict == "unlike"
    aurocs = {one.by: one.auroc.value for one in found.telling}
    family = {"ticks": "gaps", "one_sentence": "words", "other_events": "kinds of events"}[fault]
    assert aurocs[family] > 0.9
    if fault == "ticks":  # what differs is named by what differs alone
        assert aurocs["words"] < 0.7
        assert sound.check("told from people").figure.value < 0.7


def test_every_check_has_a_fault_that_shows_it(sound):
    shown = {*FAULTS.values(), "told from people"}
    # beside people: moved by `ticks` and by who takes all; see the next tests
    beside = {"uniform timing, beside people", "acceptance", "persons exaggerated: acceptance"}
    assert {one.name for one in sound.checks} == shown | beside


@pytest.mark.slow
def test_what_is_held_against_people_moves_with_them(sound):
    ticks = card_of(Simulator(ticks=True).episodes(), SOUND.people(), source="", against="")
    assert ticks.check("uniform timing, beside people").verdict == "unlike"
    taking = card_of(Simulator(takes_everything=True).episodes(), SOUND.people(), source="", against="")
    assert taking.check("acceptance").verdict == "unlike"
    assert sound.check("acceptance").people.value == pytest.approx(0.4, abs=0.15)


@pytest.mark.slow
def test_without_people_the_checks_beside_them_are_missing_and_the_others_stand(sound):
    alone = card_of(SOUND.episodes(), source="sound")
    assert alone.against is None
    assert alone.telling == ()
    assert {one.name for one in sound.checks} - {one.name for one in alone.checks} == {
        "uniform timing, beside people",
        "acceptance",
        "mix of events",
        "told from people",
        "persons exaggerated: pace",
        "persons exaggerated: acceptance",
    }


@pytest.mark.slow
def test_where_nothing_was_offered_reactions_are_not_estimable_and_no_verdict_is_given():
    found = card_of(Simulator(offers=False).episodes(), source="silent")
    names = (
        "accepts everything",
        "too cooperative",
        "timing without price",
        "never frustrated",
        "never leaves",
    )
    assert {found.check(name).verdict for name in names} == {"not estimable"}
    assert "openness" not in found.traits  # nobody can show it
    assert found.traits["pace"].value > 0.85


def test_a_handful_of_scenes_gives_no_verdict():
    found = card_of(SOUND.episodes(scenes=7), source="few")
    assert {one.verdict for one in found.checks} == {"not estimable"}


@pytest.mark.slow
def test_models_that_say_nothing_of_timing_and_need_leave_those_checks_open():
    blind = [
        one.model_copy(
            update={
                "steps": tuple(
                    step.model_copy(
                        update={
                            "outcome": step.outcome.model_copy(update={"timing": None, "help_wanted": None})
                        }
                    )
                    for step in one.steps
                )
            }
        )
        for one in SOUND.episodes()
    ]
    found = card_of(blind, source="model")
    open_ = {one.name for one in found.of("not estimable")}
    assert open_ == {"too cooperative", "timing without price"}
    assert found.timings == ()


def test_no_episode_is_no_card():
    with pytest.raises(DataError, match="runs/a: holds no episode"):
        card_of([], source="runs/a")


def test_timings_are_told_apart(sound):
    accepted = {one.timing: one.accepted.value for one in sound.timings}
    assert list(accepted) == ["boundary", "stuck", "flow"]
    assert accepted["stuck"] > accepted["boundary"] > accepted["flow"]


@pytest.mark.slow
def test_the_card_is_the_same_at_every_reading(sound):
    again = card_of(SOUND.episodes(), SOUND.people(), source="sound", against="people")
    assert again == sound
    assert Card.model_validate_json(sound.model_dump_json()) == sound


def test_figures_of_a_day_counted_by_hand():
    """Each day: three offers; one accepted, one rejected in a flow, one ignored at a boundary. Ten days of ten scenes."""
    found = card_of([day(f"s{at}") for at in range(10)], source="days")
    assert found.check("accepts everything").figure.value == 0
    assert found.check("too cooperative").figure.value == 0  # one offer a day without need: rejected
    assert found.check("timing without price").figure.value == 0  # neither was accepted
    assert found.check("never frustrated").verdict == "not estimable"
    assert found.check("never ends").figure.value == 0
    # the last step with events is at a boundary and its offer was ignored
    assert found.check("ends too early").figure.value == 0
    assert found.check("claims done").figure.value == 1  # typing shows nothing done
    assert found.check("repeats itself").figure.value == 0


def test_page_and_lines_hold_every_check(sound):
    page, lines = render_page(sound), "\n".join(card_lines(sound))
    for one in sound.checks:
        assert one.name in page
        assert one.name in lines
        assert one.limit.why in page.replace("&#39;", "'")
    assert sound.headline in page
    assert "AUROC" in lines


def test_every_limit_has_its_reason():
    assert all(len(limit.why) > 20 for limit in LIMITS.values())


@pytest.mark.slow
@pytest.mark.filterwarnings("error")
def test_episodes_without_a_step_or_without_times_get_a_card():
    empty = [one.model_copy(update={"steps": ()}) for one in SOUND.episodes(scenes=9, passes=1)]
    found = card_of(empty, SOUND.people(), source="empty", against="people")
    assert {one.verdict for one in found.checks if one.name not in ("never ends", "claims done")} == {
        "not estimable"
    }
    untimed = [
        one.model_copy(
            update={
                "steps": tuple(
                    step.model_copy(
                        update={
                            "events": tuple(event.model_copy(update={"at": None}) for event in step.events)
                        }
                    )
                    for step in one.steps
                )
            }
        )
        for one in SOUND.episodes(scenes=9, passes=1)
    ]
    assert card_of(untimed, source="untimed").check("uniform timing").verdict == "not estimable"


@pytest.mark.slow
def test_recordings_without_times_are_not_told_apart_by_lacking_them():
    people = SOUND.people()
    untimed = [
        replace(one, events=tuple(event.model_copy(update={"at": None}) for event in one.events))
        for one in people.sessions
    ]
    episodes = SOUND.episodes()
    found = card_of(episodes, replace(people, sessions=tuple(untimed)), source="sound", against="untimed")
    check = found.check("told from people")
    assert check.verdict == "ok"
    assert [one.by for one in found.telling] == ["lengths", "kinds of events", "words", "all together"]
    assert "not told by gaps" in check.note


def test_whoever_accepted_what_was_offered_was_not_disturbed():
    glad = [
        episode(f"s{at}", *(step(n, n, offer=f"Offer {n}.", verdict="accepted", done=(n,)) for n in range(6)))
        for at in range(9)
    ]
    assert card_of(glad, source="glad").check("never leaves").figure.items == 0


def test_episodes_of_several_assistants_on_one_scene_are_by_users_of_their_own():
    refused = [step(at, 10.0 * at, offer="Help?", verdict="rejected") for at in range(5)]
    taken = [step(at, 10.0 * at, offer="Help?", verdict="accepted") for at in range(3)]
    left = episode("s", *refused, end="left")
    glad = episode("s", *taken, assistant="every:10")
    found = card_of([left, glad, left], source="s")
    for name, users in (("never leaves", 2), ("accepts everything", 3)):
        assert found.check(name).figure.items == users
    assert found.check("never leaves").figure.value == 1
    assert found.check("accepts everything").figure.value == pytest.approx(1 / 3)


def test_a_scene_is_held_against_other_scenes_of_its_language_and_never_against_itself():
    def said(name: str, text: str):
        return step(0, 0).model_copy(
            update={"events": tuple(event(at, text.format(name)) for at in range(5))}
        )

    alone = [episode(name, said(name, "The user draws a {}.")) for name in "abcdefghi"]
    assert card_of(alone, source="own words").check("uniform in style").figure.value == 0
    both = [episode(f"{name}2", said(name, "用户画了{}。")) for name in "abcdefghi"]
    same = [episode(f"{name}3", said("x", "用户画了{}。")) for name in "abcdefghi"]
    assert card_of(both, source="own words").check("uniform in style").figure.value == 0
    # nine scenes that all say one thing, beside nine of another language: still everything in common
    assert card_of([*alone, *same], source="mixed").check("uniform in style").figure.value == pytest.approx(
        0.5
    )
