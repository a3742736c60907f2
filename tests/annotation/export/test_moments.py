"""Labelled moments from votes: silence by the question, or derived as far as votes on offers tell."""

import pytest
from tests.annotation.export.made import AT, adjudicated, annotation, answer, collected, moment, moments

from tactful.annotation.export.aggregate import aggregate
from tactful.annotation.export.moments import labelled_moments, published_row
from tactful.annotation.export.observations import observations, offers_of
from tactful.annotation.votes import Collected
from tactful.data.formats.moments import moment_row, parse_labelled


def labelled(given: Collected, rule="majority", fewest=2):
    """(proposal, accepted, help_needed, votes) of each moment."""
    seen = observations(given)
    told = [aggregate(units, rule, fewest) for units in (offers_of(seen), [one.silence for one in seen])]
    return list(labelled_moments(seen, *told))


def brief(items):
    return [(one.moment.proposal, one.label.accepted, one.label.help_needed) for one in items]


def test_every_offer_and_the_silence_give_a_moment_by_the_question_that_was_asked():
    given = moments(
        (
            "s",
            "e",
            ["x", "y"],
            {"a": ([True, False], True), "b": ([True, False], True), "c": ([False, True], False)},
        )
    )
    items = labelled(given)
    assert brief(items) == [("x", True, True), ("y", False, True), (None, False, True)]
    assert items[0].label.votes == (True, True, False)
    assert items[2].label.votes == (False, False, True)  # silence was right for c alone
    assert [one.moment.id for one in items] == ["s-e#0", "s-e#1", "s-e#silence"]
    assert [parse_labelled(moment_row(one)) for one in items] == items


def test_the_question_rules_whatever_was_thought_of_the_offers():
    wanted = labelled(moments(("s", "e", ["x"], {"a": ([False], True), "b": ([False], True)})))
    assert brief(wanted) == [("x", False, True), (None, False, True)]  # help was wanted, though not this
    not_wanted = labelled(moments(("s", "e", ["x"], {"a": ([False], False), "b": ([False], False)})))
    assert brief(not_wanted) == [("x", False, False), (None, True, False)]


def test_an_item_without_candidates_is_a_silence():
    assert brief(labelled(moments(("s", "e", [], {"a": ([], False), "b": ([], False)})))) == [
        (None, True, False)
    ]


def test_where_nobody_was_asked_rejecting_every_offer_makes_silence_right_but_no_need_known():
    items = labelled(
        moments(("s", "e", ["x", "y"], {"a": ([False, False], None), "b": ([False, False], None)}))
    )
    assert brief(items) == [("x", False, None), ("y", False, None), (None, True, None)]
    assert published_row(items[2])["help_needed"] is False
    assert published_row(items[2])["category"] == "Correct-Rejection (CR)"


def test_three_who_each_want_another_offer_make_silence_wrong():
    each = {
        "a": ([True, False, False], None),
        "b": ([False, True, False], None),
        "c": ([False, False, True], None),
    }
    items = labelled(moments(("s", "e", ["x", "y", "z"], each)))
    assert brief(items) == [("x", False, True), ("y", False, True), ("z", False, True), (None, False, True)]


def test_the_majority_of_people_decides_on_a_derived_silence_not_one_of_them():
    items = labelled(
        moments(("s", "e", ["x"], {"a": ([True], None), "b": ([False], None), "c": ([False], None)}))
    )
    assert brief(items) == [("x", False, None), (None, True, None)]


def test_whoever_judged_only_some_offers_and_took_none_says_nothing_about_silence():
    item, other = moment("s", "e", ["x"]), moment("s", "e", ["y"])
    other = other.model_copy(update={"id": "second"})
    given = collected(
        [
            (item, {"a": answer([False], None), "b": answer([True], None)}),
            (other, {"a": answer([False], None), "c": answer([False], None)}),
        ]
    )
    [one] = observations(given)  # the same events in the same session
    assert one.silence.votes == {"a": True, "b": False}


def test_even_votes_on_silence_leave_the_need_unknown():
    items = labelled(moments(("s", "e", ["x"], {"a": ([True], True), "b": ([True], False)})))
    assert brief(items) == [("x", True, None)]
    soft = labelled(moments(("s", "e", ["x"], {"a": ([True], True), "b": ([True], False)})), "soft")
    assert [one.label.p_accepted for one in soft] == [1.0, 0.5]


def test_an_adjudicated_answer_overrules_and_the_votes_stay():
    item = moment("s", "e", ["x"])
    given = collected([(item, {"a": answer([True], True), "b": answer([True], True)})])
    given = Collected(
        given.items, given.annotations, {item.id: adjudicated(item, answer([False], False))}, "made"
    )
    items = labelled(given)
    assert brief(items) == [("x", False, False), (None, True, False)]
    assert items[0].label.votes == (True, True)
    assert items[0].label.p_accepted == 0.0


def test_an_adjudicated_answer_decides_on_silence_also_where_nobody_was_asked():
    item = moment("s", "e", ["x"])
    for accepted in (True, False):
        given = collected([(item, {"a": answer([not accepted], None), "b": answer([not accepted], None)})])
        decided = {item.id: adjudicated(item, answer([accepted], None))}
        items = labelled(Collected(given.items, given.annotations, decided))
        assert brief(items) == [("x", accepted, accepted or None), (None, not accepted, accepted or None)]


def test_a_known_answer_overrules_where_nobody_adjudicated():
    item = moment("s", "e", ["x"], gold=answer([True], True))
    assert brief(labelled(collected([(item, {"a": answer([False], False)})]))) == [
        ("x", True, True),
        (None, False, True),
    ]


def test_votes_on_silence_that_name_nobody_are_taken_as_derived():
    given = moments(("s", "e", [], {"1": ([], False), "2": ([], False)}), nameless=True)
    assert brief(labelled(given)) == [(None, True, None)]


def test_events_that_were_not_shown_user_and_history_come_back_from_where_the_item_came():
    item = moment(
        "s",
        "e",
        ["x"],
        origin={"user": "u", "history": {"shown": 2, "accepted": 1}, "earlier": [{"text": "before"}]},
    )
    [one, _] = labelled(collected([(item, {"a": answer([True], True), "b": answer([True], True)})]))
    assert [event.text for event in one.moment.events] == ["before", "e"]
    assert one.moment.user == "u"
    assert one.moment.history is not None
    assert one.moment.history.shown == 2


def test_withdrawn_repeated_and_skipped_answers_are_no_votes():
    item = moment("s", "e", ["x"])
    yes, no = answer([True], True), answer([False], False)
    told = [
        annotation(item, "a", yes),
        annotation(item, "a", no, repeat=True),
        annotation(item, "b", no, withdrawn_at=AT),
        annotation(item, "c", None, skipped="not my field"),
        annotation(item, "d", yes),
    ]
    [offer, silence] = labelled(Collected({item.id: item}, told))
    assert offer.label.votes == (True, True)
    assert silence.label.votes == (False, False)


@pytest.mark.parametrize(
    ("accepted", "wanted", "clashes"), [(True, False, 1), (True, True, 0), (False, False, 0)]
)
def test_answers_that_contradict_themselves_are_counted(accepted, wanted, clashes):
    [one] = observations(moments(("s", "e", ["x", "y"], {"a": ([accepted, accepted], wanted)})))
    assert one.contradictions == clashes
