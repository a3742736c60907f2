"""Figures of hiding rules and of probabilities over resampled users."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tactful.evaluation.judges.measures import (
    Columns,
    auroc_draws,
    calibration,
    estimates,
)
from tactful.evaluation.judges.results import CATEGORIES
from tactful.evaluation.suggestions.cross import NOTHING, CrossFit, Users, hidden_by, nested_cuts
from tactful.evaluation.suggestions.results import BASELINES, Bar, CurvePoint, HidingRow, ProbabilityRow
from tactful.stats import Estimate
from tactful.stats.auroc import auroc
from tactful.stats.bootstrap import Array, estimate, group_sums, grouped_mean
from tactful.stats.shares import at_most

_CELLS = 4_000_000  # numbers held at a time


@dataclass(frozen=True)
class Measures:
    """The users, and the draws of them that every interval is made from."""

    users: Users
    draws: Array
    """(resamples, users): how often each user is drawn."""
    bar: float
    seed: int

    # ------------------------------------------------------------ hiding

    def hiding(self, name: str, rule: str, hidden: Array, drawn: Array | None = None) -> HidingRow:
        """The figures of hiding each suggestion with the probability `hidden` (n,), most often 0.0 or 1.0.

        `drawn` (resamples, 4): sums as `_by_user` in every draw of users, where what is hidden changes with the draw.
        """
        sums = self._by_user(hidden)
        whole = np.ones((1, self.users.count)) @ sums
        counts = float(hidden.sum()), float(hidden @ self.users.accepted)
        return self._row(name, rule, counts, whole, self.draws @ sums if drawn is None else drawn)

    def nested(self, name: str, rule: str, found: CrossFit) -> tuple[HidingRow, Array]:
        """Hiding by cuts that are chosen on other users, and its share hidden in every draw of users.

        In every draw the cuts are chosen anew on the users drawn, so that the interval covers the choice; it does not
        cover the training of the models, which stay as they are.
        """
        drawn = self._nested_sums(found)
        row = self.hiding(name, rule, hidden_by(found, nested_cuts(found, self.bar)), drawn)
        return row, self._shares(drawn)[0]

    def _nested_sums(self, found: CrossFit) -> Array:
        """(resamples, 4) as `_by_user`, every fold hidden by the cuts of the other folds."""
        users = self.users
        sums = np.zeros((len(self.draws), 4))
        step = max(1, _CELLS // len(users.user))
        for fold in range(users.folds):
            here, there = users.fold == fold, users.fold != fold
            accepted = users.accepted[here]
            for at in range(0, len(self.draws), step):
                part = self.draws[at : at + step]
                cut = best_cuts(
                    found.nested[fold][there], users.accepted[there], part[:, users.user[there]], self.bar
                )[0]
                mass = part[:, users.user[here]]
                hidden = np.where(found.p[here] <= cut[:, None], mass, 0.0)
                values = [hidden.sum(axis=1), hidden @ accepted, mass.sum(axis=1), mass @ accepted]
                sums[at : at + step] += np.stack(values, axis=1)
        return sums

    def hindsight(self, name: str, rule: str, p: Array) -> tuple[HidingRow, Array]:
        """The loosest cut that keeps the bar on these very suggestions, and its share hidden in every draw of users.

        The cut is chosen anew in every draw, so that the interval is that of the best that hindsight can find.
        """
        ones = np.ones((1, self.users.count))
        whole, drawn = (self._best_sums(p, weights) for weights in (ones, self.draws))
        row = self._row(name, rule, (float(whole[0, 0]), float(whole[0, 1])), whole, drawn)
        return row, self._shares(drawn)[0]

    def _best_sums(self, p: Array, weights: Array) -> Array:
        """(weights, 4) as `_by_user`, at the loosest cut within the bar."""
        parts = []
        step = max(1, _CELLS // len(p))
        for at in range(0, len(weights), step):
            mass = weights[at : at + step][:, self.users.user]
            _, hidden, wrong = best_cuts(p, self.users.accepted, mass, self.bar)
            parts.append(np.stack([hidden, wrong, mass.sum(axis=1), mass @ self.users.accepted], axis=1))
        return np.concatenate(parts)

    def _by_user(self, hidden: Array) -> Array:
        """(users, 4): hidden, of them accepted, all, all accepted."""
        values = [hidden, hidden * self.users.accepted, np.ones(len(hidden)), self.users.accepted]
        return group_sums(self.users.user, np.stack(values, axis=1), self.users.count)

    @staticmethod
    def _shares(sums: Array) -> tuple[Array, Array, Array]:
        with np.errstate(invalid="ignore", divide="ignore"):
            return sums[:, 0] / sums[:, 2], sums[:, 1] / sums[:, 0], sums[:, 1] / sums[:, 3]

    def _row(
        self, name: str, rule: str, counts: tuple[float, float], whole: Array, drawn: Array
    ) -> HidingRow:
        sizes = {"items": len(self.users.user), "groups": self.users.count}
        shares = zip(self._shares(whole), self._shares(drawn), strict=True)
        found = [estimate(float(one[0]), many, **sizes) for one, many in shares]
        count, wrong = counts
        return HidingRow(
            name=name,
            baseline=name in BASELINES,
            rule=rule,
            hidden=count,
            would_accept=wrong,
            hidden_share=found[0],
            wrong_share=found[1],
            lost_share=found[2],
            wrong_at_most=at_most(round(wrong), round(count)),
            bar=self._bar(found[1]),
        )

    def _bar(self, wrong: Estimate) -> Bar:
        if wrong.value is None:
            return "nothing hidden"
        if wrong.value > self.bar:
            return "shown to be broken" if wrong.low is not None and wrong.low > self.bar else "broken here"
        return "shown to hold" if wrong.high is not None and wrong.high <= self.bar else "holds here"

    def curve(self, p: Array, most: int = 200) -> tuple[CurvePoint, ...]:
        """The hiding curve, thresholds in hindsight: at most `most` points, equal probabilities together."""
        order = np.argsort(p, kind="stable")
        ends = np.flatnonzero(np.append(np.diff(p[order]) > 0, True))
        wrong = np.cumsum(self.users.accepted[order])
        chosen = ends[np.unique(np.linspace(0, len(ends) - 1, min(most, len(ends))).round().astype(int))]
        return tuple(
            CurvePoint(hidden_share=float((at + 1) / len(p)), wrong_share=float(wrong[at] / (at + 1)))
            for at in chosen
        )

    # ------------------------------------------------------------ probabilities

    def probabilities(self, name: str, p: Array) -> ProbabilityRow:
        """The figures of probabilities of acceptance."""
        columns = self._columns(p)
        whole = estimates(columns, self.draws, equal=False)
        found = calibration(columns, "proposals", seed=self.seed)
        assert found is not None
        return ProbabilityRow(
            name=name,
            baseline=name in BASELINES,
            auroc=whole["auroc"],
            auroc_within=self.within(p),
            brier=whole["brier"],
            ece=found.ece,
            ece_floor=found.ece_floor,
            user_gap=found.session_gap,
            bins=found.bins,
        )

    def within(self, p: Array) -> Estimate:
        """Mean over users of the AUROC within the user; users with one verdict only are left out."""
        values, kept = [], []
        for at in range(self.users.count):
            mine = self.users.user == at
            accepted = self.users.accepted[mine]
            if accepted.min() == accepted.max():
                continue
            values.append(float(auroc(p[mine], accepted, np.ones((1, len(accepted))))[0]))
            kept.append(str(at))
        return grouped_mean(values, kept, seed=self.seed)

    def difference(self, one: Array, other: Array) -> Estimate:
        """AUROC of `one` minus that of `other` on the same draws of users."""
        first, second = self._columns(one), self._columns(other)
        whole = np.ones((1, self.users.count))
        value = float(auroc_draws(first, whole)[0] - auroc_draws(second, whole)[0])
        drawn = auroc_draws(first, self.draws) - auroc_draws(second, self.draws)
        return estimate(value, drawn, items=len(one), groups=self.users.count)

    def _columns(self, p: Array) -> Columns:
        accepted = self.users.accepted
        return Columns(
            accepted=accepted,
            said=(p >= 0.5).astype(float),
            p=p,
            even=p,
            category=np.where(accepted > 0, CATEGORIES.index("hit"), CATEGORIES.index("false-alarm")),
            session=self.users.user,
            votes=np.zeros((len(p), 2)),
        )


def best_cuts(p: Array, accepted: Array, mass: Array, bar: float) -> tuple[Array, Array, Array]:
    """(loosest cut within `bar`, weight hidden, weight hidden and accepted) for each row of weights `mass` (draws, n).

    `loosest_cut` for many weightings at once; the cut is `NOTHING` where there is none.
    """
    order = np.argsort(p, kind="stable")
    ranked = mass[:, order]
    ends = np.append(np.diff(p[order]) > 0, True)
    count, wrong = np.cumsum(ranked, axis=1), np.cumsum(ranked * accepted[order], axis=1)
    good = ends & (count > 0) & (wrong <= (bar + 1e-12) * count)
    best = np.where(good, np.arange(len(p)), -1).max(axis=1)
    at = np.maximum(best, 0)[:, None]
    found = (np.take_along_axis(values, at, axis=1)[:, 0] for values in (count, wrong))
    hidden, hit = (np.where(best >= 0, values, 0.0) for values in found)
    return np.where(best >= 0, p[order][at[:, 0]], NOTHING), hidden, hit
