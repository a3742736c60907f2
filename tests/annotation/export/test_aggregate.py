"""One value from several votes: what each rule keeps and drops, and why."""

import pytest

from tactful.annotation.export.aggregate import RULES, aggregate, annotators_of
from tactful.annotation.export.units import Unit
from tactful.errors import UsageError


def unit(*votes, decided=None):
    return Unit("u", "s", {f"a{at}": vote for at, vote in enumerate(votes)}, decided)


def told(rule, *votes, fewest=2, decided=None):
    [one] = aggregate([unit(*votes, decided=decided)], rule, fewest)
    return one.value, one.why, round(one.share(True), 3)


@pytest.mark.parametrize(
    ("rule", "votes", "expected"),
    [
        ("majority", (True, True, False), (True, "by majority", 1.0)),
        ("majority", (True, True, True), (True, "all agree", 1.0)),
        ("majority", (True, False), (None, "tie", 0.5)),
        ("majority", (False, False, True), (False, "by majority", 0.0)),
        ("unanimous", (True, True, False), (None, "votes disagree", 0.667)),
        ("unanimous", (False, False), (False, "all agree", 0.0)),
        ("soft", (True, True, False), (True, "by majority", 0.667)),
        ("soft", (True, False), (False, "even votes", 0.5)),
        ("soft", (True, True), (True, "all agree", 1.0)),
    ],
)
def test_rules_keep_and_drop_as_they_say(rule, votes, expected):
    assert told(rule, *votes) == expected


@pytest.mark.parametrize("rule", RULES)
def test_too_few_votes_drop_under_every_rule_and_a_decision_never(rule):
    assert told(rule, True)[:2] == (None, "too few votes")
    assert told(rule, True, fewest=1)[:2] == (True, "all agree")
    assert told(rule, True, True, decided=(False, "adjudicated")) == (False, "adjudicated", 0.0)
    assert told(rule, decided=(True, "known")) == (True, "known", 1.0)


def test_most_votes_of_many_values_win_and_their_ties_drop():
    assert told("majority", "a", "a", "b", "c")[:2] == ("a", "by majority")
    assert told("majority", "a", "a", "b", "b", "c")[:2] == (None, "tie")
    assert told("soft", "a", "b")[:2] == (None, "tie")


def test_dawid_skene_trusts_good_annotators_against_the_majority():
    clear = [unit(value, value, at % 3 == 0, at % 5 == 0) for at, value in enumerate([True, False] * 20)]
    [*_, one] = aggregate([*clear, unit(True, True, False, False)], "dawid-skene", 2)
    assert (one.value, one.why) == (True, "even votes")
    assert one.share(True) > 0.9
    [*_, other] = aggregate(
        [*clear, Unit("u", "s", {"a0": True, "a2": False, "a3": False})], "dawid-skene", 2
    )
    assert (other.value, other.why) == (True, "against the majority")


def test_how_often_each_annotator_is_right_is_told():
    found = annotators_of([unit(value, value, not value) for value in [True, False] * 20])
    assert list(found) == ["a0", "a1", "a2"]
    assert min(found["a0"].values()) > 0.9
    assert max(found["a2"].values()) < 0.1


def test_dawid_skene_refuses_votes_that_name_nobody():
    with pytest.raises(UsageError, match="name nobody; use majority or soft"):
        aggregate([unit(True, True)], "dawid-skene", 2, nameless=True)
