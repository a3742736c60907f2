"""What is right and how good each annotator is, learnt from votes alone."""

import math
import random

import numpy as np
import pytest

from tactful.annotation.export.dawid_skene import dawid_skene


def plainly(votes, values, rounds):
    """The same by loops over Python lists, straight from the paper's equations, with the same votes to begin with."""
    names = sorted({name for unit in votes for name in unit})
    p = [[sum(v == k for v in unit.values()) / len(unit) for k in range(values)] for unit in votes]
    for _ in range(rounds):
        tables = {}
        for name in names:
            table = [[0.5 + (k == v) for v in range(values)] for k in range(values)]
            for unit, of in zip(votes, p, strict=True):
                if name in unit:
                    for k in range(values):
                        table[k][unit[name]] += of[k]
            tables[name] = [[cell / sum(row) for cell in row] for row in table]
        shares = [1 + sum(of[k] for of in p) for k in range(values)]
        shares = [share / sum(shares) for share in shares]
        p = []
        for unit in votes:
            joint = [
                shares[k] * math.prod(tables[name][k][v] for name, v in unit.items()) for k in range(values)
            ]
            p.append([one / sum(joint) for one in joint])
    return p


def simulated(seed, units=300, quality=(0.95, 0.9, 0.55, 0.55, 0.55)):
    draw = random.Random(seed)
    truth = [int(draw.random() < 0.35) for _ in range(units)]
    votes = [
        {f"a{at}": right if draw.random() < good else 1 - right for at, good in enumerate(quality)}
        for right in truth
    ]
    return truth, votes


def test_one_round_by_hand():
    # Units: a and b both say 1; a says 1, b says 0. The first posteriors are the shares of the votes: (0, 1), (½, ½).
    # Table of a, row 0: votes 0: 0.5+1 = 1.5; votes 1: 0.5 + 0 + ½ = 1.0 → (0.6, 0.4)
    #             row 1: votes 0: 0.5;          votes 1: 0.5+1 + 1 + ½ = 3.0 → (1/7, 6/7)
    # Table of b, row 0: votes 0: 1.5 + ½ = 2.0; votes 1: 0.5 → (0.8, 0.2)
    #             row 1: votes 0: 0.5 + ½ = 1.0; votes 1: 1.5 + 1 = 2.5 → (2/7, 5/7)
    # Shares: 1 + ½ = 1.5 and 1 + 1½ = 2.5 → 0.375, 0.625
    # Unit 0: 0.375·0.4·0.2 = 0.03 against 0.625·6/7·5/7 = 0.382653; unit 1: 0.375·0.4·0.8 = 0.12 against 0.625·6/7·2/7 = 0.153061
    found = dawid_skene([{"a": 1, "b": 1}, {"a": 1, "b": 0}], 2, most=1)
    np.testing.assert_allclose(found.tables["a"], [[0.6, 0.4], [1 / 7, 6 / 7]], atol=1e-5)
    np.testing.assert_allclose(found.tables["b"], [[0.8, 0.2], [2 / 7, 5 / 7]], atol=1e-5)
    np.testing.assert_allclose(found.shares, [0.375, 0.625], atol=1e-5)
    np.testing.assert_allclose(found.posteriors[:, 1], [0.382653 / 0.412653, 0.153061 / 0.273061], atol=1e-5)


@pytest.mark.parametrize("values", [2, 3])
def test_it_is_what_the_equations_say(values):
    draw = random.Random(values)
    votes = [{f"a{at}": draw.randrange(values) for at in range(5) if draw.random() < 0.7} for _ in range(40)]
    votes = [unit or {"a0": 0} for unit in votes]
    found = dawid_skene(votes, values, most=12)
    np.testing.assert_allclose(found.posteriors, plainly(votes, values, len(found.objective)), atol=1e-4)


def test_the_objective_never_falls_and_it_stands_still_at_the_end():
    for seed in range(5):
        found = dawid_skene(simulated(seed)[1], 2, {0: 1, 1: 0})
        assert len(found.objective) < 1000
        assert all(
            later >= earlier - 1e-7
            for earlier, later in zip(found.objective, found.objective[1:], strict=False)
        )


def test_where_annotators_differ_it_beats_the_majority_and_finds_who_is_good():
    gains = []
    for seed in range(12):
        truth, votes = simulated(seed)
        found = dawid_skene(votes, 2)
        right = np.mean(found.posteriors.argmax(axis=1) == truth)
        majority = np.mean(
            [(sum(unit.values()) > 2) == answer for unit, answer in zip(votes, truth, strict=True)]
        )
        gains.append(right - majority)
        diagonal = {name: np.diag(table).mean() for name, table in found.tables.items()}
        assert min(diagonal["a0"], diagonal["a1"]) > max(diagonal[name] for name in ("a2", "a3", "a4"))
    assert np.mean(gains) > 0.08  # about 0.93 against 0.81
    assert min(gains) > 0


def test_where_all_are_alike_it_is_as_good_as_the_majority():
    for seed in range(4):
        truth, votes = simulated(seed, quality=(0.8,) * 5)
        found = dawid_skene(votes, 2).posteriors.argmax(axis=1)
        majority = np.array([sum(unit.values()) > 2 for unit in votes])
        assert np.mean(found == truth) > np.mean(majority == truth) - 0.02


def test_whoever_says_the_opposite_counts_the_other_way_round():
    truth, votes = simulated(1, quality=(0.9, 0.9, 0.05))
    found = dawid_skene(votes, 2)
    assert np.diag(found.tables["a2"]).max() < 0.2
    assert np.mean(found.posteriors.argmax(axis=1) == truth) > 0.95


def test_one_vote_makes_nobody_perfect():
    table = dawid_skene([{"a": 1}, {"b": 0}], 2).tables["a"]
    assert table.max() < 0.9
    assert table.min() > 0


def test_what_is_known_stays_and_teaches_who_errs():
    votes = [{"a": 1, "b": 0}] * 10 + [{"a": 1, "b": 0}]
    found = dawid_skene(votes, 2, dict.fromkeys(range(10), 0))
    np.testing.assert_array_equal(found.posteriors[:10, 0], 1)
    assert found.posteriors[10, 0] > 0.8  # b was right ten times
    unvoted = dawid_skene([{"a": 1}, {}], 2)
    np.testing.assert_allclose(unvoted.posteriors[1], unvoted.shares)


def test_without_votes_nothing_is_learnt_and_nothing_breaks():
    found = dawid_skene([], 2)
    assert found.posteriors.shape == (0, 2)
    assert found.tables == {}
