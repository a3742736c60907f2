"""What hiding suggestions would have done, in figures: the records that `measure_suggestions` gives."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from tactful.evaluation.judges.results import Bin
from tactful.stats import Estimate
from tactful.stats.calibration import Floor
from tactful.types import Record

BASELINES = ("always-show", "always-hide", "random", "look-up", "confidence alone")
"""Rows of every table about suggestions, in this order."""
RULES: Mapping[str, str] = {
    "always-show": "hides nothing; as a probability: 1",
    "always-hide": "hides everything; as a probability: 0",
    "random": "hides a share drawn by lot, as large as the model's (expected values); as a probability: the rate of "
    "the other users",
    "look-up": "the rate of the other users in the same task and activity; never reads the suggestion",
    "confidence alone": "a head on the suggesting model's own confidence",
}
Bar = Literal["shown to hold", "holds here", "broken here", "shown to be broken", "nothing hidden"]
"""`shown to hold`, `shown to be broken`: the whole interval is on that side of the bar; `… here`: the figure alone is."""


class ProbabilityRow(Record):
    """How good the probabilities of acceptance are for users that were not trained on."""

    name: str
    baseline: bool
    auroc: Estimate
    """Chance that an accepted suggestion gets a higher probability than a rejected one, over all users; 0.5 is no skill."""
    auroc_within: Estimate
    """The same within each user, then the mean over users with both verdicts."""
    brier: Estimate
    """Mean squared error; lower is better."""
    ece: Estimate
    """Calibration error over ten bins of equal mass; no interval holds it, read it beside its floor."""
    ece_floor: Floor
    user_gap: Estimate
    """Mean over users of |mean probability − rate of the user|."""
    bins: tuple[Bin, ...]


class HidingRow(Record):
    """What one rule of hiding would have done. Intervals by user."""

    name: str
    baseline: bool
    rule: str
    """How the threshold came about, in words."""
    hidden: float
    """Suggestions hidden; expected for `random`."""
    would_accept: float
    """Of them those that were accepted when shown."""
    hidden_share: Estimate
    """Of all suggestions."""
    wrong_share: Estimate
    """Of the hidden ones, those that would have been accepted; no value where nothing is hidden."""
    lost_share: Estimate
    """Of the accepted ones, those that are hidden."""
    wrong_at_most: float | None
    """95% upper bound of `wrong_share` were suggestions independent (Clopper-Pearson); they are not, so it is too low."""
    bar: Bar


class AtBar(Record):
    """What a rule hides at one bar."""

    bar: float
    hidden_share: float
    wrong_share: float | None
    """Of the hidden ones, those that would have been accepted; None where nothing is hidden."""


class BarsRow(Record):
    """What a rule hides when more, or less, is tolerated."""

    name: str
    baseline: bool
    at: tuple[AtBar, ...]


class CurvePoint(Record):
    """One threshold of the hiding curve, chosen in hindsight."""

    hidden_share: float
    wrong_share: float


class Ablation(Record):
    """The model with other features, measured like the model itself."""

    name: str
    auroc: Estimate
    auroc_gain: Estimate
    """AUROC minus the model's, on the same draws of users."""
    brier: Estimate
    hiding: HidingRow


class SuggestionBench(Record):
    """Everything that `tactful bench suggestions` found out."""

    data: str
    """The files, as named on the command line."""
    data_hash: str
    bad_rows: int
    decisions: int
    accepted: int
    users: int
    per_user: Mapping[str, tuple[int, int]]
    """User → (suggestions, accepted)."""
    folds: int
    """Parts of users kept apart; as many as users, unless there are more than twelve."""
    bar: float
    """Of the hidden suggestions at most this share may be such that would have been accepted."""
    features: tuple[str, ...]
    probabilities: tuple[ProbabilityRow, ...]
    """The model first, then the baselines."""
    hiding: tuple[HidingRow, ...]
    """The model's rows first, then the published idea, then the baselines."""
    bars: tuple[BarsRow, ...]
    """The model nested and in hindsight, then the baselines, at several bars."""
    hindsight_gap: Estimate
    """Share hidden with the threshold chosen in hindsight minus with the one chosen on other users."""
    cuts: Mapping[str, float | None]
    """Fold → the probability up to which is hidden, chosen without the fold; None = hide nothing."""
    promise: str
    """What can be promised about the share of wrongly hidden ones, in words."""
    promised_folds: int
    curves: Mapping[str, tuple[CurvePoint, ...]]
    ablations: tuple[Ablation, ...]
    resamples: int
    seed: int
    version: str

    @property
    def nested(self) -> HidingRow:
        """The model with the threshold chosen on other users: the figure to quote."""
        return self.hiding[0]

    def row(self, name: str) -> HidingRow:
        """A row of hiding by its name. Raises: KeyError."""
        for row in self.hiding:
            if row.name == name:
                return row
        raise KeyError(name)
