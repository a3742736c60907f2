"""Probabilities of users that a model has not met, and thresholds chosen without the users they are measured on.

`CrossFit` holds, for each fold of users, what the model trained without it says of it; and, for each pair of folds, what
the model trained without both says of either. The second is what a threshold for a fold may be chosen on: neither
the model nor the choice has then seen the users that the figures come from.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from tactful.errors import UserError
from tactful.reward.embedded.heads import fit_head
from tactful.reward.features.table import FeatureTable
from tactful.stats import group_folds
from tactful.stats.bootstrap import Array

Learner = Callable[[Array], Callable[[Array], Array]]
"""Mask of the rows to train on → what gives the probabilities of the rows of a mask."""

MOST_FOLDS = 12
"""Up to so many users each is a fold of its own; more are put into so many folds."""
FEWEST_USERS = 4
"""Two to learn from when two are kept apart."""
NOTHING = -np.inf
"""The cut that hides nothing."""


@dataclass(frozen=True)
class Users:
    """Who decided what, and which users are kept apart together."""

    accepted: Array
    """(n,) 1.0 or 0.0"""
    user: Array
    """(n,) index of the user"""
    fold: Array
    """(n,) index of the fold of the user"""

    @property
    def count(self) -> int:
        """Number of users."""
        return int(self.user.max()) + 1

    @property
    def folds(self) -> int:
        """Number of folds."""
        return int(self.fold.max()) + 1


def split_users(names: Sequence[str], accepted: Sequence[bool], *, seed: int) -> Users:
    """The users in their folds.

    Raises: UserError for fewer than four users, for one class only, and where two folds hold all of one class.
    """
    found, user = np.unique(np.asarray(names), return_inverse=True)
    verdicts = np.asarray(accepted, dtype=float)
    if not len(verdicts):
        raise UserError("there is no suggestion to measure on; give rows of decisions")
    if len(found) < FEWEST_USERS:
        raise UserError(
            f"the decisions are of {len(found)} user{'s' * (len(found) > 1)} ({', '.join(found[:3])}); at least "
            f"{FEWEST_USERS} are needed to learn from some, choose a threshold on others and measure on a third"
        )
    if verdicts.min() == verdicts.max():
        what = "accepted" if verdicts.min() else "rejected"
        raise UserError(
            f"all {len(verdicts)} suggestions were {what}; a model needs some of both to learn from"
        )
    folds = group_folds(found.tolist(), min(len(found), MOST_FOLDS), seed)
    users = Users(verdicts, user, np.array([folds[name] for name in found])[user])
    _check_classes(users)
    return users


def _check_classes(users: Users) -> None:
    for one in range(users.folds):
        for other in range(one, users.folds):
            left = users.accepted[(users.fold != one) & (users.fold != other)]
            if left.min() == left.max():
                raise UserError(
                    f"without one or two users all {len(left)} suggestions were {'accepted' if left.min() else 'rejected'}; "
                    "give decisions of more users, with some of both"
                )


@dataclass(frozen=True)
class CrossFit:
    """Probabilities of acceptance out of user."""

    users: Users
    p: Array
    """(n,) by the model trained without the fold of the row."""
    nested: Array
    """(folds, n): row `f` by the models trained without fold `f` and without the fold of the row; NaN within `f`."""


def cross_fit(learn: Learner, users: Users) -> CrossFit:
    """Train without each fold and without each pair of folds."""
    nested = np.full((users.folds, len(users.user)), np.nan)
    for one in range(users.folds):
        here = users.fold == one
        for other in range(one + 1, users.folds):
            there = users.fold == other
            says = learn(~here & ~there)
            nested[one, there], nested[other, here] = says(there), says(here)
    return CrossFit(users, out_of_fold(learn, users), nested)


def out_of_fold(learn: Learner, users: Users) -> Array:
    """The probability of each suggestion by a model without its fold, (n,)."""
    p = np.full(len(users.user), np.nan)
    for one in range(users.folds):
        here = users.fold == one
        p[here] = learn(~here)(here)
    return p


# ---------------------------------------------------------------- learners


def by_head(table: FeatureTable, users: Users, *, seed: int) -> Learner:
    """A head of the reward room on these features, calibrated and its penalty chosen within the rows it gets."""

    def learn(train: Array) -> Callable[[Array], Array]:
        head = fit_head(
            table.values[train],
            table.names,
            users.accepted[train],
            np.ones(int(train.sum())),
            users.user[train].astype(str),
            seed=seed,
        )
        return lambda rows: np.asarray(head.probability(table.values[rows]))

    return learn


def by_look_up(keys: Sequence[object], users: Users) -> Learner:
    """The share accepted among the known suggestions with the same key, else among all known: never reads the suggestion."""
    kinds = np.unique([str(key) for key in keys], return_inverse=True)[1]

    def learn(train: Array) -> Callable[[Array], Array]:
        count = np.bincount(kinds[train], minlength=kinds.max() + 1)
        hits = np.bincount(kinds[train], weights=users.accepted[train], minlength=kinds.max() + 1)
        rates = np.where(count > 0, hits / np.maximum(count, 1), users.accepted[train].mean())
        return lambda rows: np.asarray(rates[kinds[rows]])

    return learn


# ---------------------------------------------------------------- thresholds


def loosest_cut(p: Array, accepted: Array, bar: float) -> float:
    """The largest probability such that, of the suggestions at or below it, at most the share `bar` was accepted.

    `NOTHING` when there is none. Equal probabilities are hidden together or not at all.
    """
    order = np.argsort(p, kind="stable")
    ranked = p[order]
    share = np.cumsum(accepted[order]) / np.arange(1, len(p) + 1)
    last = np.append(ranked[1:] > ranked[:-1], True) if len(p) else np.zeros(0, dtype=bool)
    good = np.flatnonzero(last & (share <= bar + 1e-12))
    return float(ranked[good[-1]]) if len(good) else NOTHING


def nested_cuts(found: CrossFit, bar: float) -> Array:
    """For each fold the loosest cut on the other folds' probabilities, (folds,)."""
    outside = [found.users.fold != fold for fold in range(found.users.folds)]
    return np.array(
        [
            loosest_cut(found.nested[fold][rows], found.users.accepted[rows], bar)
            for fold, rows in enumerate(outside)
        ]
    )


def hidden_by(found: CrossFit, cuts: Array) -> Array:
    """1.0 for each suggestion at or below the cut of its fold, else 0.0."""
    return np.asarray(found.p <= cuts[found.users.fold], dtype=float)
