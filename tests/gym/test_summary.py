"""What became of a run of the gym, by place in the work."""

from tests.gym.made import episode, step

from tactful.gym.summary import summarise, utility

DAY = episode(
    "a",
    step(0, 0, offer="A?", verdict="accepted", timing="boundary", wanted=True, done=(2,)),
    step(1, 3, offer="B?", verdict="rejected", timing="flow", wanted=False),
    step(2, 5, offer="C?", shown=False, timing="stuck", wanted=True),
    step(3, 7, timing="stuck", wanted=True),
    step(4, 9, offer="D?", verdict="ignored", timing=None, wanted=None),
    step(5, 11, timing="boundary", wanted=None),
)
"""The last step finishes: no offer could come there."""


def test_offers_and_reactions_are_told_apart_by_place():
    found = summarise([DAY])
    assert (found.episodes, found.rounds, found.events) == (1, 5, 7)
    assert found.ends["goal"] == 1
    told = {name: (one.rounds, one.shown, one.held_back) for name, one in found.timings.items()}
    assert told == {
        "boundary": (1, 1, 0),
        "flow": (1, 1, 0),
        "stuck": (2, 0, 1),
        "late": (0, 0, 0),
        "not known": (1, 1, 0),
    }
    assert found.verdicts == {"accepted": 1, "rejected": 1, "ignored": 1}
    assert (found.help_wanted, found.missed) == (3, 2)
    lines = "\n".join(found.lines())
    assert "  late " not in lines, "nothing happened there"
    assert "1 goal" in lines


def test_utility_is_what_was_taken_less_what_was_not_and_what_was_missed():
    # one accepted; two shown and not; two rounds in which help was wanted and none shown
    assert utility(DAY) == 1 - 2
    assert utility(DAY, false_alarm=0.5) == 1 - 2 * 0.5
    assert utility(DAY, false_alarm=0.25, miss=0.125) == 1 - 2 * 0.25 - 2 * 0.125
    assert summarise([DAY, DAY], cost_false_alarm=0.5).utility == 0


def test_the_table_keeps_the_fraction_of_a_utility():
    *_, told = summarise([DAY], cost_false_alarm=0.625).lines()
    assert told.startswith("utility         -0.25  (-0.25 an episode)")
    *_, told = summarise([DAY]).lines()
    assert told.startswith("utility            -1  (-1.00 an episode)")


def test_nothing_played_counts_nothing():
    found = summarise([])
    assert (found.episodes, found.utility, found.shown) == (0, 0, 0)
    assert list(found.lines())
