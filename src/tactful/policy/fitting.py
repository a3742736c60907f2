"""Trains the embedded policy on preference pairs.

The main head is trained by the DPO objective on all pairs, weighted by margin. With a linear softmax and a
uniform reference the normalisers cancel: log π(a|s) − log π(b|s) = (w_a − w_b)·φ(s), so DPO (Rafailov et al.,
arXiv:2305.18290, eq. 7, β = 1; β only rescales w) is a weighted logistic regression over differences. Weighting by margin makes
the preferred side of contradicting pairs the one with the larger mean reward, not the one with more wins. L2 is
needed: without it the weights of separable pairs diverge; it is chosen by grouped cross-validation. Weights are held
to signs (`features.NEVER_MORE`, `NEVER_LESS`): a rejection can only lower the action, never raise it.

The second head, to compare with, is a ridge regression of the reward for every action, without such signs.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
from scipy.optimize import minimize
from scipy.special import expit, log_expit
from threadpoolctl import threadpool_limits

from tactful.errors import UserError
from tactful.policy.embedded import EmbeddedPolicy, Head
from tactful.policy.features import FEATURES, NEVER_LESS, NEVER_MORE
from tactful.policy.table import Floats, PairTable
from tactful.stats import group_folds
from tactful.types import seeded

_Fit = Callable[[PairTable, float], tuple[Floats, Floats]]
"""Table and L2 → weights and biases."""
L2_GRID = (1e-4, 1e-3, 1e-2, 1e-1, 1.0)


def fit_policy(
    table: PairTable,
    *,
    head: Head = "dpo",
    l2: float | None = None,
    folds: int = 5,
    seed: int = 0,
    name: str | None = None,
) -> EmbeddedPolicy:
    """Train one head on `table`; `l2=None` chooses it among `L2_GRID` by cross-validation over groups.

    Raises UserError when there is no pair, fewer than two groups while L2 is to be chosen, or an L2 of 0 or less.
    """
    if l2 is not None and not l2 > 0:
        raise UserError(
            f"L2 is {l2:g}, expected more than 0: without it the weights of separable pairs diverge"
        )
    if not len(table):
        raise UserError("there is no preference pair to train on; look at what 'calibrate pairs' dropped")
    mean, scale = _standard(table.states)
    fit: _Fit = _fit_dpo if head == "dpo" else _fit_ridge
    shifted = replace(table, states=(table.states - mean) / scale)
    figures: dict[str, Any] = {}
    if l2 is None:
        figures = _choose_l2(shifted, fit, folds=folds, seed=seed)
        l2 = float(figures["l2"])
    weights, bias = fit(shifted, l2)
    tasks = sorted(map(str, np.unique(table.groups)))
    card = {"pairs": len(table), "groups": len(tasks), "seed": seed, **figures, "base_tasks": tasks}
    return EmbeddedPolicy(
        table.actions, mean, scale, weights, bias, l2, head, name or f"learned-{head}", card
    )


def _standard(states: Floats) -> tuple[Floats, Floats]:
    scale = states.std(axis=0)
    return states.mean(axis=0), np.where(scale > 1e-9, scale, 1.0)


def _fit_dpo(table: PairTable, l2: float) -> tuple[Floats, Floats]:
    """Weights and biases that minimise Σ m·−log σ(score gap) / Σ m + l2·|u|²; biases are not penalised.

    The unknowns are the steps u_k from one action to the next more asking one: the first action's score is 0, and
    the gap between two actions is the sum of the steps between them. Held to a sign, a feature that every step
    counts as negative can never make a more asking action win, whatever the others say.
    """
    steps, width = len(table.actions) - 1, table.states.shape[1]
    inputs = np.hstack([table.states, np.ones((len(table), 1))])
    share = table.margin / table.margin.sum()
    place = np.arange(steps)
    up = (table.rejected[:, None] <= place) & (place < table.chosen[:, None])
    down = (table.chosen[:, None] <= place) & (place < table.rejected[:, None])
    climbs = up.astype(float) - down
    penalty = np.full((steps, width + 1), l2)
    penalty[:, -1] = 1e-6  # keeps the bias finite when one action always wins

    def loss(flat: Floats) -> tuple[float, Floats]:
        theta = flat.reshape(steps, width + 1)
        gap = (climbs * (inputs @ theta.T)).sum(axis=1)
        pull = share * expit(-gap)
        value = -(share @ log_expit(gap)) + float((penalty * theta**2).sum())
        return value, ((-pull[:, None] * climbs).T @ inputs + 2 * penalty * theta).ravel()

    with threadpool_limits(1):  # the matrices are tiny: threads of BLAS cost twenty times what they save
        found = minimize(
            loss,
            np.zeros(steps * (width + 1)),
            jac=True,
            method="L-BFGS-B",
            bounds=[*map(_sign, FEATURES), (None, None)] * steps,
            options={"maxiter": 500},
        )
    theta = np.vstack([np.zeros(width + 1), found.x.reshape(steps, width + 1).cumsum(axis=0)])
    return theta[:, :-1], theta[:, -1]


def _sign(feature: str) -> tuple[float | None, float | None]:
    """Bounds of a feature's weight in every step towards more asking."""
    return (None, 0.0) if feature in NEVER_MORE else (0.0, None) if feature in NEVER_LESS else (None, None)


