from __future__ import annotations

import math

import numpy as np
import pytest

from tactful.reward.gate.betting import log_capital, loosest_certified, sessions_needed


@pytest.mark.parametrize(
    ("alpha", "delta", "needed"), [(0.1, 0.1, 22), (0.2, 0.1, 11), (0.5, 0.5, 1), (0.05, 0.1, 45)]
)
def test_fewest_sessions_are_those_of_the_formula(alpha, delta, needed):
    # 0.1 at 0.1: ln 0.1 / ln 0.9 = 21.85; 0.2: 10.3; 0.5 at 0.5: exactly 1; 0.05: 44.9
    assert sessions_needed(alpha, delta) == needed


@pytest.mark.parametrize(("alpha", "delta"), [(0.1, 0.1), (0.2, 0.1), (0.05, 0.2)])
def test_that_many_sessions_without_a_loss_suffice_and_one_fewer_never_does(alpha, delta):
    needed = sessions_needed(alpha, delta)
    assert loosest_certified(np.zeros((needed, 1)), alpha, delta) == 0
    assert loosest_certified(np.zeros((needed - 1, 1)), alpha, delta) == -1


def test_a_bet_sees_only_earlier_sessions():
    # with the same first sessions the capital up to them is the same, whatever comes later
    rng = np.random.default_rng(0)
    losses = rng.random((30, 5)) * 0.3
    other = losses.copy()
    other[-1] = 1.0
    # a loss of 1 at the end can only be the last factor: the running maximum before it stays
    first, second = log_capital(losses, 0.2, 0.1), log_capital(other, 0.2, 0.1)
    assert (second <= first + 1e-12).all()
    assert (second >= log_capital(other, 0.2, 0.1) - 1e-12).all()
    assert log_capital(losses[:, :1], 0.2, 0.1) == pytest.approx(first[:1])


def test_capital_is_never_undefined_even_when_every_session_is_a_loss():
    assert np.isfinite(log_capital(np.ones((50, 3)), 0.1, 0.1)).all()
    assert (log_capital(np.ones((50, 3)), 0.1, 0.1) == 0).all()


def _draws(kind: str, rng: np.random.Generator, shape: tuple[int, int, int], alpha: float) -> np.ndarray:
    """Losses whose mean is exactly alpha: the hypothesis at its edge."""
    if kind == "all or nothing":
        return (rng.random(shape) < alpha).astype(float)
    if kind == "rare and large":
        return np.where(rng.random(shape) < alpha / 0.9, 0.9, 0.0)
    return rng.beta(4 * alpha, 4 * (1 - alpha), shape)


@pytest.mark.parametrize("kind", ["all or nothing", "rare and large", "spread"])
@pytest.mark.parametrize(("alpha", "sessions"), [(0.1, 30), (0.2, 60)])
def test_a_mean_at_the_bound_is_certified_in_at_most_delta_of_draws(kind, alpha, sessions):
    # 20,000 draws at delta 0.1: standard error 0.0021; the bound plus three of them
    losses = _draws(kind, np.random.default_rng(1), (20_000, sessions, 1), alpha)
    share = (loosest_certified(losses, alpha, 0.1) >= 0).mean()
    assert share <= 0.1 + 3 * 0.0021


def test_the_test_ends_at_the_first_threshold_that_is_not_certified():
    clean, bad = np.zeros((40, 1)), np.ones((40, 1))
    assert loosest_certified(np.hstack([clean, clean, bad, clean]), 0.1, 0.1) == 1


def test_many_draws_at_once_equal_one_by_one():
    losses = np.random.default_rng(2).random((4, 30, 6)) * np.linspace(0.05, 0.4, 6)
    together = loosest_certified(losses, 0.2, 0.1)
    assert together.tolist() == [int(loosest_certified(one, 0.2, 0.1)) for one in losses]
    assert math.isclose(log_capital(losses, 0.2, 0.1)[1, 2], log_capital(losses[1], 0.2, 0.1)[2])
