"""Agreement of votes, worked out by hand and against the library."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from tests.annotation.agreement.made import NOW, asking, collected, follow_up, proposals

from tactful.annotation.agreement.measure import measure_agreement
from tactful.annotation.agreement.telling import agreement_lines, headline
from tactful.annotation.votes import Collected
from tactful.stats.agreement import alpha


def by_question(found):
    return {one.question: one for one in found.questions}


def simulated(sessions=20, units=6, people=4, seed=0, accuracy=0.8, settings=("coding", "writing")):
    """Every item has a truth; each annotator sees it with this probability, else throws a coin."""
    rng = np.random.default_rng(seed)
    rows = []
    for session in range(sessions):
        for unit in range(units):
            truth = bool(rng.random() < 0.5)
            for person in rng.choice(people, size=3, replace=False):
                sees = rng.random() < accuracy
                vote = truth if sees else bool(rng.random() < 0.5)
                rows.append(
                    (
                        f"i{session}-{unit}",
                        f"s{session}",
                        settings[session % len(settings)],
                        f"p{person}",
                        proposals([vote], vote),
                    )
                )
    return rows


def test_each_question_stands_alone_with_its_kind():
    found = measure_agreement(
        collected(
            [
                ("a", "s1", "", "x", proposals([True, False], True)),
                ("a", "s1", "", "y", proposals([True, True], False)),
                ("b", "s1", "", "x", asking("ask")),
                ("b", "s1", "", "y", asking("act")),
                ("c", "s2", "", "x", follow_up("topic_shift")),
                ("c", "s2", "", "y", follow_up("topic_shift")),
            ]
        )
    )
    assert [(one.kind, one.question) for one in found.questions] == [
        ("proposals", "accepted"),
        ("proposals", "help_wanted"),
        ("follow-up", "label"),
        ("asking", "verdict"),
    ]
    accepted = by_question(found)["accepted"].whole
    # two candidates are two units: alike on one; values 3 true, 1 false: chance 9/16 + 1/16
    assert (accepted.units, accepted.votes, accepted.sessions) == (2, 4, 1)
    assert accepted.raw.value == pytest.approx(1 / 2)
    assert accepted.chance.value == pytest.approx(10 / 16)
    assert accepted.fleiss.value == pytest.approx((1 / 2 - 10 / 16) / (1 - 10 / 16))
    assert by_question(found)["verdict"].whole.raw.value == 0


def test_undefined_is_no_zero_and_says_why():
    rows = [(id, "s", "", who, asking("ask")) for id in "ab" for who in "xy"]
    one = measure_agreement(collected(rows)).questions[0].whole
    assert (one.alpha.value, one.fleiss.value, one.cohen.value) == (None, None, None)
    assert one.raw.value == 1
    assert one.undefined == {
        "alpha": "every vote is 'ask'",
        "fleiss": "every vote is 'ask'",
        "cohen": "no two annotators share 10 units",
    }
    alone = measure_agreement(collected(rows[::2])).questions[0].whole
    assert (alone.units, alone.single, alone.alpha.value, alone.raw.value) == (0, 2, None, None)
    assert set(alone.undefined.values()) == {"no unit has two votes"}
    assert measure_agreement(Collected(items={})).questions == ()


def test_skipped_withdrawn_repeated_and_doubled_answers_are_left_out_and_counted():
    rows = [
        ("a", "s", "", "x", asking("ask")),
        ("a", "s", "", "y", asking("ask")),
        ("a", "s", "", "z", None, {"skipped": "not mine"}),
        ("a", "s", "", "w", asking("act"), {"withdrawn_at": NOW}),
        ("a", "s", "", "x", asking("act"), {"repeat": True}),
        ("a", "s", "", "y", asking("act")),
        ("b", "s", "", "x", asking("act")),
        ("b", "s", "", "y", asking("act")),
    ]
    found = measure_agreement(collected(rows))
    assert (found.skipped, found.withdrawn, found.repeats, found.doubled) == (1, 1, 1, 1)
    assert (found.annotations, found.votes, found.items, found.annotators) == (4, 4, 2, 2)
    assert found.questions[0].whole.alpha.value == 1
    assert "Left out: 1 skipped, 1 withdrawn, 1 repeats, 1 given twice." in list(agreement_lines(found))


def averaged_cohen(rows):
    """Pair by pair: agreement and chance on the units that both judged, averaged by their number."""
    said: dict[str, dict[str, bool]] = {}
    for id, _, _, who, answer in rows:
        said.setdefault(who, {})[id] = answer.accepted[0]
    alike = chance = units = 0.0
    for one, other in combinations(sorted(said), 2):
        shared = said[one].keys() & said[other].keys()
        assert len(shared) >= 10
        first, second = (sum(said[who][id] for id in shared) / len(shared) for who in (one, other))
        alike += sum(said[one][id] == said[other][id] for id in shared)
        chance += len(shared) * (first * second + (1 - first) * (1 - second))
        units += len(shared)
    return (alike - chance) / (units - chance)


def test_figures_of_simulated_people_are_the_librarys_with_an_interval_around_them():
    from sklearn.metrics import cohen_kappa_score

    rows = simulated()
    found = measure_agreement(collected(rows))
    one = by_question(found)["accepted"]
    votes: dict[str, list[bool]] = {}
    for id, *_, answer in rows:
        votes.setdefault(id, []).append(answer.accepted[0])
    counts = np.array([[sum(said), len(said) - sum(said)] for said in votes.values()], dtype=float)
    assert one.whole.alpha.value == pytest.approx(alpha(counts))
    assert one.whole.alpha.low < one.whole.alpha.value < one.whole.alpha.high
    assert one.whole.pairs == 6
    assert one.whole.cohen.value == pytest.approx(averaged_cohen(rows))
    assert one.whole.cohen.low < one.whole.cohen.value < one.whole.cohen.high
    assert set(one.settings) == {"coding", "writing"}
    assert [part.units for part in one.settings.values()] == [60, 60]
    assert [part.sessions for part in one.settings.values()] == [10, 10]

    assert (one.whole.chance.low, one.whole.chance.high) == (None, None)
    assert all(row.chance.low is None and row.raw.low is not None for row in found.by_annotator)

    two = [row for row in rows if row[3] in ("p0", "p1")]
    shared = {id for id in votes if {row[3] for row in two if row[0] == id} == {"p0", "p1"}}
    said = {
        who: [row[4].accepted[0] for row in two if row[0] in shared and row[3] == who] for who in ("p0", "p1")
    }
    pair = by_question(measure_agreement(collected(two)))["accepted"].whole
    assert pair.cohen.value == pytest.approx(cohen_kappa_score(said["p0"], said["p1"]))


@pytest.mark.slow
def test_intervals_go_by_session_and_need_eight():
    few = measure_agreement(collected(simulated(sessions=7))).questions[0].whole.alpha
    assert few.value is not None
    assert few.low is None
    # the same votes, each item a session of its own: what is alike within sessions no longer counts as one
    whole = simulated(sessions=10, units=30)
    apart = [(id, id, *rest) for id, _, *rest in whole]
    assert measure_agreement(collected(apart)).questions[0].whole.sessions == 300
    assert measure_agreement(collected(whole)).questions[0].whole.sessions == 10


def test_an_annotator_is_held_against_the_others_against_gold_and_against_themselves():
    rows = []
    for at in range(10):
        for who, says in (
            ("good", "ask" if at % 2 else "act"),
            ("also", "ask" if at % 2 else "act"),
            ("odd", "ask"),
        ):
            rows.append((f"i{at}", f"s{at}", "", who, asking(says)))
    rows += [("i0", "s0", "", "odd", asking("act"), {"repeat": True})]
    rows += [("i1", "s1", "", "odd", asking("ask"), {"repeat": True})]
    gold = {"i0": asking("act"), "i2": asking("act"), "i3": asking("ask")}
    found = measure_agreement(collected(rows, gold=gold))
    by = {row.annotator: row for row in found.by_annotator}
    # good: always like 'also', like 'odd' on the five that are 'ask': 15 of 20 pairs; half of good's votes are 'ask',
    # of the others' (5 + 10) of 20: chance ½ · ¾ + ½ · ¼
    assert by["good"].raw.value == pytest.approx(15 / 20)
    assert by["good"].chance.value == pytest.approx(1 / 2)
    assert by["good"].raw.items == 10
    assert by["odd"].raw.value == pytest.approx(1 / 2)
    assert (by["odd"].consistency.value, by["odd"].consistency.items) == (0.5, 2)
    assert by["odd"].gold.value == pytest.approx(1 / 3)
    assert by["good"].gold.value == 1
    assert by["good"].consistency.value is None
    assert by["good"].undefined == {"consistency": "no repeated question was answered"}
    assert found.gold == 9


def test_whoever_voted_alone_has_no_agreement():
    found = measure_agreement(collected([("a", "s", "", "x", asking("ask"))]))
    row = found.by_annotator[0]
    assert (row.votes, row.raw.value, row.chance.value, row.gold.value) == (1, None, None, None)
    assert row.undefined["raw"] == "nobody else voted on the same units"


def test_votes_without_annotators_have_no_cohen_and_no_rows_of_annotators():
    found = measure_agreement(collected(simulated(), nameless=True))
    whole = found.questions[0].whole
    assert (whole.cohen.value, whole.undefined["cohen"]) == (None, "the votes name no annotators")
    assert whole.alpha.value is not None
    assert (found.annotators, found.by_annotator) == (None, ())
    assert "annotators not named" in headline(found)


def test_equal_seeds_give_equal_intervals():
    rows = simulated(sessions=9)
    assert measure_agreement(collected(rows), seed=3) == measure_agreement(collected(rows), seed=3)


def test_the_order_of_the_annotations_changes_nothing():
    rows = simulated(sessions=9)
    assert measure_agreement(collected(rows)) == measure_agreement(collected(rows[::-1]))


def test_the_tables_name_settings_annotators_and_what_is_missing():
    text = "\n".join(agreement_lines(measure_agreement(collected(simulated(sessions=9)))))
    assert "proposals: accepted" in text
    assert "  coding" in text
    assert "p3" in text
    assert "Krippendorff's" in text
    missing = measure_agreement(collected([("a", "s", "", "x", asking("ask"))]))
    assert "asking: verdict: no alpha, fleiss, raw, chance, cohen: no unit has two votes" in list(
        agreement_lines(missing)
    )
