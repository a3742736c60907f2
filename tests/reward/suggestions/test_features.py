"""Features of suggestions: bounded, from the moment of showing alone, and blind to the label that tells the verdict."""

import numpy as np
import pytest
from tests.data.formats.test_suggestions import decision

from tactful.data.formats.suggestions import shown_in_order
from tactful.reward.suggestions.features import (
    BEFORE_GROUPS,
    COLUMNS,
    DEFAULT_GROUPS,
    label_features,
    suggestion_features,
)


def features_of(rows, groups=DEFAULT_GROUPS):
    return suggestion_features(shown_in_order(rows), groups)


def value(rows, name, at=-1, groups=tuple(COLUMNS)):
    table = features_of(rows, groups)
    return table.values[at, table.names.index(name)]


def test_every_group_has_its_columns_and_no_name_twice():
    names = [name for columns in COLUMNS.values() for name in columns]
    assert len(names) == len(set(names))
    assert features_of([decision()]).values.shape == (1, sum(len(COLUMNS[one]) for one in DEFAULT_GROUPS))
    assert features_of([]).values.shape[0] == 0
    with pytest.raises(KeyError):
        features_of([decision()], ["outcome"])


def test_what_is_known_before_the_suggesting_model_runs_says_nothing_of_the_suggestion():
    one = [decision(0), decision(10, confidence=0.1, numTokens=1)]
    other = [decision(0), decision(10, confidence=0.9, numTokens=90)]
    np.testing.assert_array_equal(
        features_of(one, BEFORE_GROUPS).values, features_of(other, BEFORE_GROUPS).values
    )


@pytest.mark.parametrize(
    "change",
    [
        {"accepted": False},
        {"took": 500.0},
        {"label_when_shown": "Deferring Thought For Later (D)"},
        {"edit_pct": [1.0]},
    ],
)
def test_the_outcome_of_a_suggestion_is_not_in_its_features(change):
    one, other = [decision(0), decision(10)], [decision(0), decision(10, **change)]
    np.testing.assert_array_equal(
        features_of(one, tuple(COLUMNS)).values, features_of(other, tuple(COLUMNS)).values
    )


def test_values_stay_bounded_whatever_the_clock_and_the_document_say():
    wild = [decision(0), decision(1e8, documentLength=1e15, numTokens=1e12, experience=["999999 years"])]
    values = features_of(wild, tuple(COLUMNS)).values
    assert np.isfinite(values).all()
    assert np.abs(values).max() <= 30


def test_acceptance_so_far_starts_at_one_of_three_and_follows_the_verdicts():
    rows = [decision(10 * at, accepted=True) for at in range(4)]
    table = features_of(rows)
    # (0+1)/(0+3), (1+1)/(1+3), (2+1)/(2+3), (3+1)/(3+3)
    found = table.values[:, table.names.index("accepted_so_far")]
    np.testing.assert_allclose(found, [1 / 3, 2 / 4, 3 / 5, 4 / 6])


def test_an_unknown_confidence_is_marked_and_lies_in_the_middle():
    assert value([decision(confidence=None)], "confidence") == 0.5
    assert value([decision(confidence=None)], "confidence_unknown") == 1.0
    assert value([decision(confidence=0.2)], "confidence_unknown") == 0.0


def test_a_shrinking_document_counts_below_zero():
    rows = [decision(0, documentLength=300.0), decision(10, documentLength=290.0)]
    assert value(rows, "document_grown") == pytest.approx(-np.log1p(10))


@pytest.mark.parametrize(
    ("experience", "years", "level"),
    [
        ([" 3 to 5 years professional programming experience", "Intermediate – I can"], 3.0, 1.0),
        (["6 to 10 years", "Advanced – I can", "Never"], 6.0, 2.0),
        (["Never"], 5.0, 1.0),
        (["years and years"], 5.0, 1.0),
        ([], 5.0, 1.0),
    ],
)
def test_experience_is_read_in_words(experience, years, level):
    rows = [decision(experience=experience)]
    assert (value(rows, "years"), value(rows, "level")) == (years, level)


def test_the_programmers_own_labels_leave_out_the_one_that_tells_the_verdict():
    rows = [
        decision(0, label_when_shown="Deferring Thought For Later (D)"),
        decision(9, label_when_shown="IDK (I)"),
    ]
    table = label_features(rows)
    assert table.names == ("own_label:IDK (I)",)
    np.testing.assert_array_equal(table.values, [[0.0], [1.0]])
