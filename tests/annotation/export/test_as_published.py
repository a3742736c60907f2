"""The published conversion with its faults; how much of the published file follows from its own votes."""

import os
from collections import Counter
from pathlib import Path

import pytest
from tests.annotation.export.made import moments

from tactful.annotation.export.as_published import as_published, draw_test
from tactful.annotation.export.observations import observations
from tactful.annotation.types import Item, Proposals
from tactful.annotation.votes import Collected
from tactful.data.formats.moments import labelled_rows

REAL = Path(os.environ.get("TACTFUL_TEST_DATA", Path(__file__).parents[4] / "shared" / "data"))
REWARD_TRAIN = REAL / "proactivebench" / "reward_train.jsonl"


def converted(candidates, **votes):
    """(proposal, valid, help_needed, votes) of each row; votes: annotator → accepted."""
    given = moments(("s", "e", candidates, {who: (said, None) for who, said in votes.items()}))
    return [
        (row.moment.proposal, row.label.accepted, row.label.help_needed, row.label.votes)
        for row in as_published(observations(given))
    ]


def test_a_need_counts_only_where_everybody_took_the_same_candidate():
    assert converted(["x", "y"], a=[True, False], b=[True, False], c=[True, True]) == [
        (None, False, True, (False, False, False)),
        ("x", True, True, (True, True, True)),
        ("y", False, True, (False, False, True)),
    ]
    two_of_three = converted(["x"], a=[True], b=[True], c=[False])
    assert two_of_three == [
        (None, True, False, (False, False, True)),  # silence is called right, two of three wanted help
        ("x", True, False, (True, True, False)),
    ]


def test_a_silence_that_everybody_wanted_is_dropped():
    assert converted(["x"], a=[False], b=[False], c=[False]) == [("x", False, False, (False, False, False))]


def test_three_who_each_want_another_are_called_a_right_silence():
    rows = converted(["x", "y", "z"], a=[True, False, False], b=[False, True, False], c=[False, False, True])
    assert rows[0] == (None, True, False, (False, False, False))


def test_ties_of_two_vanish_and_ties_of_four_stand_twice():
    assert converted(["x"], a=[True], b=[False]) == [(None, True, False, (False, True))]
    four = converted(["x"], a=[True], b=[True], c=[False], d=[False])
    assert [valid for proposal, valid, *_ in four if proposal == "x"] == [True, False]


def test_one_annotator_gives_nothing():
    assert converted(["x"], a=[True]) == []


def test_the_test_file_takes_the_clearest_rows_and_shares_its_observations():
    said = {"a": ([True, False], None), "b": ([True, False], None), "c": ([True, True], None)}
    rows = as_published(observations(moments(*[("s", f"e{at}", ["x", "y"], said) for at in range(20)])))
    train, test = draw_test(rows, 0, drawn=5)
    assert sorted([*train, *test]) == list(range(60))
    assert Counter(rows[at].category for at in test) == {"missed-need": 5, "hit": 5, "false-alarm": 5}
    assert {rows[at].moment.events for at in test} & {rows[at].moment.events for at in train}
    assert draw_test(rows, 0, drawn=5) == (train, test)
    assert draw_test(rows, 1, drawn=5) != (train, test)


def published() -> tuple[Collected, list]:
    """The candidates of each observation of the published file with their votes, and its rows."""
    items, together = list(labelled_rows(REWARD_TRAIN)), {}
    for one in items:
        together.setdefault(one.moment.events, []).append(one)
    rows = []
    for at, own in enumerate(together.values()):
        offers = [one for one in own if one.moment.proposal is not None]
        columns = zip(*(one.label.votes for one in offers), strict=True)
        told = {str(place): (said, None) for place, said in enumerate(columns)}
        rows.append(("s", str(at), [one.moment.proposal for one in offers], told))
    given = moments(*rows, nameless=True)
    shown = {
        item.id: Item(
            id=item.id, session="s", shown=Proposals(events=events, candidates=item.shown.candidates)
        )
        for item, events in zip(given.items.values(), together, strict=True)
    }
    return Collected(shown, given.annotations, nameless=True), items


@pytest.mark.slow
@pytest.mark.skipif(not REWARD_TRAIN.exists(), reason="needs shared/data/proactivebench")
def test_the_published_labels_follow_from_the_votes_as_far_as_the_candidates_are_there():
    given, items = published()
    made = as_published(observations(given))
    key = lambda one: (one.moment.events, one.moment.proposal, one.label.votes)  # noqa: E731
    offers = [one for one in items if one.moment.proposal is not None]
    accepted = Counter((*key(one), one.label.accepted) for one in made if one.moment.proposal is not None)
    assert len(offers) == 1387
    assert accepted == Counter((*key(one), one.label.accepted) for one in offers)

    need = {one.moment.events: one.label.help_needed for one in made}
    theirs = {one.moment.events: one.label.help_needed for one in items}
    assert len(theirs) == 313
    assert sum(need[events] == said for events, said in theirs.items()) == 305

    silences = {one.moment.events: one.label for one in made if one.moment.proposal is None}
    published_silences = {one.moment.events: one.label for one in items if one.moment.proposal is None}
    assert len(published_silences) == 242
    same = [silences.get(events) == label for events, label in published_silences.items()]
    assert sum(same) == 216
    drawn = [label for events, label in silences.items() if events not in published_silences]
    assert (
        len(drawn) == 60
    )  # thirty of each were drawn for the test file; two needs went with their candidates
    assert sum(not label.accepted for label in drawn) == 28
