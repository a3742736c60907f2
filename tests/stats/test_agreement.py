"""Agreement against libraries and published examples."""

from __future__ import annotations

import numpy as np
import pytest

from tactful.stats.agreement import alpha, pooled_cohen, vote_figures, vote_parts


def figures(counts):
    return {
        name: float(value) for name, value in vote_figures(vote_parts(np.array(counts)).sum(axis=0)).items()
    }


def test_alpha_of_sums_is_the_librarys_for_unequal_numbers_of_votes_and_several_values():
    rng = np.random.default_rng(0)
    for _ in range(20):
        counts = rng.integers(0, 4, size=(rng.integers(2, 30), rng.integers(2, 8)))
        assert figures(counts)["alpha"] == pytest.approx(alpha(counts.astype(float)))


def test_fleiss_own_example():
    # Fleiss 1971 as often retold: 10 units, 14 votes each, 5 values; P = 0.378, P_e = 0.213, kappa = 0.210
    counts = [
        [0, 0, 0, 0, 14],
        [0, 2, 6, 4, 2],
        [0, 0, 3, 5, 6],
        [0, 3, 9, 2, 0],
        [2, 2, 8, 1, 1],
        [7, 7, 0, 0, 0],
        [3, 2, 6, 3, 0],
        [2, 5, 3, 2, 2],
        [6, 5, 2, 1, 0],
        [0, 2, 2, 3, 7],
    ]
    found = figures(counts)
    assert found["raw"] == pytest.approx(0.378, abs=5e-4)
    assert found["chance"] == pytest.approx(0.213, abs=5e-4)
    assert found["fleiss"] == pytest.approx(0.210, abs=5e-4)


def test_a_unit_with_one_vote_tells_nothing():
    assert figures([[2, 0], [1, 1], [1, 0], [0, 1]]) == figures([[2, 0], [1, 1]])


def test_nothing_and_one_value_throughout_are_undefined_and_no_zero():
    empty = figures(np.zeros((0, 2), dtype=int))
    assert all(np.isnan(value) for value in empty.values())
    same = figures([[3, 0], [2, 0]])
    assert np.isnan([same["alpha"], same["fleiss"]]).all()
    assert (same["raw"], same["chance"]) == (1, 1)


def pair_sums(first, second, values):
    one, other = np.eye(values)[first], np.eye(values)[second]
    return np.concatenate([[np.sum(np.array(first) == second)], one.sum(axis=0), other.sum(axis=0)])


def test_cohen_of_one_pair_is_the_librarys():
    from sklearn.metrics import cohen_kappa_score

    rng = np.random.default_rng(1)
    for values in (2, 3, 7):
        first, second = rng.integers(0, values, size=(2, 40))
        second[:20] = first[:20]
        found = pooled_cohen(pair_sums(first, second, values)[None])
        assert float(found) == pytest.approx(cohen_kappa_score(first, second))


def test_cohen_of_several_pairs_weighs_them_by_their_shared_units():
    # pair 1: 20 units, alike on 15, chance ½; pair 2: 10 units, alike on 10, chance ½
    # agreement 25 of 30, chance 15 of 30: (25 - 15) / (30 - 15)
    one = np.array([15, 10, 10, 10, 10])
    other = np.array([10, 5, 5, 5, 5])
    assert float(pooled_cohen(np.stack([one, other]))) == pytest.approx(2 / 3)
    assert np.isnan(pooled_cohen(np.array([[8, 8, 0, 8, 0]])))
    assert np.isnan(pooled_cohen(np.zeros((3, 5))))