def _fit_ridge(table: PairTable, l2: float) -> tuple[Floats, Floats]:
    """Ridge regression of the reward on the state, one per action; `l2` is relative to the number of rows."""
    from sklearn.linear_model import Ridge

    weights = np.zeros((len(table.actions), table.states.shape[1]))
    bias = np.zeros(len(table.actions))
    states = np.vstack([table.states, table.states])
    action = np.concatenate([table.chosen, table.rejected])
    reward = np.concatenate([table.chosen_reward, table.rejected_reward])
    for index in range(len(table.actions)):
        mine = action == index
        if not mine.any():
            bias[index] = reward.min()  # never seen: never preferred
            continue
        model = Ridge(alpha=l2 * mine.sum(), solver="cholesky").fit(states[mine], reward[mine])
        weights[index], bias[index] = model.coef_, model.intercept_
    return weights, bias


def _choose_l2(table: PairTable, fit: _Fit, *, folds: int, seed: int) -> dict[str, Any]:
    """The L2 whose held-out pairs are ordered best: the least share of margin ordered wrongly, averaged over folds.

    Among equally good ones the largest is taken (the simplest policy).
    """
    names = np.unique(table.groups)
    if len(names) < 2:
        raise UserError("choosing L2 needs pairs from at least two groups; give --l2 or more tasks")
    count = min(folds, len(names))
    fold_of = group_folds(map(str, names), count, rng=seeded(seed, "l2-folds"))
    fold = np.array([fold_of[str(group)] for group in table.groups])
    losses = np.array([[_wrong_share(table, fit, l2, fold == k) for k in range(count)] for l2 in L2_GRID])
    means = losses.mean(axis=1)
    simplest = max(i for i in range(len(L2_GRID)) if means[i] <= means.min() + 1e-9)
    return {
        "l2": L2_GRID[simplest],
        "cv_folds": count,
        "cv_margin_ordered_wrongly": {
            str(l2): round(float(m), 4) for l2, m in zip(L2_GRID, means, strict=True)
        },
    }


def _wrong_share(table: PairTable, fit: _Fit, l2: float, held_out: Any) -> float:
    weights, bias = fit(table.take(~held_out), l2)
    part = table.take(held_out)
    scores = part.states @ weights.T + bias
    rows = np.arange(len(part))
    gap = scores[rows, part.chosen] - scores[rows, part.rejected]
    return float(part.margin @ (gap <= 0) / part.margin.sum())
