"""What hiding suggestions would have done, in figures: the records that `measure_suggestions` gives."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from tactful.evaluation.judges.results import Bin
from tactful.evaluation.shown import Line
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


class ProbabilityRow(Line):
    """How good the probabilities of acceptance are for users that were not trained on."""

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


class HidingRow(Line):
    """What one rule of hiding would have done. Intervals by user."""

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


class BarsRow(Line):
    """What a rule hides when more, or less, is tolerated."""

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
